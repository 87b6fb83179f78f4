"""The reference views: plain dictionaries behind the protocols that merge reads.

Slow and obvious on purpose. Whatever serves arrays in their place must answer as these do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.selectors import Selector, Target
from recsys.domain.views import Candidate, Kind


@dataclass(frozen=True)
class PlainCatalog:
    """Items by id, and the takedowns."""

    items: Mapping[ItemId, Item]
    takedowns: tuple[Target, ...] = ()

    @classmethod
    def of(cls, *items: Item, takedowns: tuple[Target, ...] = ()) -> PlainCatalog:
        return cls({item.item_id: item for item in items}, takedowns)

    def get(self, item_id: ItemId) -> Item | None:
        return self.items.get(item_id)

    def sellable(self, market: str | None, at: datetime) -> Callable[[ItemId], bool]:
        def test(item_id: ItemId) -> bool:
            item = self.items.get(item_id)
            if item is None or not item.in_stock() or not item.sold_in(market):
                return False
            return not any(takedown.matches(item, at) for takedown in self.takedowns)

        return test

    def ids(self) -> Sequence[ItemId]:
        return sorted(self.items)

    def members(self, selector: Selector, at: datetime) -> Sequence[ItemId]:
        return [item_id for item_id in self.ids() if selector.matches(self.items[item_id], at)]


@dataclass(frozen=True)
class PlainCandidates:
    """What is known of one shopper beside one context.

    `vector` holds the affinity of the items that have a vector; None for a shopper without one.
    `alike` are the neighbours for which words speak and no purchase.
    `popular_in` holds popularity by market, and overall under None.
    """

    owned: frozenset[ItemId] = frozenset()
    disliked: frozenset[ItemId] = frozenset()
    own: Mapping[ItemId, float] = field(default_factory=dict)
    again: Mapping[ItemId, float] = field(default_factory=dict)
    neighbours: Mapping[ItemId, float] = field(default_factory=dict)
    alike: frozenset[ItemId] = frozenset()
    reasons: Mapping[ItemId, tuple[tuple[ItemId, float], ...]] = field(default_factory=dict)
    vector: Mapping[ItemId, float] | None = None
    popular_in: Mapping[str | None, Mapping[ItemId, float]] = field(default_factory=dict)

    def new(self) -> Sequence[Candidate]:
        return _best_first(self.own, Kind.NEW)

    def repeats(self) -> Sequence[Candidate]:
        return _best_first(self.again, Kind.REPEAT)

    def beside(self) -> Sequence[Candidate]:
        ranked = _best_first(self.neighbours, Kind.BESIDE)
        return [each._replace(kind=Kind.SIMILAR) if each.item_id in self.alike else each for each in ranked]

    def because(self, candidate: Candidate) -> Sequence[tuple[ItemId, float]]:
        return self.reasons.get(candidate.item_id, ())

    def affinity(self, items: Sequence[ItemId]) -> Sequence[float | None] | None:
        return None if self.vector is None else [self.vector.get(item_id) for item_id in items]

    def popular(self, market: str | None) -> Sequence[tuple[ItemId, float]]:
        return sorted(self.popularity(market).items(), key=lambda each: (-each[1], each[0]))

    def popularity(self, market: str | None) -> Mapping[ItemId, float]:
        return self.popular_in.get(market, {})


def _best_first(scores: Mapping[ItemId, float], kind: Kind) -> list[Candidate]:
    ordered = sorted(scores.items(), key=lambda each: (-each[1], each[0]))
    return [Candidate(item_id, score, kind) for item_id, score in ordered]
