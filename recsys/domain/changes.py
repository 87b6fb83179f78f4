"""The draft: the live release plus a list of rule-level changes, each with its author."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from recsys.domain.errors import Invalid
from recsys.domain.ids import RuleId
from recsys.domain.rules import (
    NEXT_RELEASE,
    AnyRule,
    Boost,
    Pin,
    RuleSet,
    SurfaceSettings,
    Theme,
    Veto,
    check_references,
    surface_id,
)


@dataclass(frozen=True, slots=True)
class Change:
    """One step of the draft: a rule made (`before` None), changed, or removed (`after` None).

    Changes apply in the order of their `id`. `before` is what the author saw; when the rule stands
    otherwise by now, the change is in conflict.
    """

    id: int
    rule_id: RuleId
    before: AnyRule | None
    after: AnyRule | None
    author: str
    at: datetime
    note: str = ""

    def __post_init__(self) -> None:
        if self.before is None and self.after is None:
            raise Invalid("change", "changes nothing")
        if any(rule is not None and rule.id != self.rule_id for rule in (self.before, self.after)):
            raise Invalid("change", f"is about the rule {self.rule_id} but carries another one")


@dataclass(frozen=True, slots=True)
class ChangeConflict:
    """A change whose rule moved underneath: `found` stands where the author saw `change.before`."""

    change: Change
    found: AnyRule | None


@dataclass(frozen=True, slots=True)
class Needed:
    """A change that the selection must take along, and the selected rule that needs it."""

    change: Change
    needed_by: RuleId


def apply_changes(live: RuleSet, changes: Iterable[Change]) -> RuleSet:
    """The rules after `changes`, in the order of their ids; conflicts apply as their authors meant them.

    What differs from `live` counts as published next; what ends as it stands there keeps its publication.
    """
    rules = live
    for change in sorted(changes, key=lambda each: each.id):
        after = change.after
        rules = rules.without(change.rule_id) if after is None else rules.with_rule(_drafted(live, after))
    return rules


def _drafted(live: RuleSet, rule: AnyRule) -> AnyRule:
    standing = live.get(rule.id)
    return standing if standing == rule else replace(rule, published=NEXT_RELEASE)


def find_conflicts(live: RuleSet, changes: Iterable[Change]) -> list[ChangeConflict]:
    """The changes whose rule no longer stands as their author saw it."""
    rules = live
    conflicts = []
    for change in sorted(changes, key=lambda each: each.id):
        found = rules.get(change.rule_id)
        if found != change.before:
            conflicts.append(ChangeConflict(change, found))
        rules = apply_changes(rules, [change])
    return conflicts


def needed_by(live: RuleSet, changes: Sequence[Change], selected: Collection[int]) -> list[Needed]:
    """What a selection of the draft's changes leaves out though it needs it, in the order of ids.

    A change needs the earlier changes of the same rule, the change that makes a theme, surface or
    row which it names, and, when it takes such a thing away, the changes of the rules that name it.
    What those need in turn is in the answer too; what the selection can do without is not.
    """
    ordered = sorted(changes, key=lambda each: each.id)
    needed: list[Needed] = []
    while True:
        taken = {*selected, *(each.change.id for each in needed)}
        more = _earlier_steps(ordered, taken) or _mending(live, ordered, taken)
        if not more:
            return sorted(needed, key=lambda each: each.change.id)
        needed += more


def publishable(live: RuleSet, changes: Sequence[Change], selected: Collection[int]) -> RuleSet:
    """The rules after publishing the selected changes.

    Raises:
        Invalid: when nothing or something unknown is selected, a selected change is in conflict, the
            selection leaves out a change it needs, or the rules would name what does not exist.
    """
    chosen = [change for change in changes if change.id in set(selected)]
    if not chosen or len(chosen) != len(set(selected)):
        raise Invalid("changes", "select at least one change, and only changes that are in the draft")
    missing = needed_by(live, changes, selected)
    if missing:
        names = ", ".join(f"{each.change.rule_id} by {each.change.author}" for each in missing)
        raise Invalid("changes", f"the selection needs more changes, select them too: {names}")
    conflicts = find_conflicts(live, chosen)
    if conflicts:
        names = ", ".join(each.change.rule_id for each in conflicts)
        raise Invalid("changes", f"changed underneath since it was drafted, settle it first: {names}")
    result = apply_changes(live, chosen)
    check_references(result)
    return result


def _earlier_steps(changes: Sequence[Change], selected: Collection[int]) -> list[Needed]:
    last = {change.rule_id: change.id for change in changes if change.id in selected}
    return [
        Needed(change, change.rule_id)
        for change in changes
        if change.id not in selected and change.id < last.get(change.rule_id, 0)
    ]


def _mending(live: RuleSet, changes: Sequence[Change], taken: Collection[int]) -> list[Needed]:
    """The first changes that mend a reference broken by taking only `taken`; none when nothing mends one."""
    result = apply_changes(live, [change for change in changes if change.id in taken])
    rest = [change for change in changes if change.id not in taken]
    for rule_id, named in broken_references(result):
        steps = [change for change in rest if change.rule_id in {rule_id, named}]
        for count in range(1, len(steps) + 1):
            if (rule_id, named) not in broken_references(apply_changes(result, steps[:count])):
                return [Needed(change, rule_id) for change in steps[:count]]
    return []


def broken_references(rules: RuleSet) -> list[tuple[RuleId, RuleId]]:
    """Rules that name a theme, surface or row which is not there, each with the id of what it names."""
    broken: list[tuple[RuleId, RuleId]] = []
    for rule in rules:
        if isinstance(rule, Pin) and rule.theme and not isinstance(rules.get(rule.theme), Theme):
            broken.append((rule.id, rule.theme))
        if isinstance(rule, SurfaceSettings):
            shown = (row.theme for row in rule.rows if row.theme is not None)
            broken += [(rule.id, theme) for theme in shown if not isinstance(rules.get(theme), Theme)]
        if isinstance(rule, Pin | Veto | Boost) and rule.scope.surface is not None:
            surface = rules.surface(rule.scope.surface)
            if surface is None or (rule.scope.row is not None and surface.row(rule.scope.row) is None):
                broken.append((rule.id, surface_id(rule.scope.surface)))
    return broken
