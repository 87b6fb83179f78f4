"""Fold-in: candidates for a shopper unseen in training, from a few items that the shopper has.

The snapshot holds, in the winning model's own units, what each item says by itself; the lists of a shopper's items
are added up. Where the winner works by vectors, the shopper's is found by one small least-squares problem instead:
x = (Y'Y + Σ (a - 1) y_i y_i' + λI)⁻¹ Σ a y_i over the items, each of which counts as one fresh purchase (Hu, Koren and
Volinsky, 2008, equation 4; a is their confidence of one).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.batch.scaling import to_unit
from recsys.domain.ids import ItemId
from recsys.domain.views import Kind
from recsys.snapshots.layout import CONTRIBUTORS, MAX_CANDIDATES
from recsys.snapshots.mapped import Floats, Int32s, Ranked, Snapshot

BY_VECTORS = frozenset({"als"})
"""Models whose scores are products of vectors, not sums over items."""


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """What some items say about their owner.

    `ranked`: candidates as a snapshot has them for its own shoppers. `vector`: float32 [d], None where no item has one.
    `kind`: whether the owner bought the items, or looked at some of them alone.
    """

    ranked: Ranked
    vector: Floats | None = None
    kind: Kind = Kind.NEW


def fold_in(snapshot: Snapshot, items: Sequence[ItemId], kind: Kind = Kind.NEW) -> Folded | None:
    """Candidates for whoever has `items`; None where the snapshot knows none of them."""
    index = snapshot.item_index
    known = list(dict.fromkeys(index[each] for each in items if each in index))
    if not known:
        return None
    owned = np.asarray(known, np.int32)
    vector = _vector(snapshot, owned) if snapshot.folds else None
    said = _Said.of(snapshot, known)
    if snapshot.model in BY_VECTORS and vector is not None:
        totals = (snapshot.item_vectors @ vector).astype(np.float64)
    else:
        totals = said.totals(len(snapshot.item_ids))
    return Folded(_ranked(owned, totals, said), vector, kind)


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """What the items say, end to end: `owner` [n] is the place of the item that speaks, of `item` [n] with `amount` [n]."""

    owner: NDArray[np.int64]
    item: Int32s
    amount: Floats

    @classmethod
    def of(cls, snapshot: Snapshot, known: Sequence[int]) -> _Said:
        # Snapshots of older versions hold neighbours alone, which say nearly as much.
        read: Callable[[int], tuple[Int32s, Floats]] = (
            snapshot.fold if snapshot.folds else lambda item: snapshot.neighbours(item)[:2]
        )
        lists = [read(item) for item in known]
        owner = np.repeat(np.arange(len(lists)), [len(items) for items, _ in lists])
        return cls(
            owner, np.concatenate([each[0] for each in lists]), np.concatenate([each[1] for each in lists])
        )

    def totals(self, n_items: int) -> NDArray[np.float64]:
        """The sum for every item: float64 [n_items]."""
        return np.asarray(np.bincount(self.item, self.amount, n_items), np.float64)

    def about(self, best: NDArray[np.int64], n_owned: int) -> NDArray[np.float64]:
        """What each owned item says of some items, where it speaks for them: [n_owned, len(best)]."""
        order = np.argsort(best)
        place = np.minimum(np.searchsorted(best, self.item, sorter=order), max(len(best) - 1, 0))
        parts = np.zeros((n_owned, len(best)))
        if len(best):
            column = order[place]
            hit = (best[column] == self.item) & (self.amount > 0)
            parts[self.owner[hit], column[hit]] = self.amount[hit]
        return parts


def _ranked(owned: Int32s, totals: NDArray[np.float64], said: _Said) -> Ranked:
    """The best items by their totals, with the two owned items that say most for each."""
    totals[owned] = 0
    found = np.flatnonzero(totals > 0)
    if len(found) > MAX_CANDIDATES:
        least = np.partition(totals[found], -MAX_CANDIDATES)[-MAX_CANDIDATES]
        found = found[totals[found] >= least]
    best = found[np.lexsort((found, -totals[found]))][:MAX_CANDIDATES]
    parts = said.about(best, len(owned))
    order = np.argsort(-parts, axis=0, kind="stable")[:CONTRIBUTORS]
    spoken = parts.sum(axis=0)
    shares = np.zeros((len(best), CONTRIBUTORS), np.float32)
    because = np.full(shares.shape, -1, np.int32)
    given = np.take_along_axis(parts, order, axis=0)
    shares[:, : len(order)] = np.divide(given, spoken, out=np.zeros_like(given), where=spoken > 0).T
    because[:, : len(order)] = owned[order].T
    because[shares <= 0] = -1
    return Ranked(best.astype(np.int32), to_unit(totals[best][None])[0], because, shares)


def _vector(snapshot: Snapshot, owned: Int32s) -> Floats | None:
    """The shopper's vector: float32 [d], None where no item has one."""
    known = snapshot.item_vectors[owned].astype(np.float64)
    if not known.any():
        return None
    space = snapshot.vector_space
    system = (
        snapshot.gram + (space.alpha - 1) * (known.T @ known) + space.regularization * np.eye(known.shape[1])
    )
    return np.linalg.solve(system, space.alpha * known.sum(axis=0)).astype(np.float32)
