"""The catalog with the takedowns: what merge reads as its catalog view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.selectors import Selector
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.targets import CompiledTargets


class ShopView:
    """One catalog revision under one set of takedowns."""

    def __init__(self, catalog: CompiledCatalog, takedowns: CompiledTargets) -> None:
        self.catalog = catalog
        self.takedowns = takedowns
        self.get: Callable[[ItemId], Item | None] = catalog.get
        self.ids: Callable[[], Sequence[ItemId]] = catalog.ids
        self._left: dict[str | None, frozenset[ItemId]] = {}

    def members(self, selector: Selector, at: datetime) -> Sequence[ItemId]:
        """The items that a selector holds at a moment, sorted by id."""
        return self.catalog.members(selector, at)

    def sellable(self, market: str | None, at: datetime) -> Callable[[ItemId], bool]:
        """Whether an item is in the catalog, available, sold in `market` and not taken down."""
        market = self.catalog.market_key(market)
        left = self._left.get(market)
        if left is None:
            left = self._left[market] = self.catalog.sellable_in(market) - self.takedowns.covered
        if not self.takedowns.aged:
            return left.__contains__
        taken = self.takedowns.at(at)
        return lambda item_id: item_id in left and not taken(item_id)
