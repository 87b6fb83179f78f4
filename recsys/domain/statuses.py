"""How each rule stands at a moment, and which other rules it meets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from recsys.domain.catalog import Item
from recsys.domain.conflicts import Clash, Placed, clashes, covers
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.live import theme_is_live
from recsys.domain.rules import AnyRule, Pin, RuleSet, SurfaceSettings, Theme, Veto
from recsys.domain.windows import zone_of

WEEKS_BETWEEN_REVIEWS = 13


class Status(StrEnum):
    """How a rule stands at a moment."""

    LIVE = "live"
    SCHEDULED = "scheduled"
    EXPIRED = "expired"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    OVERRULED = "overruled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What is asked of the catalog.

    Attributes:
        find: the item of an id, None where the catalog has none.
        sellable: whether an item can be bought in a market (None: anywhere) and is not taken down.
        shown: how many members of a theme can be bought somewhere.

    """

    find: Callable[[ItemId], Item | None]
    sellable: Callable[[ItemId, str | None], bool]
    shown: Callable[[Theme], int]


@dataclass(frozen=True, slots=True)
class Standing:
    """One rule as it stands.

    Attributes:
        by: the rule that overrules it wherever and whenever it would act, where one does.
        over, under: the rules that it overrules, and by which it is overruled, somewhere or some time.

    """

    rule: AnyRule
    status: Status
    by: AnyRule | None = None
    over: tuple[AnyRule, ...] = ()
    under: tuple[AnyRule, ...] = ()


def standings(rules: RuleSet, at: datetime, shelf: Shelf) -> list[Standing]:
    """Every rule of the set as it stands at the moment `at`, by id; clashes are named on both sides."""
    over: dict[RuleId, list[Placed]] = defaultdict(list)
    under: dict[RuleId, list[Placed]] = defaultdict(list)
    by: dict[RuleId, Placed] = {}
    for clash in clashes(rules, at, shelf.find):
        over[clash.winner.id].append(clash.loser)
        under[clash.loser.id].append(clash.winner)
        certain = clash.winner.id not in by and not _yields(clash, under[clash.winner.id])
        if certain and _overrules(clash, at, rules, shelf):
            by.setdefault(clash.loser.id, clash.winner)
    return [
        Standing(
            rule,
            status_of(rule, at, rules, shelf, by),
            by.get(rule.id),
            tuple(over[rule.id]),
            tuple(under[rule.id]),
        )
        for rule in sorted(rules, key=lambda each: each.id)
    ]


def status_of(
    rule: AnyRule, at: datetime, rules: RuleSet, shelf: Shelf, overruled: Mapping[RuleId, Placed]
) -> Status:
    """How one rule stands; `overruled` are those that another one overrules at this moment."""
    if isinstance(rule, SurfaceSettings):
        return Status.LIVE
    if rule.paused:
        return Status.PAUSED
    if rule.window.start is not None and at < rule.window.start:
        return Status.SCHEDULED
    if rule.window.end is not None and at >= rule.window.end:
        return Status.EXPIRED
    if isinstance(rule, Pin) and not can_show(rule, at, rules, shelf):
        return Status.SUSPENDED
    return Status.OVERRULED if rule.id in overruled else Status.LIVE


def can_show(pin: Pin, at: datetime, rules: RuleSet, shelf: Shelf) -> bool:
    """Whether a pin has something to show: its item can be bought where it holds, or its theme is live and has a member."""
    if pin.item_id is not None:
        return shelf.sellable(pin.item_id, pin.scope.market)
    theme = rules.get(pin.theme)
    return isinstance(theme, Theme) and theme_is_live(theme, at) and shelf.shown(theme) > 0


def review_due(rule: AnyRule, at: datetime, zone: str) -> bool:
    """Whether the day on which the rule is to be looked at has come in `zone`."""
    return rule.review is not None and rule.review <= at.astimezone(zone_of(zone)).date()


def next_review(at: datetime, zone: str) -> date:
    """A day to propose for the next look: a quarter on."""
    return at.astimezone(zone_of(zone)).date() + timedelta(weeks=WEEKS_BETWEEN_REVIEWS)


def _yields(clash: Clash[Placed], under: Sequence[Placed]) -> bool:
    """Whether what beats the winner somewhere may give the loser its turn there.

    Of two pins of one slot, whatever takes the winner's item (a veto, a pin of it in a lower slot) frees the slot; of two
    pins of one item, another pin in the winner's slot frees the item.
    """
    winner, loser = clash.winner, clash.loser
    if not (isinstance(winner, Pin) and isinstance(loser, Pin)):
        return False
    if winner.slot == loser.slot:
        return any(
            isinstance(each, Veto) or each.slot != winner.slot
            for each in under
            if isinstance(each, Veto | Pin)
        )
    return any(isinstance(each, Pin) and each.slot == winner.slot for each in under)


def _overrules(clash: Clash[Placed], at: datetime, rules: RuleSet, shelf: Shelf) -> bool:
    """Whether the winner takes every request that the loser matches at this moment.

    What a shopper owns or dislikes apart: then the next pin has its turn.
    """
    winner, loser = clash.winner, clash.loser
    if not (winner.window.holds(at) and loser.window.holds(at) and covers(winner, loser)):
        return False
    if not isinstance(winner, Pin):
        return True
    return can_show(winner, at, rules, shelf) and _shows_to_all(winner, loser.scope.market, rules, shelf)


def _shows_to_all(pin: Pin, market: str | None, rules: RuleSet, shelf: Shelf) -> bool:
    """Whether a pin has something to show to everybody in a market (None: in every market)."""
    theme = rules.get(pin.theme)
    if isinstance(theme, Theme):
        # Other pins and vetoes of items may take members away, each at most one; what a selector takes is not counted.
        vetoes = rules.of(Veto)
        taken = len(rules.of(Pin)) + len(vetoes)
        return shelf.shown(theme) > taken and all(each.target.selector is None for each in vetoes)
    item = shelf.find(pin.item_id) if pin.item_id is not None else None
    if item is None:
        return False
    return not item.markets if market is None else shelf.sellable(item.item_id, market)
