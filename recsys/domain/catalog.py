"""The item as the catalog knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from recsys.domain.ids import ItemId

Attribute = str | int | float | bool

NO_ATTRIBUTES: Mapping[str, Attribute] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Item:
    """One catalog row.

    `markets` empty means sold everywhere; `stock` None means not counted; `added_at` is UTC.
    """

    item_id: ItemId
    title: str
    price: float | None = None
    currency: str | None = None
    tags: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    available: bool = True
    group_id: str | None = None
    image_url: str | None = None
    url: str | None = None
    added_at: datetime | None = None
    stock: int | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=lambda: NO_ATTRIBUTES)

    def in_stock(self) -> bool:
        """Whether it can be bought at all: available and, where stock is counted, above 0."""
        return self.available and (self.stock is None or self.stock > 0)

    def sold_in(self, market: str | None) -> bool:
        """Whether it is sold in `market`: without markets everywhere; an unknown market filters nothing."""
        return market is None or not self.markets or market in self.markets
