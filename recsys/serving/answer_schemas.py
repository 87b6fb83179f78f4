"""The shape of answers for `/openapi.json`: made from the very types that are sent, with their items spelt out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from recsys.serving.pages import Row
from recsys.serving.problems import FieldError

Words = Annotated[str, Meta(min_length=1)]
Place = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0, le=1)]


class Because(msgspec.Struct):
    """An item behind a reason, and its share of the score."""

    item_id: str
    title: str
    share: Share


class Reason(msgspec.Struct):
    """Why an item stands where it stands; the items behind it are told to secret keys alone."""

    text: Words
    because: list[Because]


class PlacedItem(msgspec.Struct):
    """An item on a slate with its provenance, and with the fields that were asked for."""

    item_id: str
    position: Place
    source: Literal["pin", "theme", "model", "fallback"]
    rule_id: str | None
    score: Share | None
    model_rank: Place | None
    theme: str | None
    displaced: str | None
    reason: Reason
    title: str | UnsetType = UNSET
    price: float | UnsetType | None = UNSET
    currency: str | UnsetType | None = UNSET
    url: str | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    group_id: str | UnsetType | None = UNSET
    added_at: str | UnsetType | None = UNSET
    attributes: dict[str, str | int | float | bool] | UnsetType = UNSET


class ProblemDocument(msgspec.Struct):
    """RFC 9457: what was wrong, and for each field at fault the mend."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: Words
    errors: list[FieldError] | UnsetType = UNSET


class Alive(msgspec.Struct):
    """The process answers."""

    status: Literal["ok"]


class Ready(msgspec.Struct):
    """A release is loaded, and the database was reached lately; `warnings` say what is wrong all the same."""

    status: Literal["ready"]
    release_id: int
    refreshed_at: str
    warnings: list[str]


class Written(msgspec.Struct):
    """How many rows are durable, and the catalog's revision since."""

    revision: int
    accepted: int


def documented(answer: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The type of an answer with its items and rows spelt out: they are sent as objects put together on the way."""
    spelt: dict[str, Any] = {"items": list[PlacedItem]}
    if any(each.name == "rows" for each in msgspec.structs.fields(answer)):
        spelt["rows"] = list[documented(Row)]  # type: ignore[misc]  # a type made at run time
    fields = [(each.name, spelt.get(each.name, each.type)) for each in msgspec.structs.fields(answer)]
    made = msgspec.defstruct(answer.__name__, fields)
    made.__doc__ = answer.__doc__
    return made
