"""Taking items down at once, and lifting takedowns."""

from __future__ import annotations

from recsys.domain.errors import Conflict, Invalid
from recsys.domain.people import Actor, Permission
from recsys.domain.selectors import Target
from recsys.services.shop import Deed, Shop, acting, check_words
from recsys.storage.codec import encode_target
from recsys.storage.takedowns import Takedown


def take_down(shop: Shop, actor: Actor, target: Target, *, reason: str) -> Takedown:
    """Keep an item, or all that a selector covers, out of every answer from now on.

    Raises:
        Invalid: without a reason, or for an item that the catalog lacks.
        Conflict: when the same is taken down already; `theirs` is that takedown.
    """
    reason = check_words(reason, "reason", required=True)
    with acting(shop, actor, Permission.PUBLISH) as deed:
        _check_target(deed, target)
        takedown = Takedown(shop.new_id("takedown"), target, reason, actor.name, deed.at)
        deed.unit.takedowns.add(takedown)
        deed.unit.state.bump_overlay()
        deed.record("takedown.add", takedown.id, after=_content(takedown), comment=reason)
        return takedown


def lift(shop: Shop, actor: Actor, takedown_id: str, *, reason: str = "") -> Takedown:
    """End a takedown.

    Raises:
        NotFound: when there is none of that id.
        Conflict: when somebody lifted it already.
    """
    reason = check_words(reason, "reason")
    with acting(shop, actor, Permission.PUBLISH) as deed:
        found = deed.unit.takedowns.get(takedown_id)
        if not found.standing:
            raise Conflict("This takedown was lifted already.", theirs=found, by=found.lifted_by or "")
        lifted = deed.unit.takedowns.lift(takedown_id, at=deed.at, by=actor.name, reason=reason)
        deed.unit.state.bump_overlay()
        deed.record("takedown.lift", takedown_id, before=_content(found), comment=reason)
        return lifted


def standing(shop: Shop) -> list[Takedown]:
    """The takedowns that act, newest first."""
    with shop.database.read() as unit:
        return unit.takedowns.standing()


def takedowns(shop: Shop, limit: int = 200) -> list[Takedown]:
    """The last takedowns, standing or lifted, newest first."""
    with shop.database.read() as unit:
        return unit.takedowns.newest(limit)


def _check_target(deed: Deed, target: Target) -> None:
    if target.item_id is not None and not deed.unit.items.get([target.item_id]):
        raise Invalid("item", f"the catalog has no item “{target.item_id}”")
    same = next((each for each in deed.unit.takedowns.standing() if each.target == target), None)
    if same is not None:
        raise Conflict("This is taken down already.", theirs=same, by=same.author)


def _content(takedown: Takedown) -> dict[str, object]:
    return {"target": encode_target(takedown.target), "reason": takedown.reason, "author": takedown.author}
