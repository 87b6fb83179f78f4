"""Which pins overrule which, so that it is shown and not resolved in silence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from recsys.domain.rules import Pin, RuleSet
from recsys.domain.scopes import Scope
from recsys.domain.slots import precedence


@dataclass(frozen=True, slots=True)
class PinConflict:
    """Two pins that cannot both be served to some shopper at some moment: for one slot, or of one item."""

    winner: Pin
    loser: Pin


def pin_conflicts(rules: RuleSet, at: datetime) -> list[PinConflict]:
    """Pairs of pins that can meet, now or later, by slot; paused and expired ones apart.

    Of two for one slot the item pin wins over the theme pin, then precedence decides; of two that pin
    the same item the lower slot wins.
    """
    standing = [pin for pin in rules.of(Pin) if not pin.paused and not _expired(pin, at)]
    ordered = sorted(standing, key=lambda pin: (pin.slot, pin.item_id is None, precedence(pin)))
    return [
        PinConflict(first, second)
        for first, second in combinations(ordered, 2)
        if _compete(first, second)
        and scopes_meet(first.scope, second.scope)
        and first.window.overlaps(second.window)
    ]


def _expired(pin: Pin, at: datetime) -> bool:
    return pin.window.end is not None and pin.window.end <= at


def _compete(one: Pin, other: Pin) -> bool:
    return one.slot == other.slot or (one.item_id is not None and one.item_id == other.item_id)


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
