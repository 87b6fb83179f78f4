"""One deed after the other until killed; each is told on standard output once it is acknowledged.

    python deeds.py edit|publish|train SEED

Pairs of pins tell whether a release is whole: those that one publication puts in slots 1 and 2 carry the
same number.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable

from recsys.domain.errors import Conflict, Invalid
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import AnyRule, Pin
from recsys.domain.scopes import Scope
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.releasing import publish
from recsys.services.shop import Shop, open_shop
from recsys.services.training import start_run
from recsys.settings import Settings

PAIRS = range(1, 10)


def tell(*words: object) -> None:
    """Say that something was acknowledged."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def edit(shop: Shop, chance: random.Random) -> None:
    """Put a pin somewhere into the draft, where it does not touch the pair."""
    slot, number = chance.randint(11, 30), chance.randint(13, 18)
    rule = Pin(
        id=RuleId(f"pin-edit-{slot}"),
        slot=slot,
        item_id=ItemId(f"i{number:02d}"),
        scope=Scope(surface="home"),
    )
    change = _put(shop, rule)
    if change is not None:
        tell("edit", change)


def release(shop: Shop, chance: random.Random) -> None:
    """Publish a pair of pins that belong together, with whatever else is in the draft."""
    number = chance.choice(PAIRS)
    for slot, prefix in ((1, 0), (2, 20)):
        item_id = ItemId(f"i{prefix + number:02d}")
        rule = Pin(id=RuleId(f"pin-pair-{slot}"), slot=slot, item_id=item_id, scope=Scope(surface="home"))
        _put(shop, rule)
    try:
        everything = [change.id for change in read_draft(shop).changes]
        made = publish(shop, OPERATOR, everything, comment=f"pair {number}")
    except (Conflict, Invalid):
        return
    tell("publish", made.number, number)


def train(shop: Shop, chance: random.Random) -> None:
    """Train a run."""
    tell("train", start_run(shop, OPERATOR, model="popular", seed=chance.randint(0, 99)).id)


def _put(shop: Shop, rule: AnyRule) -> int | None:
    try:
        return put_rule(shop, OPERATOR, rule, expected=rule_token(read_draft(shop), rule.id)).id
    except (Conflict, Invalid):
        return None  # somebody else was quicker, or it stands like this already


DEEDS: dict[str, Callable[[Shop, random.Random], None]] = {"edit": edit, "publish": release, "train": train}


def main() -> None:
    """Do one kind of deed over and over."""
    kind, seed = sys.argv[1], int(sys.argv[2])
    shop, chance = open_shop(Settings.from_environment(os.environ)), random.Random(seed)
    tell("ready")
    while True:
        DEEDS[kind](shop, chance)


if __name__ == "__main__":
    main()
