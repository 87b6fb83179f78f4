"""Which pins overrule which, so that it is shown and not resolved in silence."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from recsys.domain.rules import Pin, RuleSet
from recsys.domain.scopes import Scope
from recsys.domain.slots import precedence


@dataclass(frozen=True, slots=True)
class PinConflict:
    """Two pins that want the same slot of some shopper at some moment."""

    winner: Pin
    loser: Pin


def pin_conflicts(rules: RuleSet, at: datetime) -> list[PinConflict]:
    """Pairs of pins for one slot that can meet, now or later, by slot; paused and expired ones apart."""
    by_slot: dict[int, list[Pin]] = defaultdict(list)
    for pin in rules.of(Pin):
        if not pin.paused and (pin.window.end is None or pin.window.end > at):
            by_slot[pin.slot].append(pin)
    return [
        PinConflict(first, second)
        for slot in sorted(by_slot)
        for first, second in combinations(sorted(by_slot[slot], key=precedence), 2)
        if scopes_meet(first.scope, second.scope) and first.window.overlaps(second.window)
    ]


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
