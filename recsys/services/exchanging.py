"""Rules and themes out to a file and in again: what a file would do to the draft, and doing it as one step."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from recsys.data.report import BadRow
from recsys.data.rule_files import Placed, read_rules, write_rules
from recsys.data.rule_sheets import RuleRow
from recsys.data.theme_files import read_themes, write_themes
from recsys.domain.changes import broken_references
from recsys.domain.ids import RuleId
from recsys.domain.people import Actor, Permission
from recsys.domain.rules import (
    RESERVED_THEME_SLUGS,
    AnyRule,
    Boost,
    Pin,
    RuleSet,
    SurfaceSettings,
    Theme,
    Veto,
    kind_of,
)
from recsys.services.bulk import Edit, Step, step_in
from recsys.services.drafting import Draft, draft_in, read_draft, rule_token, signed
from recsys.services.shop import Shop, acting


@dataclass(frozen=True, slots=True)
class Plan:
    """What importing a file comes to: rules new to the draft, rules it changes, how many stay, and every bad line."""

    new: tuple[AnyRule, ...]
    changed: tuple[AnyRule, ...]
    unchanged: int
    problems: tuple[BadRow, ...]

    @property
    def does(self) -> int:
        """How many rules it makes or changes."""
        return len(self.new) + len(self.changed)

    @property
    def bad_lines(self) -> int:
        """How many lines have a problem; one line may have several."""
        return len({problem.line for problem in self.problems})


def count_rules(rules: RuleSet) -> int:
    """How many rules of a set can stand in a file."""
    return sum(isinstance(rule, Pin | Veto | Boost) for rule in rules)


def rules_to_export(rules: RuleSet, chosen: Collection[str] | None = None) -> str:
    """The pins, vetoes and boosts of a set as CSV; `chosen`: only those with these ids."""
    placed = [rule for rule in rules if isinstance(rule, Pin | Veto | Boost)]
    return write_rules(rule for rule in placed if chosen is None or rule.id in chosen)


def themes_to_export(rules: RuleSet) -> str:
    """The themes of a set as CSV."""
    return write_themes(rules.of(Theme))


def plan_import(shop: Shop, actor: Actor, data: bytes) -> Plan:
    """What importing a file of rules would do to the draft as it stands; nothing is changed.

    Raises:
        Invalid: when the file cannot be used at all.
    """
    return _look(shop, actor, *read_rules(data), _misfits)


def plan_themes(shop: Shop, actor: Actor, data: bytes) -> Plan:
    """The same for a file of themes."""
    return _look(shop, actor, *read_themes(data), _theme_misfits)


def import_rules(shop: Shop, actor: Actor, data: bytes, *, note: str = "") -> tuple[Plan, Step | None]:
    """Bring the rules of a file into the draft as one step, or nothing when any line is bad.

    A rule with the id of one in the draft replaces it; what the file does not name stays. The step is None when a line
    is bad or the file changes nothing.

    Raises:
        Invalid: when the file cannot be used at all.
    """
    return _bring_in(shop, actor, *read_rules(data), _misfits, note)


def import_themes(shop: Shop, actor: Actor, data: bytes, *, note: str = "") -> tuple[Plan, Step | None]:
    """The same for a file of themes; a theme with the slug of one in the draft replaces it as a whole."""
    return _bring_in(shop, actor, *read_themes(data), _theme_misfits, note)


Rows = Sequence[RuleRow[Any]]
Misfits = Callable[[Draft, Rows], list[BadRow]]
"""Which lines say what could be, but not in this draft."""


def _look(shop: Shop, actor: Actor, rows: Rows, bad: Sequence[BadRow], misfits: Misfits) -> Plan:
    actor.require(Permission.EDIT)
    draft = read_draft(shop)
    return _plan(shop, actor, draft, rows, [*bad, *misfits(draft, rows)])


def _bring_in(
    shop: Shop, actor: Actor, rows: Rows, bad: Sequence[BadRow], misfits: Misfits, note: str
) -> tuple[Plan, Step | None]:
    with acting(shop, actor, Permission.EDIT) as deed:
        draft = draft_in(deed.unit)
        plan = _plan(shop, actor, draft, rows, [*bad, *misfits(draft, rows)])
        if plan.problems or not plan.does:
            return plan, None
        edits = [Edit(rule.id, rule, rule_token(draft, rule.id)) for rule in (*plan.new, *plan.changed)]
        return plan, step_in(deed, draft, edits, note)


def _plan(shop: Shop, actor: Actor, draft: Draft, rows: Rows, problems: Sequence[BadRow]) -> Plan:
    refused = {each.line for each in problems}
    new: list[AnyRule] = []
    changed: list[AnyRule] = []
    unchanged = 0
    for row in rows:
        if row.line in refused:
            continue
        current = draft.rules.get(row.rule.id) if row.named else None
        rule = signed(row.rule, current, actor)
        if rule == current:
            unchanged += 1
        elif current is not None:
            changed.append(rule)
        else:
            new.append(rule if row.named else replace(rule, id=RuleId(shop.new_id(kind_of(rule)))))
    return Plan(tuple(new), tuple(changed), unchanged, tuple(sorted(problems, key=lambda each: each.line)))


def _misfits(draft: Draft, rows: Sequence[RuleRow[Placed]]) -> list[BadRow]:
    """Lines whose rules do not fit into the draft: of another kind than the rule there, or naming what is not there."""
    found = []
    ground = [rule for rule in draft.rules if isinstance(rule, Theme | SurfaceSettings)]
    for row in rows:
        current = draft.rules.get(row.rule.id) if row.named else None
        if current is not None and type(current) is not type(row.rule):
            found.append(BadRow(row.line, "id", f"“{row.rule.id}” is the id of a {kind_of(current)} already"))
    lines = {row.rule.id: row for row in rows}
    for rule_id, named in broken_references(RuleSet([*ground, *(row.rule for row in rows)])):
        if rule_id in lines:
            found.append(_missing(lines[rule_id], named, draft.rules))
    return found


def _missing(row: RuleRow[Placed], named: str, rules: RuleSet) -> BadRow:
    kind, _, slug = named.partition("-")
    if kind == "theme":
        return BadRow(row.line, "theme", f"there is no theme “{slug}”; make it first")
    if rules.get(named) is None:
        return BadRow(row.line, "surface", f"there is no surface “{slug}”; make it first")
    return BadRow(row.line, "row", f"the surface “{slug}” has no row “{row.rule.scope.row}”")


def _theme_misfits(draft: Draft, rows: Sequence[RuleRow[Theme]]) -> list[BadRow]:
    """Lines whose themes have no place in the draft: the id belongs to another rule, or the desk needs the address."""
    found = []
    for row in rows:
        current = draft.rules.get(row.rule.id)
        if current is not None and not isinstance(current, Theme):
            found.append(
                BadRow(row.line, "slug", f"“{row.rule.id}” is the id of a {kind_of(current)} already")
            )
        elif current is None and row.rule.slug in RESERVED_THEME_SLUGS:
            found.append(
                BadRow(
                    row.line, "slug", f"“{row.rule.slug}” is an address of the desk itself; choose another"
                )
            )
    return found
