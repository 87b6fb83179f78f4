"""What may be shown at all. Nothing overrides it: pins bypass relevance, never this."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rules import RowSettings
from recsys.domain.views import CandidatesView, CatalogView, RulesView

Test = Callable[[ItemId], bool]


def eligibility(
    candidates: CandidatesView, rules: RulesView, request: Request, catalog: CatalogView, row: RowSettings
) -> Test:
    """The test of law 1 for one request, apart from what earlier pages showed."""
    sellable = catalog.sellable(request.market, request.at)
    vetoed = rules.vetoed(request)
    barred = _barred(candidates, request, row)
    passes = _filters(request, catalog)

    def eligible(item_id: ItemId) -> bool:
        return (
            sellable(item_id)
            and not any(item_id in each for each in barred)
            and not vetoed(item_id)
            and (passes is None or passes(item_id))
        )

    return eligible


def _barred(candidates: CandidatesView, request: Request, row: RowSettings) -> list[AbstractSet[ItemId]]:
    """The collections that bar an item by its id; empty ones left out, for the inner loop's sake."""
    barred = [candidates.disliked, request.exclude, frozenset(request.context)]
    if not row.repeats:
        barred += [candidates.owned, frozenset(request.items)]
    return [each for each in barred if each]


def _filters(request: Request, catalog: CatalogView) -> Test | None:
    """The request's own filters; a missing field matches nothing. None when it has no filters."""
    if not request.filters:
        return None

    def passes(item_id: ItemId) -> bool:
        item = catalog.get(item_id)
        return item is not None and passes_filters(item, request)

    return passes


def passes_filters(item: Item, request: Request) -> bool:
    """Whether an item passes the request's own filters; a missing field matches nothing."""
    tagged = not request.tags or not request.tags.isdisjoint(item.tags)
    return tagged and _price_within(item.price, request)


def _price_within(price: float | None, request: Request) -> bool:
    if request.price_min is None and request.price_max is None:
        return True
    return (
        price is not None
        and (request.price_min is None or price >= request.price_min)
        and (request.price_max is None or price <= request.price_max)
    )
