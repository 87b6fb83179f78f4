"""Working on the draft.

Whoever saves a rule says which version they saw, by its token. When the rule stands otherwise by
then, they are told and shown what stands; nobody is overwritten silently.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from recsys.domain.changes import (
    Change,
    ChangeConflict,
    apply_changes,
    broken_references,
    find_conflicts,
)
from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.people import Actor, Permission
from recsys.domain.rules import AnyRule, RuleSet, kind_of
from recsys.services.shop import Deed, Shop, acting, check_words
from recsys.storage.codec import decode_rule, encode_change, encode_rule
from recsys.storage.unit_of_work import UnitOfWork

NEW = "new"
"""The token of a rule that does not exist yet."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The live release and the changes on top of it.

    `live` are the live rules, `rules` what they become with all `changes`; `conflicts` are the
    changes whose rule moved underneath. `revision` grows with every change of the draft.
    """

    live: RuleSet
    live_number: int | None
    run_id: str | None
    changes: tuple[Change, ...]
    rules: RuleSet
    conflicts: tuple[ChangeConflict, ...]
    revision: int


def read_draft(shop: Shop) -> Draft:
    """The draft as it stands."""
    with shop.database.read() as unit:
        return draft_in(unit)


def draft_in(unit: UnitOfWork) -> Draft:
    """The draft as a unit of work sees it."""
    pointer = unit.state.pointer()
    number = pointer.release
    live = RuleSet() if number is None else unit.releases.rules(number)
    changes = unit.draft.changes()
    return Draft(
        live=live,
        live_number=number,
        run_id=None if number is None else unit.releases.info(number).run_id,
        changes=changes,
        rules=apply_changes(live, changes),
        conflicts=tuple(find_conflicts(live, changes)),
        revision=pointer.draft_revision,
    )


def rule_token(draft: Draft, rule_id: str) -> str:
    """Which version of a rule the draft shows.

    “c45”: the draft's last change of it; “r12”: the live content, first published in release 12; else “new”.
    """
    last = _last_change(draft.changes, rule_id)
    if last is not None:
        return f"c{last.id}"
    live = draft.live.get(rule_id)
    return NEW if live is None else f"r{live.published}"


def put_rule(shop: Shop, actor: Actor, rule: AnyRule, *, expected: str, note: str = "") -> Change:
    """Make or change a rule in the draft; `expected` is the token of what the editor saw.

    The author of a rule is who made it; the owner is the author unless somebody else is named.

    Raises:
        Conflict: when the rule stands otherwise by now; carries theirs, yours and by whom.
        Invalid: when nothing changed, or the rule or what names it would break.
    """
    note = check_words(note, "note")
    with acting(shop, actor, Permission.EDIT) as deed:
        draft = draft_in(deed.unit)
        current = draft.rules.get(rule.id)
        wanted = signed(rule, current, actor)
        check_seen(deed.unit, draft, rule.id, expected, wanted)
        check_kind(wanted, current)
        if wanted == current:
            raise Invalid("rule", "nothing changed")
        check_names(draft.rules, draft.rules.with_rule(wanted), "rule")
        return _add(deed, current, wanted, note)


def remove_rule(shop: Shop, actor: Actor, rule_id: str, *, expected: str, note: str = "") -> Change:
    """Remove a rule in the draft; `expected` is the token of what the editor saw.

    Raises:
        Conflict: when the rule stands otherwise by now; carries theirs and by whom.
        NotFound: when there is no such rule.
        Invalid: when other rules name it.
    """
    note = check_words(note, "note")
    with acting(shop, actor, Permission.EDIT) as deed:
        draft = draft_in(deed.unit)
        current = draft.rules.get(rule_id)
        check_seen(deed.unit, draft, rule_id, expected, None)
        if current is None:
            raise NotFound("rule", f"There is no rule “{rule_id}” in the draft.")
        check_names(draft.rules, draft.rules.without(rule_id), "rule")
        return _add(deed, current, None, note)


def undo(shop: Shop, actor: Actor, change_id: int) -> None:
    """Take a change out of the draft: one's own, or as a publisher anybody's.

    Raises:
        NotFound: when it was published or undone already.
        Forbidden: when it is somebody else's.
        Conflict: when a later change builds on it, or rules of the draft name what it made.
    """
    with acting(shop, actor, Permission.EDIT) as deed:
        change = deed.unit.draft.get(change_id)
        check_hand(actor, change)
        draft = draft_in(deed.unit)
        check_last(draft.changes, [change])
        drop(deed, draft, [change])


def check_last(changes: Collection[Change], step: Collection[Change]) -> None:
    """Raise Conflict when a change of the draft outside a step builds on one in it."""
    ids = {each.id for each in step}
    for change in step:
        later = [each for each in later_changes(changes, change) if each.id not in ids]
        if later:
            raise Conflict(
                f"A later change of {change.rule_id} by {later[0].author} builds on this one; undo that first.",
                theirs=later[0].after,
                yours=change.after,
                by=later[0].author,
            )


def drop(deed: Deed, draft: Draft, changes: Collection[Change]) -> None:
    """Take changes out of the draft within a use case; raises Conflict when rules name what they made."""
    gone = {change.id for change in changes}
    rest = apply_changes(draft.live, [change for change in draft.changes if change.id not in gone])
    try:
        check_names(draft.rules, rest, "change")
    except Invalid as error:
        raise Conflict(f"It cannot be undone: {error.message}.") from None
    forget(deed, changes)


def forget(deed: Deed, changes: Collection[Change]) -> None:
    """Remove changes and write their audit entries, newest first."""
    for change in sorted(changes, key=lambda each: -each.id):
        deed.unit.draft.remove([change.id])
        deed.record("draft.undo", change.rule_id, before=encode_change(change))
    deed.unit.state.bump_draft()


def add_change(
    deed: Deed, before: AnyRule | None, after: AnyRule | None, *, author: str, note: str
) -> Change:
    """Append a change to the draft, with its audit entry."""
    change = deed.unit.draft.add(before, after, author=author, at=deed.at, note=note)
    deed.record("draft.change", change.rule_id, after=encode_change(change), comment=note)
    deed.unit.state.bump_draft()
    return change


def check_hand(actor: Actor, change: Change) -> None:
    """Raise Forbidden unless the change is the actor's own or the actor may publish."""
    if change.author != actor.name and not actor.may(Permission.PUBLISH):
        raise Forbidden(f"This change is by {change.author}; ask them or a publisher.")


def check_names(before: RuleSet, after: RuleSet, field: str) -> None:
    """Raise Invalid when rules name something that they did not lack `before` and lack `after`."""
    known = set(broken_references(before))
    broken = [pair for pair in broken_references(after) if pair not in known]
    if broken:
        rule_id, named = broken[0]
        raise Invalid(field, f"{rule_id} names {_thing(named)}, which would not exist; settle that first")


def later_changes(changes: Collection[Change], change: Change) -> list[Change]:
    """The changes of the same rule after `change`, in their order."""
    return [each for each in changes if each.rule_id == change.rule_id and each.id > change.id]


def _add(deed: Deed, before: AnyRule | None, after: AnyRule | None, note: str) -> Change:
    return add_change(deed, before, after, author=deed.actor.name, note=note)


def signed(rule: AnyRule, current: AnyRule | None, actor: Actor) -> AnyRule:
    """The rule as it will be stored, with its author and owner."""
    author = actor.name if current is None else current.author
    signed = replace(rule, author=author, owner=rule.owner.strip() or author)
    return decode_rule(kind_of(signed), encode_rule(signed))


def check_seen(unit: UnitOfWork, draft: Draft, rule_id: str, expected: str, yours: AnyRule | None) -> None:
    """Raise Conflict when a rule no longer stands as the editor saw it."""
    if rule_token(draft, rule_id) == expected:
        return
    by = _last_hand(unit, draft, rule_id)
    raise Conflict(
        f"{by or 'Somebody'} changed {rule_id} since you opened it.",
        theirs=draft.rules.get(rule_id),
        yours=yours,
        by=by,
    )


def _last_hand(unit: UnitOfWork, draft: Draft, rule_id: str) -> str:
    """Who last touched a rule: in the draft, else by publishing it, else by the release that removed it."""
    last = _last_change(draft.changes, rule_id)
    if last is not None:
        return last.author
    live = draft.live.get(rule_id)
    number = live.published if live is not None else draft.live_number
    return "" if number is None else unit.releases.info(number).author


def check_kind(rule: AnyRule, current: AnyRule | None) -> None:
    """Raise Invalid when the id belongs to a rule of another kind."""
    if current is not None and type(current) is not type(rule):
        raise Invalid("id", f"{rule.id} is the id of a {kind_of(current)} already")


def _last_change(changes: Collection[Change], rule_id: str) -> Change | None:
    return max((each for each in changes if each.rule_id == rule_id), key=lambda each: each.id, default=None)


def _thing(named: str) -> str:
    kind, _, slug = named.partition("-")
    return f"a row or the surface “{slug}”" if kind == "surface" else f"the theme “{slug}”"
