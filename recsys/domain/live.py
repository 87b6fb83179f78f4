"""Which rules are live for a request; and the plain reading of a rule set that merge can use as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recsys.domain.catalog import Item
from recsys.domain.holdout import held_out
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.requests import Request
from recsys.domain.rules import Boost, Pin, RowSettings, RuleSet, Theme, Veto
from recsys.domain.scopes import Scope
from recsys.domain.views import CatalogView, ItemLookup


def scope_matches(scope: Scope, request: Request, context: Sequence[Item], *, personal: bool = True) -> bool:
    """Whether every part of `scope` that is given matches the request.

    Args:
        context: the request's context items that the catalog knows.
        personal: False ignores rules for a user or a segment, as `personalised=false` asks.
    """
    return (
        scope.surface in {None, request.surface}
        and (scope.row is None or scope.row == request.row)
        and scope.market in {None, request.market}
        and (personal or not scope.personal)
        and (scope.segment is None or scope.segment in request.segments)
        and scope.user in {None, request.user}
        and (scope.context_item is None or scope.context_item in request.context)
        and (
            scope.context_selector is None
            or any(scope.context_selector.matches(item, request.at) for item in context)
        )
    )


def is_live(rule: Pin | Boost, request: Request, context: Sequence[Item], key: bytes) -> bool:
    """Whether a pin or boost acts on the request: not paused, window, scope, and not in its holdout."""
    return is_live_but_for_holdout(rule, request, context) and not held_out(
        rule.id, request.shopper, rule.holdout, key
    )


def is_live_but_for_holdout(rule: Pin | Boost, request: Request, context: Sequence[Item]) -> bool:
    """Whether a pin or boost acts on the request unless its shopper is in the rule's holdout."""
    return (
        not rule.paused
        and rule.window.holds(request.at)
        and scope_matches(rule.scope, request, context, personal=request.personalised)
    )


def is_live_veto(veto: Veto, request: Request, context: Sequence[Item]) -> bool:
    """Whether a veto acts on the request. No switch of the request lifts it."""
    return not veto.paused and veto.window.holds(request.at) and scope_matches(veto.scope, request, context)


def theme_is_live(theme: Theme, at: datetime) -> bool:
    """Whether a theme may be shown at the moment `at`."""
    return not theme.paused and theme.window.holds(at)


def context_items(request: Request, catalog: ItemLookup) -> list[Item]:
    """The request's context items that the catalog knows."""
    found = (catalog.get(item_id) for item_id in request.context)
    return [item for item in found if item is not None]


@dataclass(frozen=True, slots=True)
class Multipliers:
    """Live boosts and buries over a catalog: strongest boost × strongest bury."""

    boosts: Sequence[Boost]
    catalog: CatalogView
    at: datetime

    @property
    def personal(self) -> bool:
        """Whether one of them is for a user or a segment."""
        return any(boost.scope.personal for boost in self.boosts)

    def __call__(self, item_id: ItemId) -> float:
        """The factor for one item."""
        item = self.catalog.get(item_id)
        if item is None:
            return 1.0
        factors = [boost.factor for boost in self.boosts if boost.target.matches(item, self.at)]
        return max([1.0, *factors]) * min([1.0, *factors])


@dataclass(frozen=True, slots=True)
class PlainRules:
    """A rule set read rule by rule: slow, obvious, and the measure of every faster reading."""

    rules: RuleSet
    catalog: CatalogView
    holdout_key: bytes

    def row(self, surface: str | None, name: str) -> RowSettings | None:
        """The settings of a row; the defaults without a surface; None when there is no such row."""
        if surface is None:
            return RowSettings(name=name)
        settings = self.rules.surface(surface)
        return None if settings is None else settings.row(name)

    def pins(self, request: Request) -> Iterable[Pin]:
        """The live pins."""
        context = context_items(request, self.catalog)
        return [pin for pin in self.rules.of(Pin) if is_live(pin, request, context, self.holdout_key)]

    def vetoed(self, request: Request) -> Callable[[ItemId], bool]:
        """Whether a live veto covers an item."""
        context = context_items(request, self.catalog)
        live = [veto for veto in self.rules.of(Veto) if is_live_veto(veto, request, context)]

        def covered(item_id: ItemId) -> bool:
            item = self.catalog.get(item_id)
            return item is not None and any(veto.target.matches(item, request.at) for veto in live)

        return covered

    def multiplier(self, request: Request) -> Multipliers | None:
        """The live boosts, None when there are none."""
        context = context_items(request, self.catalog)
        live = [boost for boost in self.rules.of(Boost) if is_live(boost, request, context, self.holdout_key)]
        return Multipliers(live, self.catalog, request.at) if live else None

    def theme(self, rule_id: RuleId) -> Theme | None:
        """The theme with that rule id."""
        found = self.rules.get(rule_id)
        return found if isinstance(found, Theme) else None
