"""What shoppers did, as storefronts tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recsys.domain.ids import ItemId, RuleId, UserId

MAX_EVENTS = 1_000
"""How many events one request may bring."""


class EventType(StrEnum):
    """What happened to an item."""

    IMPRESSION = "impression"
    VIEW = "view"
    CLICK = "click"
    ADD_TO_CART = "add_to_cart"
    PURCHASE = "purchase"
    LIKE = "like"
    DISLIKE = "dislike"
    UNDISLIKE = "undislike"

    @property
    def shows_taste(self) -> bool:
        """Whether the item belongs to what the shopper was lately drawn to."""
        return self in _TASTE

    @property
    def is_opinion(self) -> bool:
        """Whether it says if the shopper wants to see the item again; the latest one counts."""
        return self in _OPINIONS


_TASTE = frozenset(
    {EventType.VIEW, EventType.CLICK, EventType.ADD_TO_CART, EventType.PURCHASE, EventType.LIKE}
)
_OPINIONS = frozenset({EventType.LIKE, EventType.DISLIKE, EventType.UNDISLIKE})


class Fate(StrEnum):
    """What became of an event that could be used: stored now, or there already."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Followed:
    """Which rules had part in the answer that an event follows.

    `placed` put the item where it stood; `acted` and `held_out` are the rules with a holdout whose scope
    held, by whether the shopper was in it.
    """

    placed: RuleId | None = None
    acted: tuple[RuleId, ...] = ()
    held_out: tuple[RuleId, ...] = ()


UNTIED = Followed()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a user, a session or both; `namespace` and `event_id` together name it.

    The namespace keeps those apart who could not know of each other's ids: it is empty for the shop's
    servers, and the shopper for events that a browser sent. `at` is UTC and never later than the
    arrival. `value` is money for all of `quantity` together; `position` is the slot in the answer
    `recommendation_id`.
    """

    event_id: str
    type: EventType
    item_id: ItemId
    at: datetime
    namespace: str = ""
    user: UserId | None = None
    session: str | None = None
    recommendation_id: str | None = None
    position: int | None = None
    quantity: float | None = None
    value: float | None = None
    reason: str | None = None
    followed: Followed = UNTIED

    def shoppers(self) -> list[tuple[str, str]]:
        """Whom it concerns: (kind, id), where the kind is user or session."""
        both = (("user", self.user), ("session", self.session))
        return [(kind, shopper) for kind, shopper in both if shopper is not None]
