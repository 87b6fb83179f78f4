"""What merge reads. Protocols, so that plain dictionaries or memory-mapped arrays can stand behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.requests import Request
from recsys.domain.rules import Pin, RowSettings, Theme
from recsys.domain.selectors import Selector


class Kind(StrEnum):
    """Why the model proposes a candidate.

    New to the shopper, because of what was bought or, of a shopper unseen in training, looked at; or bought before; or beside the context: because purchases say so, or because it is alike in
    tags and title; or what a row of that kind lists: arrived lately, popular or trending, in the market or overall.
    """

    NEW = "new"
    LOOKED = "looked"
    REPEAT = "repeat"
    BESIDE = "beside"
    SIMILAR = "similar"
    ARRIVED = "arrived"
    POPULAR_HERE = "popular_here"
    POPULAR = "popular"
    TRENDING_HERE = "trending_here"
    TRENDING = "trending"

    @property
    def personal(self) -> bool:
        """Whether it comes from what the shopper did; neighbours of a context are the same for everyone."""
        return self in {Kind.NEW, Kind.LOOKED, Kind.REPEAT}


class Candidate(NamedTuple):
    """A scored item: the score is in (0, 1] and comparable among new and repeats together."""

    item_id: ItemId
    score: float
    kind: Kind


class CandidatesView(Protocol):
    """What a snapshot and the overlays know for the shopper and the context of one request."""

    @property
    def owned(self) -> AbstractSet[ItemId]:
        """What the shopper has bought."""
        ...

    @property
    def disliked(self) -> AbstractSet[ItemId]:
        """What the shopper or the session does not want to see again."""
        ...

    def new(self) -> Sequence[Candidate]:
        """The shopper's own candidates, best first, ties by id; none for an unknown shopper."""
        ...

    def repeats(self) -> Sequence[Candidate]:
        """What the shopper may buy again, best first, ties by id, on the scale of `new`."""
        ...

    def beside(self) -> Sequence[Candidate]:
        """The neighbours of the context items by mean score, best first, ties by id.

        For a row of another kind than `main` it is what that kind lists.
        `SIMILAR` is what no purchase speaks for; its scores are below those of the others.
        """
        ...

    def because(self, candidate: Candidate) -> Sequence[tuple[ItemId, float]]:
        """The items behind a candidate with their shares, largest first; empty where nothing is known."""
        ...

    def affinity(self, items: Sequence[ItemId]) -> Sequence[float | None] | None:
        """How well each item suits the shopper, by vectors alone; None for items without a vector.

        None altogether when the shopper has no vector.
        """
        ...

    def popular(self, market: str | None) -> Sequence[tuple[ItemId, float]]:
        """Items with their popularity in (0, 1], best first, ties by id; None: all markets."""
        ...

    def popularity(self, market: str | None) -> Mapping[ItemId, float]:
        """The same by item."""
        ...


class Multiplier(Protocol):
    """The live boosts and buries of one request."""

    @property
    def personal(self) -> bool:
        """Whether one of them depends on who the shopper is."""
        ...

    def __call__(self, item_id: ItemId) -> float:
        """Strongest boost times strongest bury; 1.0 for an item that none covers."""
        ...


class ThemesView(Protocol):
    """The themes of one release, or of a draft."""

    def theme(self, rule_id: RuleId) -> Theme | None:
        """The theme with that rule id, live or not."""
        ...


class RulesView(ThemesView, Protocol):
    """The rules of one release, or of a draft."""

    def row(self, surface: str | None, name: str) -> RowSettings | None:
        """The settings of a row; the defaults without a surface; None when there is no such row."""
        ...

    def pins(self, request: Request) -> Iterable[Pin]:
        """The pins that are live for the request, in any order."""
        ...

    def vetoed(self, request: Request) -> Callable[[ItemId], bool]:
        """Whether a live veto covers an item."""
        ...

    def multiplier(self, request: Request) -> Multiplier | None:
        """The live boosts and buries; None when there are none."""
        ...


class ItemLookup(Protocol):
    """Anything that knows items by id."""

    def get(self, item_id: ItemId) -> Item | None:
        """The item, or None."""
        ...


class MembersView(Protocol):
    """Anything that knows which items a selector holds."""

    def members(self, selector: Selector, at: datetime) -> Sequence[ItemId]:
        """The items that a selector holds at a moment, sorted by id."""
        ...


class CatalogView(ItemLookup, MembersView, Protocol):
    """The catalog with the takedowns."""

    def sellable(self, market: str | None, at: datetime) -> Callable[[ItemId], bool]:
        """Whether an item is in the catalog, available, sold in `market` and not taken down."""
        ...

    def ids(self) -> Sequence[ItemId]:
        """All ids, sorted."""
        ...
