"""The draft: the live release plus a list of rule-level changes, each with its author."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from recsys.domain.errors import Invalid
from recsys.domain.ids import RuleId
from recsys.domain.rules import AnyRule, Boost, Pin, RuleSet, Theme, Veto, check_references, surface_id


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
    """The rules after `changes`, in the order of their ids; conflicts apply as their authors meant them."""
    rules = live
    for change in sorted(changes, key=lambda each: each.id):
        rules = rules.without(change.rule_id) if change.after is None else rules.with_rule(change.after)
    return rules


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
    """
    needed = _earlier_steps(changes, selected)
    taken = set(selected) | {each.change.id for each in needed}
    result = apply_changes(live, [change for change in changes if change.id in taken])
    for rule, named in _broken_references(result):
        for change in changes:
            if change.id not in taken and change.rule_id in {rule.id, named}:
                needed.append(Needed(change, rule.id))
                taken.add(change.id)
    return sorted(needed, key=lambda each: each.change.id)


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


def _broken_references(rules: RuleSet) -> list[tuple[AnyRule, RuleId]]:
    broken: list[tuple[AnyRule, RuleId]] = []
    for rule in rules:
        if isinstance(rule, Pin) and rule.theme and not isinstance(rules.get(rule.theme), Theme):
            broken.append((rule, rule.theme))
        if isinstance(rule, Pin | Veto | Boost) and rule.scope.surface is not None:
            surface = rules.surface(rule.scope.surface)
            if surface is None or (rule.scope.row is not None and surface.row(rule.scope.row) is None):
                broken.append((rule, surface_id(rule.scope.surface)))
    return broken
