"""What the body of `POST /v1/events` may hold, and what its answer says."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from recsys.domain.events import MAX_EVENTS
from recsys.domain.ids import MAX_ID_BYTES
from recsys.domain.rules import MAX_SLOT
from recsys.serving.problems import FieldError
from recsys.serving.recommendation_id import MAX_CHARACTERS

MAX_AMOUNT = 1_000_000_000_000
MAX_REASON = 200

Id = Annotated[
    str, Meta(min_length=1, max_length=MAX_ID_BYTES, description="An opaque id of 1 to 128 bytes.")
]
Amount = Annotated[float, Meta(ge=0, le=MAX_AMOUNT)]


class EventRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One event; `user_id` or `session_id` is required."""

    event_id: Id
    type: Literal["impression", "view", "click", "add_to_cart", "purchase", "like", "dislike", "undislike"]
    item_id: Id
    user_id: Id | None = None
    session_id: Id | None = None
    timestamp: Annotated[datetime, Meta(description="RFC 3339; by default the arrival.")] | None = None
    recommendation_id: Annotated[str, Meta(min_length=1, max_length=MAX_CHARACTERS)] | None = None
    position: Annotated[int, Meta(ge=1, le=MAX_SLOT)] | None = None
    quantity: Annotated[float, Meta(gt=0, le=MAX_AMOUNT)] | None = None
    value: Annotated[Amount, Meta(description="Money for all of them together.")] | None = None
    reason: Annotated[str, Meta(max_length=MAX_REASON)] | None = None


class EventRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body as it is documented."""

    events: Annotated[list[EventRow], Meta(min_length=1, max_length=MAX_EVENTS)]


class RawRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body as it is read: each event is decoded by itself, so that one fault does not refuse all."""

    events: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_EVENTS)]


class EventFate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one event; `errors` say why one was refused."""

    event_id: str | None
    fate: Literal["accepted", "repeated", "refused"]
    errors: list[FieldError] = []


class EventFates(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: the events' fates in their order, and how often each occurs."""

    accepted: int
    repeated: int
    refused: int
    events: list[EventFate]
