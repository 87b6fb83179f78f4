"""Rows of `POST /v1/items`: what each may hold, and what they make of the catalog.

A row says what changes: fields that it leaves out stay as they are, and null empties a field. The
values are those of an items file, in JSON's own types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recsys.data.values import (
    parse_address,
    parse_amount,
    parse_attribute,
    parse_count,
    parse_currency,
    parse_id,
    parse_ids,
    parse_text,
    parse_time,
)
from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, check_id
from recsys.serving.problems import FieldError, bad_field, bad_request
from recsys.serving.query import shortened

MAX_ROWS = 1_000
MAX_LISTED = 200
MAX_ATTRIBUTES = 100
MAX_STOCK = 10**12

_NUMBER = (int, float)


def _parse_stock(given: float) -> int:
    count = parse_count(given)
    if count > MAX_STOCK:
        raise Invalid("", f"is more than {MAX_STOCK:,}; leave it out where stock is not counted")
    return count


@dataclass(frozen=True, slots=True)
class _Field:
    """How one field of a row is read: JSON's type, in code and in words, the parser, and the value that null means."""

    types: type | tuple[type, ...]
    words: str
    parse: Callable[[Any], Any]
    empty: Any = None


ROW_FIELDS: Mapping[str, _Field] = {
    "title": _Field(str, "text", parse_text),
    "price": _Field(_NUMBER, "a number", parse_amount),
    "currency": _Field(str, "text", parse_currency),
    "tags": _Field(list, "a list of texts", parse_ids, ()),
    "markets": _Field(list, "a list of texts", parse_ids, ()),
    "available": _Field(bool, "true or false", bool),
    "group_id": _Field(str, "text", parse_id),
    "image_url": _Field(str, "text", parse_address),
    "url": _Field(str, "text", parse_address),
    "added_at": _Field(str, "text", parse_time),
    "stock": _Field(_NUMBER, "a whole number", _parse_stock),
}
NEVER_EMPTY = frozenset({"title", "available"})


@dataclass(frozen=True, slots=True)
class ItemChange:
    """One checked row: the fields that it sets, and the attributes that it sets or, with None, removes."""

    item_id: ItemId
    values: Mapping[str, Any]
    attributes: Mapping[str, Any]

    def applied_to(self, item: Item) -> Item:
        """The item after the change."""
        merged = {**item.attributes, **self.attributes}
        kept = {name: value for name, value in merged.items() if value is not None}
        return replace(item, **self.values, attributes=kept)


def read_rows(body: object) -> list[ItemChange]:
    """The rows of a body, checked. Raises `Problem` (400) that lists everything wrong with them."""
    rows = _rows(body)
    wrong: list[FieldError] = []
    changes = [_change(row, f"items[{place}]", wrong) for place, row in enumerate(rows)]
    wrong.extend(_twice(changes))
    if wrong:
        raise bad_request(wrong[:MAX_LISTED])
    return [change for change in changes if change is not None]


def revised(changes: Sequence[ItemChange], known: Mapping[str, Item]) -> list[Item]:
    """The items after the changes. Raises `Problem` (400) when new ones lack a title."""
    wrong = [
        FieldError(f"items[{place}].title", "is required for an item that is not in the catalog yet")
        for place, change in enumerate(changes)
        if change.item_id not in known and "title" not in change.values
    ]
    if wrong:
        raise bad_request(wrong[:MAX_LISTED])
    return [change.applied_to(known.get(change.item_id) or Item(change.item_id, "")) for change in changes]


def _rows(body: object) -> list[Any]:
    if not isinstance(body, dict):
        raise bad_field("body", 'must be an object like {"items": [{"item_id": "A1", "title": "Mug"}]}')
    if surplus := sorted(set(body) - {"items"}):
        raise bad_request([FieldError(shortened(name), "is not known; send items alone") for name in surplus])
    rows = body.get("items")
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_ROWS:
        raise bad_field("items", f"must be a list of 1 to {MAX_ROWS:,} rows")
    return rows


def _change(row: object, place: str, wrong: list[FieldError]) -> ItemChange | None:
    """The row as a change; what is wrong with it is added to `wrong`, and then it is None."""
    if not isinstance(row, dict):
        wrong.append(FieldError(place, "must be an object with item_id and the fields to set"))
        return None
    before = len(wrong)
    item_id = _checked(f"{place}.item_id", wrong, _item_id, row)
    values = {
        name: _checked(f"{place}.{shortened(name)}", wrong, _value, name, value)
        for name, value in row.items()
        if name not in {"item_id", "attributes"}
    }
    attributes = dict(_attributes(row.get("attributes", {}), f"{place}.attributes", wrong))
    return ItemChange(ItemId(item_id), values, attributes) if len(wrong) == before else None


def _checked(field: str, wrong: list[FieldError], read: Callable[..., Any], *given: Any) -> Any:
    """What `read` makes of `given`; None, and an entry in `wrong`, when it refuses."""
    try:
        return read(*given)
    except Invalid as error:
        wrong.append(FieldError(field, error.message))
        return None


def _item_id(row: Mapping[str, Any]) -> str:
    given = row.get("item_id")
    if not isinstance(given, str):
        raise Invalid("", "is required, as text")
    return check_id(given, "")


def _value(name: str, given: Any) -> Any:
    field = ROW_FIELDS.get(name)
    if field is None:
        raise Invalid("", f"is not known; use {', '.join(ROW_FIELDS)}, or put it into attributes")
    if given is None:
        if name in NEVER_EMPTY:
            raise Invalid("", "cannot be empty; leave it out to keep it as it is")
        return field.empty
    # In Python, though not in JSON, true and false are numbers.
    if not isinstance(given, field.types) or (isinstance(given, bool) and field.types is not bool):
        raise Invalid("", f"must be {field.words}")
    return field.parse(given)


def _attributes(given: Any, place: str, wrong: list[FieldError]) -> Iterator[tuple[str, Any]]:
    if not isinstance(given, dict) or len(given) > MAX_ATTRIBUTES:
        wrong.append(FieldError(place, f"must be an object of at most {MAX_ATTRIBUTES} names and values"))
        return
    for name, value in given.items():
        field = f"{place}.{shortened(name)}"
        _checked(field, wrong, check_id, name, "")
        yield name, None if value is None else _checked(field, wrong, parse_attribute, value)


def _twice(changes: Sequence[ItemChange | None]) -> Iterator[FieldError]:
    first: dict[ItemId, int] = {}
    for place, change in enumerate(changes):
        if change is not None and first.setdefault(change.item_id, place) != place:
            there = first[change.item_id]
            yield FieldError(
                f"items[{place}].item_id", f"stands in items[{there}] already; send one of the two"
            )
