"""Settling a change whose rule moved underneath."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.domain.changes import Change
from recsys.domain.errors import Conflict, Invalid
from recsys.domain.people import Actor, Permission
from recsys.domain.rules import AnyRule
from recsys.services.drafting import (
    Draft,
    add_change,
    check_hand,
    check_names,
    draft_in,
    drop,
    forget,
    later_changes,
)
from recsys.services.shop import Deed, Shop, acting


def settle(shop: Shop, actor: Actor, change_id: int, *, keep: bool) -> Change | None:
    """Settle a change in conflict: keep it on top of what stands now, or drop it.

    Keeping restates the change, and the later changes that build on it, each still by its author;
    the first restated change is returned, None when what stands now is what was wanted. Dropping
    takes the later changes along, and is refused when one of them is somebody else's.

    Raises:
        NotFound: when it was published or undone already.
        Invalid: when it is not in conflict.
        Forbidden: when it is somebody else's and the actor is no publisher.
        Conflict: when it cannot be dropped.
    """
    with acting(shop, actor, Permission.EDIT) as deed:
        change = deed.unit.draft.get(change_id)
        check_hand(actor, change)
        draft = draft_in(deed.unit)
        conflict = next((each for each in draft.conflicts if each.change.id == change_id), None)
        if conflict is None:
            raise Invalid("change", "is not in conflict; undo it if it is no longer wanted")
        steps = [change, *later_changes(draft.changes, change)]
        if keep:
            return _restate(deed, draft, steps, conflict.found)
        _check_hands(actor, steps)
        drop(deed, draft, steps)
        return None


def _restate(deed: Deed, draft: Draft, steps: Sequence[Change], found: AnyRule | None) -> Change | None:
    """The steps again, the first on top of `found`; a step that changes nothing any more is left out."""
    last = steps[-1].after
    wanted = draft.rules.without(steps[0].rule_id) if last is None else draft.rules.with_rule(last)
    check_names(draft.rules, wanted, "change")
    forget(deed, steps)
    restated: list[Change] = []
    standing = found
    for step in steps:
        if step.after != standing:
            restated.append(add_change(deed, standing, step.after, author=step.author, note=step.note))
            standing = step.after
    return restated[0] if restated else None


def _check_hands(actor: Actor, steps: Sequence[Change]) -> None:
    others = [step for step in steps if step.author != actor.name]
    if others and not actor.may(Permission.PUBLISH):
        raise Conflict(
            f"{others[0].author} has built on this change; keep it, or ask them to undo theirs first.",
            theirs=others[0].after,
            yours=steps[0].after,
            by=others[0].author,
        )
