"""The fields of an item that an answer may carry beside its id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from recsys.domain.catalog import Item

SECRET_FIELDS = frozenset({"attributes"})
"""Only for servers: further columns of a catalog may hold what shoppers should not read."""

ITEM_FIELDS: Mapping[str, Callable[[Item], Any]] = {
    "title": lambda item: item.title,
    "price": lambda item: item.price,
    "currency": lambda item: item.currency,
    "url": lambda item: item.url,
    "image_url": lambda item: item.image_url,
    "tags": lambda item: item.tags,
    "group_id": lambda item: item.group_id,
    "added_at": lambda item: None if item.added_at is None else rfc3339(item.added_at),
    "attributes": lambda item: dict(item.attributes),
}


def chosen_fields(item: Item, names: Iterable[str]) -> dict[str, Any]:
    """The named fields of `item`; None where the catalog has no value."""
    return {name: ITEM_FIELDS[name](item) for name in names}


def rfc3339(moment: datetime) -> str:
    """An aware time as RFC 3339 text in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
