"""Which rules overrule which, so that it is shown and not resolved in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.rules import Boost, Pin, RuleSet, Veto
from recsys.domain.scopes import Scope
from recsys.domain.slots import precedence

Placed = Pin | Veto | Boost
P = TypeVar("P", bound=Placed)
SCOPE_PARTS = ("surface", "row", "context_item", "context_selector", "market", "segment", "user")


@dataclass(frozen=True, slots=True)
class PinConflict:
    """Two pins that cannot both be served to some shopper at some moment: for one slot, or of one item."""

    winner: Pin
    loser: Pin


@dataclass(frozen=True, slots=True)
class Clash(Generic[P]):
    """A rule that keeps another from acting where and when both hold."""

    winner: Placed
    loser: P


def pin_conflicts(rules: RuleSet, at: datetime) -> list[PinConflict]:
    """Pairs of pins that can meet, now or later, by slot; paused and expired ones apart.

    Of two for one slot the item pin wins over the theme pin, then precedence decides; of two that pin
    the same item the lower slot wins.
    """
    standing = [pin for pin in rules.of(Pin) if not pin.paused and not expired(pin, at)]
    ordered = sorted(standing, key=lambda pin: (pin.slot, pin.item_id is None, precedence(pin)))
    return [
        PinConflict(ordered[first], ordered[second])
        for first, second in _rivals(ordered)
        if _meet(ordered[first], ordered[second])
    ]


def clashes(rules: RuleSet, at: datetime, find: Callable[[ItemId], Item | None]) -> list[Clash[Placed]]:
    """Every pair of rules of which one can overrule the other, now or later; paused and expired ones apart.

    Pins as in `pin_conflicts`; a veto overrules the pins of the items that it holds; and of two boosts, or two buries,
    of the same items only the stronger acts. A pair comes after those in which its winner loses.
    """
    pins: Iterator[Clash[Placed]] = (Clash(each.winner, each.loser) for each in pin_conflicts(rules, at))
    return [*_vetoed(rules, at, find), *pins, *_outweighed(rules, at)]


def covers(winner: Placed, loser: Placed) -> bool:
    """Whether whoever gets `loser` gets `winner` too: its scope is as wide or wider, and nobody is held out."""
    return wider(winner.scope, loser.scope) and getattr(winner, "holdout", 0) == 0


def wider(one: Scope, other: Scope) -> bool:
    """Whether `one` holds wherever `other` does: each of its parts is open or the same."""
    return all(getattr(one, part) in {None, getattr(other, part)} for part in SCOPE_PARTS)


def expired(rule: Placed, at: datetime) -> bool:
    """Whether the rule's window is over at the moment `at`."""
    return rule.window.end is not None and rule.window.end <= at


def scopes_meet(one: Scope, other: Scope) -> bool:
    """Whether some request can match both: no part is given differently by the two.

    Different segments, context items and selectors can meet: a shopper is in several segments, and a
    surface may stand beside several items.
    """
    return all(
        getattr(one, part) is None
        or getattr(other, part) is None
        or getattr(one, part) == getattr(other, part)
        for part in ("surface", "row", "market", "user")
    )


def _rivals(ordered: Sequence[Pin]) -> list[tuple[int, int]]:
    """Pairs of places in `ordered` whose pins want one slot or one item, the earlier first, in order."""
    wanting: dict[Hashable, list[int]] = defaultdict(list)
    for place, pin in enumerate(ordered):
        wanting[pin.slot].append(place)
        if pin.item_id is not None:
            wanting[pin.item_id].append(place)
    pairs = {
        (first, second)
        for places in wanting.values()
        for number, first in enumerate(places)
        for second in places[number + 1 :]
    }
    return sorted(pairs)


def _meet(one: Placed, other: Placed) -> bool:
    return scopes_meet(one.scope, other.scope) and one.window.overlaps(other.window)


def _vetoed(rules: RuleSet, at: datetime, find: Callable[[ItemId], Item | None]) -> Iterator[Clash[Placed]]:
    vetoes = [veto for veto in rules.of(Veto) if not veto.paused and not expired(veto, at)]
    of_item: dict[ItemId | None, list[Veto]] = defaultdict(list)
    for veto in vetoes:
        of_item[veto.target.item_id].append(veto)
    for pin in rules.of(Pin):
        if pin.item_id is None or pin.paused or expired(pin, at):
            continue
        item = find(pin.item_id)
        held = (veto for veto in of_item[None] if item is not None and veto.target.matches(item, at))
        for veto in (*of_item.get(pin.item_id, ()), *held):
            if _meet(pin, veto):
                yield Clash(veto, pin)


def _outweighed(rules: RuleSet, at: datetime) -> Iterator[Clash[Placed]]:
    alike: dict[Hashable, list[Boost]] = defaultdict(list)
    for boost in rules.of(Boost):
        if not boost.paused and not expired(boost, at):
            alike[boost.target, boost.factor > 1].append(boost)
    for group in alike.values():
        ordered = sorted(group, key=lambda each: (-max(each.factor, 1 / each.factor), each.id))
        for number, winner in enumerate(ordered):
            for loser in ordered[number + 1 :]:
                if _meet(winner, loser):
                    yield Clash(winner, loser)
