"""The table of parameters: how each is read, the type that its JSON value has, and what it means.

Requests are checked by it, and `/openapi.json` is written from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta

from recsys.domain.errors import Invalid
from recsys.serving.item_fields import ITEM_FIELDS
from recsys.serving.query import shortened
from recsys.serving.values import (
    MAX_LIMIT,
    MAX_PRICE,
    MOMENT,
    parse_boolean,
    parse_id,
    parse_limit,
    parse_moment,
    parse_price,
    parse_switch,
    parse_token,
)

Id = Annotated[str, Meta(min_length=1, max_length=128, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
"""An opaque id; that its UTF-8 has at most 128 bytes is checked when it is read."""
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT)]
Price = Annotated[float, Meta(ge=0, le=MAX_PRICE)]
Switch = Literal["on", "off"]
Moment = Annotated[str, Meta(pattern=f"^{MOMENT}$")]
Token = Annotated[str, Meta(min_length=1, pattern="^[A-Za-z0-9_-]+$")]
Field = Literal[tuple(ITEM_FIELDS)]  # type: ignore[valid-type]  # the names are those of the one table of fields

MAX_ITEMS = 500
"""How many items a request may name as those that a shopper has."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one parameter is read.

    Attributes:
        parse: from text, as it stands in an address; raises `Invalid`.
        type: what a JSON value of it must be.
        words: the same in words.
        says: what it means, in one sentence.
        most: above 1 it may be repeated so often, and is a list in JSON.
        example: a value that shows the form.
        default: what counts when it is left out; None for nothing.

    """

    parse: Callable[[Any], Any]
    type: Any
    words: str
    says: str
    most: int = 1
    example: Any = None
    default: Any = None

    @property
    def is_text(self) -> bool:
        """Whether a JSON value is a text too, so that the parser of texts judges it."""
        return self.type not in {Limit, Price, bool}


def _parse_field(given: str) -> str:
    if given not in ITEM_FIELDS:
        raise Invalid("", f"“{shortened(given)}” is no field of an item; use {', '.join(ITEM_FIELDS)}")
    return given


def _an_id(says: str, example: str, most: int = 1, default: str | None = None) -> Parameter:
    return Parameter(parse_id, Id, "a text of 1 to 128 bytes", says, most, example, default)


def _a_price(says: str, example: float) -> Parameter:
    return Parameter(parse_price, Price, "a number, 0 or more", says, 1, example)


PARAMETERS: Mapping[str, Parameter] = {
    "surface": _an_id("The place in the storefront.", "home"),
    "row": _an_id("The row of that surface.", "main", default="main"),
    "user_id": _an_id("The shopper.", "17850"),
    "session_id": _an_id("The session of a shopper who is not signed in.", "s-9f3a"),
    "limit": Parameter(
        parse_limit, Limit, f"a whole number from 1 to {MAX_LIMIT}", "How many items.", example=20, default=20
    ),
    "cursor": Parameter(
        parse_token,
        Token,
        "the next_cursor of the page before",
        "Where the page before ended: its next_cursor.",
    ),
    "market": _an_id("Where the shopper buys; outranks the home market known of the shopper.", "France"),
    "segment": _an_id("A segment that the shopper belongs to.", "loyal", most=50),
    "context_item": _an_id("An item that the surface stands beside.", "85123A", most=50),
    "exclude": _an_id("An item to leave out.", "22423", most=500),
    "tag": _an_id("Only items that carry one of these tags.", "tea", most=50),
    "price_min": _a_price("Only items with a price, and not below this one.", 2.5),
    "price_max": _a_price("Only items with a price, and not above this one.", 12.5),
    "fields": Parameter(
        _parse_field,
        Field,
        f"one of {', '.join(ITEM_FIELDS)}",
        "A field of the item to send along.",
        len(ITEM_FIELDS),
        "title",
    ),
    "personalised": Parameter(
        parse_boolean,
        bool,
        "true or false",
        "false leaves the shopper's taste out.",
        example=True,
        default=True,
    ),
    "rules": Parameter(
        parse_switch, Switch, "on or off", "off drops pins, themes and boosts.", example="on", default="on"
    ),
    "at": Parameter(
        parse_moment,
        Moment,
        "a time such as 2026-11-21T09:30:00Z",
        "The moment to answer for, RFC 3339; for admin keys alone.",
        example="2026-11-21T09:30:00Z",
    ),
}
"""Those of `GET /v1/recommendations`; other addresses take some of them."""

BODY_ONLY: Mapping[str, Parameter] = {
    "items": _an_id(
        "An item that the shopper has; of one never seen, all that is known.", "85123A", MAX_ITEMS
    ),
    "item_id": _an_id("The item that others should be like.", "85123A"),
}
"""Those that only a JSON body can carry."""

ALL_PARAMETERS: Mapping[str, Parameter] = {**PARAMETERS, **BODY_ONLY}
