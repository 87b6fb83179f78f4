"""What the model proposes for one request, tier by tier, in item numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.domain.requests import Request
from recsys.domain.rules import RowSettings
from recsys.domain.views import Kind
from recsys.slates.beside import beside
from recsys.slates.columns import NOBODY
from recsys.slates.folding import Folded
from recsys.slates.scene import Acting
from recsys.slates.shelf import Shelf
from recsys.snapshots.mapped import Ranked, RankedLists, Snapshot

_NEW = (Kind.NEW,)
_NO_OFFSETS = memoryview(b"")
_MARGIN = 16
"""How many more candidates than slots are looked at first: what rules usually take out."""


class Proposals(NamedTuple):
    """Candidates of one tier, by their place in it, which is their order before boosts.

    Attributes:
        lists: where they stand, from `first` to `end`; their places are counted from `first`.
        kinds: the kind of each; one alone stands for all.
        first_rank: the model rank of the first.

    """

    lists: RankedLists
    first: int
    end: int
    kinds: Sequence[Kind]
    first_rank: int = 1

    def items(self, start: int, end: int | None = None) -> memoryview:
        """The places in the snapshot of those from `start` to `end`."""
        stop = self.end if end is None else min(self.first + end, self.end)
        return self.lists.items[self.first + start : stop]

    def kind(self, place: int) -> Kind:
        """Why a candidate is proposed."""
        return self.kinds[place] if len(self.kinds) > 1 else self.kinds[0]

    def rank(self, place: int) -> int:
        """The model rank, from 1."""
        return self.first_rank + place

    def score(self, place: int) -> float:
        """The score before boosts."""
        score: float = self.lists.scores[self.first + place]
        return score

    def arrays(self) -> Ranked:
        """All of them as arrays."""
        here, twice = slice(self.first, self.end), slice(2 * self.first, 2 * self.end)
        _, items, scores, because, shares = self.lists
        return Ranked(
            np.asarray(items[here]), np.asarray(scores[here]),
            np.asarray(because[twice]).reshape(-1, 2), np.asarray(shares[twice]).reshape(-1, 2),
        )  # fmt: skip


def proposals(ranked: Ranked, kinds: Sequence[Kind], first_rank: int = 1) -> Proposals:
    """Candidates that no snapshot holds in this order; `kinds` has one for each, or one for all."""
    flat = (np.ascontiguousarray(each).reshape(-1).data for each in ranked)
    few = kinds if len(set(kinds)) > 1 else kinds[:1]
    return Proposals(RankedLists(_NO_OFFSETS, *flat), 0, len(ranked.items), few, first_rank)


@dataclass(frozen=True, slots=True)
class Fallback:
    """A tier that the model has no part in, by its name in `domain.organic`."""

    name: str


Tier = Proposals | Fallback
Chunk = tuple[Tier, Sequence[int], Sequence[int]]
"""Some numbers of a tier, in organic order, and their places in it."""


class Asked(NamedTuple):
    """What the organic order depends on, beside the snapshot; `row` is the shopper's in it, or `folded` stands for it."""

    row: int | None
    request: Request
    settings: RowSettings
    acting: Acting
    folded: Folded | None = None


def organic_order(shelf: Shelf, asked: Asked) -> Iterator[Chunk]:
    """The organic order of one request in chunks, worked out only as far as somebody walks. Unbarred, ungrouped."""
    for tier in _tiers(shelf, asked):
        yield from _chunked(tier, shelf, asked)
    if asked.settings.fills_up:
        for name, numbers in asked.acting.fallback:
            fallback = Fallback(name)
            for part in _growing(numbers):
                yield fallback, part, part


def _chunked(tier: Proposals, shelf: Shelf, asked: Asked) -> Iterator[Chunk]:
    """A tier by score, or by score and boosts; without boosts, the beginning on its own."""
    factors, size = asked.acting.factors, tier.end - tier.first
    if factors is not None:
        ranked = tier.arrays()
        numbers = shelf.numbers[ranked.items]
        # Ties by id, in whose order the snapshot's places are.
        order = np.lexsort((ranked.items, -(ranked.scores.astype(np.float64) * factors[numbers])))
        yield tier, numbers[order].tolist(), order.tolist()
        return
    cut = min(asked.request.limit + _MARGIN, size)
    yield tier, list(map(shelf.number_of, tier.items(0, cut))), range(cut)
    if size > cut:
        yield tier, list(map(shelf.number_of, tier.items(cut))), range(cut, size)


def _tiers(shelf: Shelf, asked: Asked) -> Iterator[Proposals]:
    snapshot, own = shelf.snapshot, None
    if snapshot is None:
        return
    if asked.request.personalised and asked.row is not None:
        own = _own(snapshot, asked.row, asked.settings)
    elif asked.request.personalised and asked.folded is not None:
        own = proposals(asked.folded.ranked, (asked.folded.kind,))
    if not asked.request.context:
        if own is not None:
            yield own
        return
    near = _beside(snapshot, asked.request)
    yield near
    if own is not None:
        fresh = np.flatnonzero(~np.isin(own.arrays().items, near.arrays().items))
        yield _chosen(own, fresh, 1 + near.end)


def _own(snapshot: Snapshot, row: int, settings: RowSettings) -> Proposals:
    lists = snapshot.candidate_lists
    new = Proposals(lists, lists.offsets[row], lists.offsets[row + 1], _NEW)
    again = snapshot.repeats(row) if settings.repeats else None
    return _merged(new.arrays(), again) if again is not None and len(again.items) else new


def _merged(new: Ranked, again: Ranked) -> Proposals:
    """Both lists in one order; of an item in both, what comes first."""
    both = Ranked(*(np.concatenate(parts) for parts in zip(new, again, strict=True)))
    kinds = [Kind.NEW] * len(new.items) + [Kind.REPEAT] * len(again.items)
    order = np.lexsort((both.items, -both.scores))
    _, first = np.unique(both.items[order], return_index=True)
    return _chosen(proposals(both, kinds), order[np.sort(first)], 1)


def _chosen(tier: Proposals, places: NDArray[np.int64], first_rank: int) -> Proposals:
    """Some of a tier in a new order."""
    kinds = [tier.kind(place) for place in places.tolist()]
    parts: list[NDArray[Any]] = [each[places] for each in tier.arrays()]
    return proposals(Ranked(*parts), kinds, first_rank)


def _beside(snapshot: Snapshot, request: Request) -> Proposals:
    found = beside(snapshot, request.context)
    because = np.full((len(found), 2), NOBODY, np.int32)
    shares: NDArray[Any] = np.zeros((len(found), 2))
    for place, each in enumerate(found):
        for column, (item, share) in enumerate(each.because):
            because[place, column], shares[place, column] = item, share
    items = np.array([each.item for each in found], np.int32)
    # Means in double precision, like the ones that `domain.merge` is given.
    scores: NDArray[Any] = np.array([each.score for each in found], np.float64)
    kinds = [Kind.SIMILAR if each.similar else Kind.BESIDE for each in found]
    return proposals(Ranked(items, scores, because, shares), kinds)


def _growing(numbers: NDArray[np.int32]) -> Iterator[list[int]]:
    """The numbers in parts, each twice as long as the one before."""
    start, size = 0, 64
    while start < len(numbers):
        yield numbers[start : start + size].tolist()
        start, size = start + size, size * 2
