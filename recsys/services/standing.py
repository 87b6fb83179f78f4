"""How the rules of a surface stand at a moment: live, waiting, over, suspended or overruled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from recsys.domain.changes import Change
from recsys.domain.conflicts import PinConflict, pin_conflicts
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import AnyRule, Boost, Pin, RuleSet, Theme, Veto
from recsys.domain.selectors import Target
from recsys.domain.statuses import Shelf, Standing, Status, standings
from recsys.services.drafting import Draft, read_draft
from recsys.services.preview import Question, Stage, release_at
from recsys.services.shop import Shop
from recsys.slates.state import LiveState

Changed = Literal["new", "changed", "removed"]
Placeable = Pin | Veto | Boost


@dataclass(frozen=True, slots=True)
class RuleStanding:
    """One rule as it stands, what the draft does to it, and the rule that overrules it, if one does."""

    rule: Placeable
    status: Status
    change: Changed | None = None
    by: AnyRule | None = None
    changed_by: str | None = None


def standing(
    shop: Shop,
    state: LiveState,
    question: Question,
    stage: Stage,
    *,
    every_row: bool = False,
    draft: Draft | None = None,
) -> Sequence[RuleStanding]:
    """The rules that concern the question's surface and row, or every surface: pins by slot, then the rest.

    At the draft stage, rules that the draft removes are listed as removed. With `every_row`, the rules of all rows.
    `draft`: as it was read already.
    """
    draft = draft or read_draft(shop)
    rules = draft.rules if stage is Stage.DRAFT else release_at(shop, state, stage).rules
    last = {change.rule_id: change for change in draft.changes} if stage is Stage.DRAFT else {}
    removed = [rule for rule in draft.live if rule.id not in rules] if stage is Stage.DRAFT else []
    shelf = shelf_of(state, question.at)
    stood = [
        *standings(rules, question.at, shelf),
        # What the draft removes stands by itself: what it once met is no longer of interest.
        *standings(RuleSet(removed), question.at, shelf),
    ]
    found = [
        _stand(each.rule, each, _changed(each.rule, draft.live, rules, last))
        for each in stood
        if isinstance(each.rule, Pin | Veto | Boost) and _concerns(each.rule, question, every_row=every_row)
    ]
    return sorted(found, key=_order)


def shelf_of(state: LiveState, at: datetime) -> Shelf:
    """What the catalog and the takedowns say at a moment; each question is worked out once."""
    asked = _Asked(state, at, {}, {})
    return Shelf(find=state.catalog.get, sellable=asked.sellable, shown=asked.shown)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The catalog at a moment, with the answers given so far."""

    state: LiveState
    at: datetime
    tests: dict[str | None, Callable[[ItemId], bool]]
    counts: dict[RuleId, int]

    def sellable(self, item_id: ItemId, market: str | None) -> bool:
        if market not in self.tests:
            self.tests[market] = self.state.shop_view.sellable(market, self.at)
        return self.tests[market](item_id)

    def shown(self, theme: Theme) -> int:
        if theme.id not in self.counts:
            members = set(theme.picks)
            if theme.selector is not None:
                members |= set(self.state.catalog.members(theme.selector, self.at))
            left = members - set(theme.excluded)
            self.counts[theme.id] = sum(self.sellable(each, None) for each in left)
        return self.counts[theme.id]


def conflicts(rules: RuleSet, at: datetime) -> Sequence[PinConflict]:
    """Pairs of pins that want the same slot, now or later."""
    return pin_conflicts(rules, at)


def covered_by(target: Target, state: LiveState, at: datetime) -> Sequence[str]:
    """The ids of the catalog's items that a target covers at a moment, sorted."""
    if target.item_id is not None:
        return [target.item_id] if state.catalog.get(target.item_id) is not None else []
    return state.catalog.members(target.selector, at) if target.selector is not None else []


def _concerns(rule: Placeable, question: Question, *, every_row: bool) -> bool:
    here = every_row or rule.scope.row in {None, question.row}
    return here and rule.scope.surface in {None, question.surface}


def _changed(
    rule: AnyRule, live: RuleSet, rules: RuleSet, last: Mapping[RuleId, Change]
) -> tuple[Changed | None, str | None]:
    change = last.get(rule.id)
    if change is None:
        return None, None
    if rule.id not in rules:
        return "removed", change.author
    if rule.id not in live:
        return "new", change.author
    return ("changed", change.author) if live.get(rule.id) != rule else (None, None)


def _stand(rule: Placeable, found: Standing, change: tuple[Changed | None, str | None]) -> RuleStanding:
    return RuleStanding(rule, found.status, change[0], found.by, change[1])


def _order(each: RuleStanding) -> tuple[int, int, str]:
    if isinstance(each.rule, Pin):
        return (0, each.rule.slot, each.rule.id)
    return (1 if isinstance(each.rule, Boost) else 2, 0, each.rule.id)
