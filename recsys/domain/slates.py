"""The answer of the merge."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from recsys.domain.ids import ItemId, RuleId


class Source(StrEnum):
    """Where an item on a slate comes from."""

    PIN = "pin"
    THEME = "theme"
    MODEL = "model"
    FALLBACK = "fallback"


@dataclass(frozen=True, slots=True)
class Because:
    """An item behind a reason, and its share of the score in (0, 1]."""

    item_id: ItemId
    title: str
    share: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item stands where it stands, in words that are never empty."""

    text: str
    because: tuple[Because, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """One item on a slate, with its provenance.

    `position` is 1-based and absolute across pages; `model_rank` is the 1-based place among the
    model's candidates before rules; `displaced` is the item that the same slate without pins has
    at this position, None when there is none or it is this one.
    """

    item_id: ItemId
    position: int
    source: Source
    reason: Reason
    rule_id: RuleId | None = None
    theme: str | None = None
    score: float | None = None
    model_rank: int | None = None
    displaced: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Slate:
    """The ordered answer.

    `more` tells whether the row goes on after the last item; pins below the slot `pins_from` are on
    the slate, wherever they closed up to.
    """

    items: tuple[Placed, ...]
    personalised: bool
    more: bool
    pins_from: int = 0
