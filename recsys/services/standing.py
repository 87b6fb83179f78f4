"""How the rules of a surface stand at a moment: live, waiting, over, suspended or overruled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from recsys.domain.changes import Change
from recsys.domain.conflicts import PinConflict, pin_conflicts, scopes_meet
from recsys.domain.ids import RuleId
from recsys.domain.rules import AnyRule, Boost, Pin, RuleSet, Veto
from recsys.domain.selectors import Target
from recsys.services.drafting import Draft, read_draft
from recsys.services.preview import Question, Stage, release_at
from recsys.services.shop import Shop
from recsys.slates.state import LiveState

Status = Literal["live", "scheduled", "expired", "paused", "suspended", "overruled"]
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
    overruled = _overruled(rules, question.at)
    last = {change.rule_id: change for change in draft.changes} if stage is Stage.DRAFT else {}
    removed = [rule for rule in draft.live if rule.id not in rules] if stage is Stage.DRAFT else []
    concerned = [rule for rule in [*rules, *removed] if _concerns(rule, question, every_row=every_row)]
    standings = [
        _stand(rule, question.at, state, overruled, _changed(rule, draft.live, rules, last))
        for rule in concerned
        if isinstance(rule, Pin | Veto | Boost)
    ]
    return sorted(standings, key=_order)


def conflicts(rules: RuleSet, at: datetime) -> Sequence[PinConflict]:
    """Pairs of pins that want the same slot, now or later."""
    return pin_conflicts(rules, at)


def covered_by(target: Target, state: LiveState, at: datetime) -> Sequence[str]:
    """The ids of the catalog's items that a target covers at a moment, sorted."""
    if target.item_id is not None:
        return [target.item_id] if state.catalog.get(target.item_id) is not None else []
    return state.catalog.members(target.selector, at) if target.selector is not None else []


def _concerns(rule: AnyRule, question: Question, *, every_row: bool) -> bool:
    if not isinstance(rule, Pin | Veto | Boost):
        return False
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


def _stand(
    rule: Placeable,
    at: datetime,
    state: LiveState,
    overruled: Mapping[RuleId, Pin],
    change: tuple[Changed | None, str | None],
) -> RuleStanding:
    by = overruled.get(rule.id)
    return RuleStanding(rule, _status(rule, at, state, by), change[0], by, change[1])


def _status(rule: Placeable, at: datetime, state: LiveState, by: Pin | None) -> Status:
    if rule.paused:
        return "paused"
    if rule.window.start is not None and at < rule.window.start:
        return "scheduled"
    if rule.window.end is not None and at >= rule.window.end:
        return "expired"
    if isinstance(rule, Pin) and not _can_show(rule, at, state):
        return "suspended"
    return "overruled" if by is not None else "live"


def _can_show(pin: Pin, at: datetime, state: LiveState) -> bool:
    """Whether a pin's item can be shown to anybody its scope speaks of."""
    return pin.item_id is None or state.shop_view.sellable(pin.scope.market, at)(pin.item_id)


def _overruled(rules: RuleSet, at: datetime) -> dict[RuleId, Pin]:
    """Losing pins by id, with a winner that takes every request that the loser matches at this moment."""
    found: dict[RuleId, Pin] = {}
    for conflict in pin_conflicts(rules, at):
        both = conflict.winner.window.holds(at) and conflict.loser.window.holds(at)
        if both and _covers(conflict.winner, conflict.loser):
            found.setdefault(conflict.loser.id, conflict.winner)
    return found


def _covers(winner: Pin, loser: Pin) -> bool:
    parts = ("surface", "row", "context_item", "context_selector", "market", "segment", "user")
    wide = all(getattr(winner.scope, part) in {None, getattr(loser.scope, part)} for part in parts)
    return wide and winner.holdout == 0 and scopes_meet(winner.scope, loser.scope)


def _order(each: RuleStanding) -> tuple[int, int, str]:
    if isinstance(each.rule, Pin):
        return (0, each.rule.slot, each.rule.id)
    return (1 if isinstance(each.rule, Boost) else 2, 0, each.rule.id)
