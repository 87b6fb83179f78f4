"""The shop's own goods: what a shop knows without asking anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from recsys.data.bundled import items_path
from recsys.data.items import read_items
from recsys.data.report import Report
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId

_OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Goods:
    """All goods by id, and those on sale, newest first."""

    by_id: Mapping[ItemId, Item]
    newest: tuple[Item, ...]

    @classmethod
    def of(cls, items: Iterable[Item]) -> Goods:
        """The goods of a catalog."""
        by_id = {item.item_id: item for item in items}
        on_sale = (item for item in by_id.values() if item.in_stock())
        return cls(by_id, tuple(sorted(on_sale, key=lambda item: item.added_at or _OLDEST, reverse=True)))


def bundled_goods() -> Goods:
    """The demonstration's goods."""
    return Goods.of(item for batch in read_items(items_path(), Report()) for item in batch)
