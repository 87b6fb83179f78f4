"""Plain requests: the first page of what the model has for a shopper whom it knows, under pins, themes and vetoes.

They are most of what a shop asks, and differ in the shopper alone, so the walk over candidates is a compiled loop
(`loops.lay_page`). What is not plain (context, filters, further pages, fallback), `lean.lay` answers; tests hold every
plain answer equal to it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.slates.columns import Numbers
from recsys.slates.compiling import still
from recsys.slates.loops import PLACE, Ground, Own, Page, lay_page
from recsys.slates.plan import Held, Plan
from recsys.slates.scene import Acting, Factors, Scene
from recsys.slates.shelf import Shelf
from recsys.snapshots.mapped import Ranked, Snapshot

_NOBODY: Numbers = still(np.empty(0, np.int32))


class PlainPage(NamedTuple):
    """A page in item numbers, int32 [n, 3] as `lay_page` gives it; more follows on the next.

    `held` are the pins on the page by slot, `first` is where the shopper's candidates begin among everybody's.
    """

    page: Page
    held: Sequence[Held]
    first: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A scene made ready for plain requests.

    `candidates` are everybody's, end to end: `because` and `shares` have two for each.
    """

    scene: Scene
    snapshot: Snapshot
    ground: Ground
    candidates: Ranked
    owned: Numbers

    @classmethod
    def of(cls, scene: Scene) -> Stage | None:
        """The stage of a scene; None where nothing there is plain."""
        shelf, snapshot = scene.shelf, scene.shelf.snapshot
        if snapshot is None or scene.row.repeats:
            return None
        items, scores, because, shares = snapshot.everybodys_candidates
        everybody = Ranked(still(items), still(scores), still(because), still(shares))
        return cls(scene, snapshot, _ground(scene, shelf), everybody, still(snapshot.everybodys_owned))

    def lay(self, acting: Acting, row: int, told: Collection[int], count: int) -> PlainPage | None:
        """The slots 1 to `count` for a shopper; None where the answer is not plain.

        Args:
            acting: what acts on the shopper.
            row: the shopper's in the snapshot.
            told: numbers that are barred by what was told since the training.
            count: how many slots.

        """
        held = self._held(acting.plan, row, told)
        slots = sorted(held)
        pins = np.array([(slot, held[slot].number) for slot in slots], np.int32).reshape(-1, 2)
        first, end = self.snapshot.candidates_between(row)
        own_from, own_to = self.snapshot.owned_between(row)
        barred = still(np.array(list(told), np.int32)) if told else _NOBODY
        candidates = self.candidates.items[first:end]
        order = None if acting.factors is None else self._boosted(first, end, acting.factors)
        own = Own(
            candidates if order is None else still(candidates[order]), self.owned[own_from:own_to], barred
        )
        page = lay_page(self.ground, own, pins, count)[:count]
        if order is not None:
            proposed = page[:, PLACE] >= 0
            page[proposed, PLACE] = order[page[proposed, PLACE]]
        on_page = [held[slot] for slot in slots if slot <= count]
        # A page of pins alone may be impersonal, which the general way finds out.
        return PlainPage(page, on_page, first) if len(page) > len(on_page) else None

    def _boosted(self, first: int, end: int, factors: Factors) -> NDArray[np.int64]:
        """The places of a shopper's candidates by score and boosts; ties by id, in whose order the snapshot's items are."""
        items, scores = self.candidates.items[first:end], self.candidates.scores[first:end]
        return np.lexsort((items, -(scores.astype(np.float64) * factors[self.ground.numbers[items]])))

    def _held(self, plan: Plan, row: int, told: Collection[int]) -> dict[int, Held]:
        if not (plan.items or plan.themes):
            return {}
        barred = set(map(self.scene.shelf.number_of, self.snapshot.owned_numbers(row)))
        barred.update(told)
        return plan.resolve(1, barred, None, lambda: self.snapshot.shopper_vector(row))


def _ground(scene: Scene, shelf: Shelf) -> Ground:
    limit = scene.row.group_limit if shelf.columns.grouped else 0
    groups = still(shelf.catalog.group_codes) if limit else _NOBODY
    return Ground(still(shelf.numbers), still(scene.everyone.eligible), groups, limit)
