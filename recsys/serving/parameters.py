"""The parameters of `GET /v1/recommendations`: which there are, and what each may hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, UserId
from recsys.domain.rules import MAIN
from recsys.serving.item_fields import ITEM_FIELDS
from recsys.serving.problems import FieldError, bad_request
from recsys.serving.query import shortened, split_query
from recsys.serving.values import (
    parse_boolean,
    parse_id,
    parse_limit,
    parse_moment,
    parse_price,
    parse_switch,
    parse_token,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a caller asked for, checked. Times are UTC; repeated values keep their order, each once."""

    surface: str
    row: str = MAIN
    user_id: UserId | None = None
    session_id: str | None = None
    limit: int = 20
    cursor: str | None = None
    market: str | None = None
    segment: tuple[str, ...] = ()
    context_item: tuple[ItemId, ...] = ()
    exclude: tuple[ItemId, ...] = ()
    tag: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    fields: tuple[str, ...] = ()
    personalised: bool = True
    rules: bool = True
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one parameter is read; `most` above 1 means that it may be repeated so often."""

    parse: Callable[[str], Any]
    most: int = 1


def _parse_field(given: str) -> str:
    if given not in ITEM_FIELDS:
        raise Invalid("", f"“{shortened(given)}” is no field of an item; use {', '.join(ITEM_FIELDS)}")
    return given


PARAMETERS: Mapping[str, Parameter] = {
    "surface": Parameter(parse_id),
    "row": Parameter(parse_id),
    "user_id": Parameter(parse_id),
    "session_id": Parameter(parse_id),
    "limit": Parameter(parse_limit),
    "cursor": Parameter(parse_token),
    "market": Parameter(parse_id),
    "segment": Parameter(parse_id, most=50),
    "context_item": Parameter(parse_id, most=50),
    "exclude": Parameter(parse_id, most=500),
    "tag": Parameter(parse_id, most=50),
    "price_min": Parameter(parse_price),
    "price_max": Parameter(parse_price),
    "fields": Parameter(_parse_field, most=len(ITEM_FIELDS)),
    "personalised": Parameter(parse_boolean),
    "rules": Parameter(parse_switch),
    "at": Parameter(parse_moment),
}
CONTINUED = tuple(each.name for each in fields(Asked) if each.name not in {"limit", "cursor"})
"""What must be the same on every page of one answer, in a fixed order."""


def parse_parameters(query: str) -> Asked:
    """Read a query string. Raises `Problem` (400) that lists everything wrong with it at once."""
    given = split_query(query)
    wrong: list[FieldError] = []
    found: dict[str, Any] = {}
    for name, values in given.items():
        try:
            found[name] = _read(name, values)
        except Invalid as error:
            wrong.append(FieldError(shortened(name), error.message))
    wrong.extend(_missing(given, found))
    if wrong:
        raise bad_request(wrong)
    return Asked(**found)


def _read(name: str, values: Sequence[str]) -> Any:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        raise Invalid("", f"is not a parameter; there are {', '.join(PARAMETERS)}")
    if len(values) > parameter.most:
        often = "once" if parameter.most == 1 else f"at most {parameter.most} times"
        raise Invalid("", f"is given {len(values)} times; give it {often}")
    if parameter.most == 1:
        return parameter.parse(values[0])
    return tuple(dict.fromkeys(parameter.parse(value) for value in values))


def _missing(given: Mapping[str, object], found: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with the parameters together."""
    wrong = []
    if "surface" not in given:
        wrong.append(FieldError("surface", "is required; name the place that shows the recommendations"))
    low, high = found.get("price_min"), found.get("price_max")
    if low is not None and high is not None and low > high:
        wrong.append(FieldError("price_max", "is below price_min; give a higher one"))
    return wrong
