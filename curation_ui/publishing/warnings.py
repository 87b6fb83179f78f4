"""What will happen when a selection is published, in plain words, with the place to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from curation_ui.i18n import gettext as _
from curation_ui.surfaces.notices import thin_words
from curation_ui.words import Names, subject_words
from recsys.domain.catalog import Item
from recsys.domain.conflicts import pin_conflicts, scopes_meet
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import AnyRule, Pin, RuleSet, SurfaceSettings, Theme, Veto


@dataclass(frozen=True, slots=True)
class Warned:
    """One consequence worth knowing, and the rule at which it can be mended."""

    text: str
    rule: AnyRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the warnings are judged against: the rules after the publication and the shop as it is now.

    `sellable(item_id, market)` says whether an item can be shown at all; `members(theme)` which of a
    theme's members can.
    """

    rules: RuleSet
    names: Names
    at: datetime
    find: Callable[[ItemId], Item | None]
    sellable: Callable[[ItemId, str | None], bool]
    members: Callable[[Theme], Collection[ItemId]]


def warnings(ground: Ground, touched: AbstractSet[RuleId]) -> list[Warned]:
    """The consequences of the rules in `touched`, each said once."""
    return [
        *_gone(ground, touched),
        *_vetoed(ground, touched),
        *_thin(ground, touched),
        *_over(ground, touched),
        *_overruled(ground, touched),
    ]


def _gone(ground: Ground, touched: AbstractSet[RuleId]) -> Iterator[Warned]:
    for pin in _pins(ground, touched):
        if pin.item_id is None or ground.sellable(pin.item_id, pin.scope.market):
            continue
        title = ground.names.item(pin.item_id)
        if ground.find(pin.item_id) is None:
            text = _(
                "%(title)s is not in the catalog: slot %(slot)d goes to the next item.",
                title=title,
                slot=pin.slot,
            )
        else:
            text = _(
                "%(title)s is not available: slot %(slot)d goes to the next item until it is back.",
                title=title,
                slot=pin.slot,
            )
        yield Warned(text, pin)


def _vetoed(ground: Ground, touched: AbstractSet[RuleId]) -> Iterator[Warned]:
    vetoes = [veto for veto in ground.rules.of(Veto) if not veto.paused]
    for pin in ground.rules.of(Pin):
        item = ground.find(pin.item_id) if pin.item_id is not None else None
        if item is None or pin.paused:
            continue
        for veto in vetoes:
            if (
                not touched & {pin.id, veto.id}
                or not _meet(pin, veto)
                or not veto.target.matches(item, ground.at)
            ):
                continue
            text = _(
                "A veto keeps %(title)s out of its slot %(slot)d: “%(reason)s”.",
                title=item.title,
                slot=pin.slot,
                reason=veto.reason,
            )
            yield Warned(text, pin if pin.id in touched else veto)


def _thin(ground: Ground, touched: AbstractSet[RuleId]) -> Iterator[Warned]:
    pins = [pin for pin in ground.rules.of(Pin) if pin.theme is not None and not pin.paused]
    slots = Counter((pin.theme, pin.scope.surface) for pin in pins)
    concerned = {pin.theme for pin in pins if pin.id in touched} | {
        pin.theme for pin in pins if pin.theme in touched
    }
    for (theme_id, _surface), wanted in slots.items():
        theme = ground.rules.get(theme_id)
        if theme_id not in concerned or not isinstance(theme, Theme):
            continue
        left = len(ground.members(theme))
        if left < wanted:
            yield Warned(thin_words(theme.title, left, wanted), theme)


def _over(ground: Ground, touched: AbstractSet[RuleId]) -> Iterator[Warned]:
    for rule in ground.rules:
        if rule.id not in touched or isinstance(rule, SurfaceSettings):
            continue
        if rule.window.end is not None and rule.window.end <= ground.at:
            subject = subject_words(rule, ground.names)
            yield Warned(_("The time of %(subject)s is over: it will not act.", subject=subject), rule)


def _overruled(ground: Ground, touched: AbstractSet[RuleId]) -> Iterator[Warned]:
    for conflict in pin_conflicts(ground.rules, ground.at):
        winner, loser = conflict.winner, conflict.loser
        if touched & {winner.id, loser.id}:
            text = _(
                "Slot %(slot)d: %(winner)s wins over %(loser)s where both hold.",
                slot=winner.slot,
                winner=subject_words(winner, ground.names),
                loser=subject_words(loser, ground.names),
            )
            yield Warned(text, loser)


def _pins(ground: Ground, touched: AbstractSet[RuleId]) -> list[Pin]:
    return [pin for pin in ground.rules.of(Pin) if pin.id in touched and not pin.paused]


def _meet(pin: Pin, veto: Veto) -> bool:
    return scopes_meet(pin.scope, veto.scope) and pin.window.overlaps(veto.window)
