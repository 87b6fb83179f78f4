"""The rules that one gesture on the grid makes: pure functions from what is seen to what is put in the draft."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from curation_ui.surfaces.view import View
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, RuleId, UserId, check_id
from recsys.domain.rules import (
    MAIN,
    MAX_SLOT,
    Boost,
    Pin,
    RuleSet,
    SurfaceSettings,
    Theme,
    Veto,
)
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Target
from recsys.domain.windows import ALWAYS

MAX_SLOTS_AT_ONCE = 20
_SEPARATORS = re.compile(r"[\s,;]+")


class Audience(StrEnum):
    """For whom a rule made on the grid holds."""

    EVERYONE = "everyone"
    MARKET = "market"
    SEGMENT = "segment"
    SHOPPER = "shopper"
    CONTEXT = "context"
    EVERYWHERE = "everywhere"


def audiences(surface: SurfaceSettings, view: View, market: str | None) -> list[Audience]:
    """The audiences that make sense for what is on the page, the one to offer first in front."""
    found = [Audience.CONTEXT] if surface.context and view.context else []
    found.append(Audience.EVERYONE)
    if view.market or market:
        found.append(Audience.MARKET)
    if view.segments:
        found.append(Audience.SEGMENT)
    if view.shopper:
        found.append(Audience.SHOPPER)
    return found


def scope_for(surface: SurfaceSettings, view: View, audience: Audience, market: str | None) -> Scope:
    """The scope of a rule made on this page for `audience`; `market` is the shopper's own where none is chosen.

    Raises:
        Invalid: when the page does not name what the audience needs.
    """
    if audience is Audience.EVERYWHERE:
        return EVERYWHERE
    here = Scope(surface=surface.slug, row=_row(surface, view))
    if audience is Audience.CONTEXT:
        return replace(here, context_item=ItemId(_given(next(iter(view.context), None), "an item beside it")))
    if audience is Audience.MARKET:
        return replace(here, market=_given(view.market or market, "a market"))
    if audience is Audience.SEGMENT:
        return replace(here, segment=_given(next(iter(view.segments), None), "a segment"))
    if audience is Audience.SHOPPER:
        return replace(here, user=UserId(_given(view.shopper, "a shopper")))
    return here


def read_audience(value: str, default: Audience) -> Audience:
    """The audience that a form names, `default` where it names none."""
    try:
        return Audience(value or default)
    except ValueError:
        raise Invalid("audience", "choose one of those offered") from None


def own_pin(rules: RuleSet, item_id: str, rule_id: str) -> Pin | None:
    """The rule called `rule_id` when it pins the item itself; not when a theme brings it there."""
    found = rules.get(rule_id) if rule_id else None
    return found if isinstance(found, Pin) and found.item_id == item_id else None


def pin_item(
    rules: RuleSet, item_id: str, slot: int, scope: Scope, new_id: Callable[[str], str], rule_id: str = ""
) -> Pin:
    """The pin that puts the item at `slot`.

    Moves the pin called `rule_id`, else one that the item has in the same scope; a new one where
    neither is there. A pin that was paused acts again.
    """
    found = own_pin(rules, item_id, rule_id)
    if found is None or found.scope != scope:
        found = next((pin for pin in rules.of(Pin) if pin.item_id == item_id and pin.scope == scope), None)
    if found is not None:
        return replace(found, slot=slot, paused=False)
    check_id(item_id, "item_id")
    return Pin(id=RuleId(new_id("pin")), slot=slot, item_id=ItemId(item_id), scope=scope)


def place_theme(
    rules: RuleSet, slug: str, slots: list[int], scope: Scope, new_id: Callable[[str], str]
) -> list[Pin]:
    """The pins that put the theme at `slots`; those that stand there already are left out.

    Raises:
        Invalid: when there is no such theme, or it stands at all these slots already.
    """
    theme = rules.theme(slug)
    if theme is None:
        raise Invalid("theme", "choose one of the themes")
    taken = {
        pin.slot for pin in rules.of(Pin) if pin.theme == theme.id and pin.scope == scope and not pin.paused
    }
    free = [slot for slot in slots if slot not in taken]
    if not free:
        raise Invalid("slots", f"“{theme.title}” stands there already; choose other slots")
    return [Pin(id=RuleId(new_id("pin")), slot=slot, theme=theme.id, scope=scope) for slot in free]


def veto_item(item_id: str, reason: str, scope: Scope, new_id: Callable[[str], str]) -> Veto:
    """A new veto on the item."""
    check_id(item_id, "item_id")
    return Veto(id=RuleId(new_id("veto")), target=Target(ItemId(item_id)), reason=reason.strip(), scope=scope)


def boost_item(
    rules: RuleSet, item_id: str, factor: float, scope: Scope, new_id: Callable[[str], str]
) -> Boost:
    """The boost or bury of the item: the one it has in this scope with another factor, else a new one."""
    target = Target(ItemId(check_id(item_id, "item_id")))
    for boost in rules.of(Boost):
        if boost.target == target and boost.scope == scope and boost.window == ALWAYS:
            return replace(boost, factor=factor, paused=False)
    return Boost(id=RuleId(new_id("boost")), target=target, factor=factor, scope=scope)


def add_member(rules: RuleSet, slug: str, item_id: str) -> Theme:
    """The theme with the item as its last hand-pick, and no longer among its exclusions.

    Raises:
        Invalid: when there is no such theme, or the item is one of its hand-picks already.
    """
    theme = rules.theme(slug)
    if theme is None:
        raise Invalid("theme", "choose one of the themes")
    if item_id in theme.picks:
        raise Invalid("theme", f"it is in “{theme.title}” already; choose another theme")
    check_id(item_id, "item_id")
    excluded = tuple(each for each in theme.excluded if each != item_id)
    return replace(theme, picks=(*theme.picks, ItemId(item_id)), excluded=excluded)


def read_slot(text: str, field: str = "slot") -> int:
    """The slot that a person typed.

    Raises:
        Invalid: when it is not a whole number from 1 to 500.
    """
    text = text.strip()
    if not (text.isdecimal() and text.isascii() and 1 <= int(text[:6]) <= MAX_SLOT):
        raise Invalid(field, f"give a slot from 1 to {MAX_SLOT}")
    return int(text)


def read_slots(text: str) -> list[int]:
    """The slots that a person typed, such as “5, 9”, in order and each once.

    Raises:
        Invalid: when there is none, one cannot be read, or there are too many.
    """
    parts = [part for part in _SEPARATORS.split(text.strip()) if part]
    if not 1 <= len(parts) <= MAX_SLOTS_AT_ONCE:
        raise Invalid("slots", f"give 1 to {MAX_SLOTS_AT_ONCE} slots such as 5, 9")
    return sorted({read_slot(part, "slots") for part in parts})


def _row(surface: SurfaceSettings, view: View) -> str | None:
    """The row that a rule names: none where the whole page is looked at.

    Naming the only row of a surface would make the pin more specific than others for nothing.
    """
    alone = view.row == MAIN and len(surface.rows) == 1
    return None if alone or view.whole else view.row


def _given(value: str | None, what: str) -> str:
    if not value:
        raise Invalid("audience", f"choose {what} above first")
    return value
