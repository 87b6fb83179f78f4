"""What changed: between two rule sets, and between two slates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import AnyRule, RuleSet
from recsys.domain.slates import Placed


@dataclass(frozen=True, slots=True)
class RuleDifference:
    """One rule that differs: made (`before` None), removed (`after` None) or changed in `fields`."""

    rule_id: RuleId
    before: AnyRule | None
    after: AnyRule | None
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """An item's position before and after; None where it is absent."""

    item_id: ItemId
    before: int | None
    after: int | None


def changed_fields(before: AnyRule | None, after: AnyRule | None) -> tuple[str, ...]:
    """The names of the fields in which two versions of a rule differ; none when one of them is missing."""
    if before is None or after is None or type(before) is not type(after):
        return ()
    names = [each.name for each in fields(before) if each.compare]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def diff_rules(before: RuleSet, after: RuleSet) -> list[RuleDifference]:
    """The rules that differ, by id."""
    ids = sorted({rule.id for rule in before} | {rule.id for rule in after})
    pairs = ((rule_id, before.get(rule_id), after.get(rule_id)) for rule_id in ids)
    return [RuleDifference(i, a, b, changed_fields(a, b)) for i, a, b in pairs if a != b]


def diff_slates(before: Sequence[Placed], after: Sequence[Placed]) -> list[Move]:
    """The items whose position differs: first those of `after` in order, then those that left."""
    was = {placed.item_id: placed.position for placed in before}
    now = {placed.item_id: placed.position for placed in after}
    moved = [Move(i, was.get(i), position) for i, position in now.items() if was.get(i) != position]
    return moved + [Move(i, position, None) for i, position in was.items() if i not in now]
