"""What may be asked: every parameter, which address takes which, and how query strings and JSON bodies are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, UserId
from recsys.domain.rules import MAIN
from recsys.serving.parameter_table import ALL_PARAMETERS, BODY_ONLY, PARAMETERS, Parameter
from recsys.serving.problems import FieldError, bad_request
from recsys.serving.query import shortened, split_query

__all__ = ["ALL_PARAMETERS", "BODY_ONLY", "PARAMETERS", "Parameter"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asked for, checked. Times are UTC; repeated values keep their order, each once.

    `surface` is None at addresses that belong to no surface; `address` says which one was asked.
    """

    surface: str | None = None
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
    items: tuple[ItemId, ...] = ()
    address: str = "recommendations"


@dataclass(frozen=True, slots=True)
class Form:
    """Which parameters an address takes, and which of them it must be given."""

    address: str
    names: tuple[str, ...]
    required: tuple[str, ...] = ()


_ITEM_PAGE = ("limit", "market", "fields")
RECOMMENDATIONS = Form("recommendations", tuple(PARAMETERS), ("surface",))
RECOMMENDATIONS_BODY = Form("recommendations", (*PARAMETERS, "items"), ("surface",))
PAGE = Form("page", tuple(name for name in PARAMETERS if name not in {"surface", "row", "cursor"}))
SIMILAR = Form("similar", _ITEM_PAGE)
SIMILAR_BODY = Form("similar", ("item_id", *_ITEM_PAGE), ("item_id",))
THEMES = Form("themes", ("user_id", "session_id", "limit", "cursor", "market", "fields"))
THEME = Form("theme", THEMES.names)

CONTINUED = tuple(name for name in Asked.__struct_fields__ if name not in {"limit", "cursor"})
"""What must be the same on every page of one answer, in a fixed order."""

_WHY_REQUIRED = {
    "surface": "is required; name the place that shows the recommendations",
    "item_id": "is required; name the item that others should be like",
}


def parse_parameters(
    query: str, form: Form = RECOMMENDATIONS, known: Mapping[str, Any] = MappingProxyType({})
) -> Asked:
    """Read a query string; `known` is what the address itself says, and defaults that are its own.

    Raises `Problem` (400) that lists everything wrong with it at once.
    """
    return _asked(split_query(query), _from_text, form, known)


def parse_body(body: object, form: Form) -> Asked:
    """Read a JSON body: the same parameters by the same names, those that may be repeated as lists.

    A null is as good as leaving the parameter out. Raises `Problem` (400) that lists everything wrong at once.
    """
    if not isinstance(body, dict):
        raise bad_request([FieldError("body", "must be an object with the parameters by their names")])
    given = {name: value for name, value in body.items() if value is not None or name not in form.names}
    return _asked(given, _from_json, form, {})


def _asked(
    given: Mapping[str, Any], read: Callable[[Parameter, Any], Any], form: Form, known: Mapping[str, Any]
) -> Asked:
    wrong: list[FieldError] = []
    found: dict[str, Any] = {}
    for name, value in given.items():
        try:
            found[name] = read(_parameter(name, form), value)
        except Invalid as error:
            wrong.append(FieldError(shortened(name), error.message))
    wrong.extend(_missing(given, found, form))
    if wrong:
        raise bad_request(wrong)
    # An item to be like is what the answer stands beside.
    if "item_id" in found:
        found["context_item"] = (found.pop("item_id"),)
    return Asked(**{"address": form.address, **known, **found})


def _parameter(name: str, form: Form) -> Parameter:
    if name not in form.names:
        raise Invalid("", f"is not a parameter; there are {', '.join(form.names)}")
    return ALL_PARAMETERS[name]


def _from_text(parameter: Parameter, values: Sequence[str]) -> Any:
    if len(values) > parameter.most:
        often = "once" if parameter.most == 1 else f"at most {parameter.most} times"
        raise Invalid("", f"is given {len(values)} times; give it {often}")
    if parameter.most == 1:
        return parameter.parse(values[0])
    return tuple(dict.fromkeys(parameter.parse(value) for value in values))


def _from_json(parameter: Parameter, value: Any) -> Any:
    if parameter.most == 1:
        return _json_value(parameter, value)
    if not isinstance(value, list) or len(value) > parameter.most:
        raise Invalid("", f"must be a list of at most {parameter.most}")
    return tuple(dict.fromkeys(_json_value(parameter, each) for each in value))


def _json_value(parameter: Parameter, value: Any) -> Any:
    try:
        typed = msgspec.convert(value, parameter.type)
    except msgspec.ValidationError:
        # The parser says better than a decoder what is wrong with a text.
        if not (isinstance(value, str) and parameter.is_text):
            raise Invalid("", f"must be {parameter.words}") from None
        typed = value
    return parameter.parse(typed) if parameter.is_text else typed


def _missing(given: Mapping[str, object], found: Mapping[str, Any], form: Form) -> list[FieldError]:
    """What is wrong with the parameters together."""
    wrong = [FieldError(name, _WHY_REQUIRED[name]) for name in form.required if name not in given]
    low, high = found.get("price_min"), found.get("price_max")
    if low is not None and high is not None and low > high:
        wrong.append(FieldError("price_max", "is below price_min; give a higher one"))
    return wrong
