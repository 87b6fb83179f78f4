"""Many rules changed as one step of the draft: all of it or nothing, and undone as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from recsys.domain.errors import Invalid, NotFound
from recsys.domain.people import Actor, Permission
from recsys.domain.rules import AnyRule, RuleSet, SurfaceSettings
from recsys.domain.windows import Window
from recsys.services.drafting import (
    Draft,
    add_change,
    check_kind,
    check_last,
    check_names,
    check_seen,
    draft_in,
    drop,
    signed,
)
from recsys.services.shop import Deed, Shop, acting, check_words

MOST = 5_000
"""Rules changed in one step."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What a rule becomes (`after` None: it goes), and the token of what the editor saw."""

    rule_id: str
    after: AnyRule | None
    expected: str


@dataclass(frozen=True, slots=True)
class Step:
    """The changes of one step, which `undo_step` takes back together: all ids from `first` to `last`."""

    first: int
    last: int
    count: int


def paused(rule: AnyRule, pause: bool) -> AnyRule:
    """The rule paused, or acting again; raises Invalid for the settings of a surface, which cannot be."""
    if isinstance(rule, SurfaceSettings):
        raise Invalid("paused", "the settings of a surface cannot be paused")
    return replace(rule, paused=pause)


def ending(rule: AnyRule, end: datetime | None, zone: str) -> AnyRule:
    """The rule with another end (None: no end), thought of in `zone`; raises Invalid where it would end before it starts."""
    if isinstance(rule, SurfaceSettings):
        raise Invalid("window.end", "the settings of a surface have no end")
    return replace(rule, window=Window(rule.window.start, end, zone))


def reviewed(rule: AnyRule, day: date | None) -> AnyRule:
    """The rule with another day of review."""
    return replace(rule, review=day)


def owned(rule: AnyRule, owner: str) -> AnyRule:
    """The rule with another owner."""
    return replace(rule, owner=check_words(owner, "owner", required=True))


def change_rules(shop: Shop, actor: Actor, edits: Sequence[Edit], *, note: str = "") -> Step:
    """Make all edits in one transaction, each a change of the draft with its audit entry; what changes nothing is left out.

    Raises:
        Conflict: when a rule stands otherwise by now; carries theirs, yours and by whom.
        NotFound: when a rule that is to go is not there.
        Invalid: when nothing changes, there are too many edits, or rules would name what is not there.
    """
    words = check_words(note, "note")
    with acting(shop, actor, Permission.EDIT) as deed:
        return step_in(deed, draft_in(deed.unit), edits, words)


def step_in(deed: Deed, draft: Draft, edits: Sequence[Edit], note: str) -> Step:
    """The same within a use case's transaction."""
    if len(edits) > MOST:
        raise Invalid("rules", f"change at most {MOST:,} rules at once")
    if len({edit.rule_id for edit in edits}) < len(edits):
        raise Invalid("rules", "a rule is named twice; name each once")
    wanted = [(draft.rules.get(edit.rule_id), _checked(deed, draft, edit)) for edit in edits]
    pairs = [(before, after) for before, after in wanted if before != after]
    if not pairs:
        raise Invalid("rules", "nothing changed")
    check_names(draft.rules, _after(draft.rules, edits, wanted), "rules")
    made = [add_change(deed, before, after, author=deed.actor.name, note=note) for before, after in pairs]
    return Step(made[0].id, made[-1].id, len(made))


def undo_step(shop: Shop, actor: Actor, first: int, last: int) -> int:
    """Take the actor's own changes with the ids from `first` to `last` out of the draft together; how many they were.

    Raises:
        NotFound: when none of them is there any more.
        Conflict: when a later change builds on one of them, or rules of the draft name what one of them made.
    """
    with acting(shop, actor, Permission.EDIT) as deed:
        draft = draft_in(deed.unit)
        step = [each for each in draft.changes if first <= each.id <= last and each.author == actor.name]
        if not step:
            raise NotFound(
                "change", "These changes are no longer in the draft: they were published or undone."
            )
        check_last(draft.changes, step)
        drop(deed, draft, step)
        return len(step)


def _checked(deed: Deed, draft: Draft, edit: Edit) -> AnyRule | None:
    current = draft.rules.get(edit.rule_id)
    wanted = None if edit.after is None else signed(edit.after, current, deed.actor)
    check_seen(deed.unit, draft, edit.rule_id, edit.expected, wanted)
    if wanted is not None:
        check_kind(wanted, current)
    elif current is None:
        raise NotFound("rule", f"There is no rule “{edit.rule_id}” in the draft.")
    return wanted


def _after(
    rules: RuleSet, edits: Sequence[Edit], wanted: Sequence[tuple[AnyRule | None, AnyRule | None]]
) -> RuleSet:
    gone = {edit.rule_id for edit in edits}
    kept = [rule for rule in rules if rule.id not in gone]
    return RuleSet([*kept, *(after for _, after in wanted if after is not None)])
