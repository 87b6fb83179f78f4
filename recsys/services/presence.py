"""Who else is at the desk just now. It is no deed: nothing of it is kept in the history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from recsys.domain.people import Actor, Permission
from recsys.services.shop import Shop
from recsys.storage.presence import Present

ASKED_EVERY = timedelta(seconds=20)
"""How often an open page says that somebody is there."""

FORGOTTEN_AFTER = timedelta(seconds=50)
"""Two silences in a row, and somebody counts as gone."""


def note_presence(shop: Shop, actor: Actor, place: str) -> None:
    """Note that somebody looks at a page; `place` is its path."""
    actor.require(Permission.VIEW)
    at = shop.clock()
    with shop.database.write() as unit:
        unit.presence.gone(at - FORGOTTEN_AFTER)
        unit.presence.seen(actor.name, place[:200], at)


def others_present(shop: Shop, actor: Actor) -> Sequence[Present]:
    """Who else was seen lately, by name."""
    with shop.database.read() as unit:
        return [
            each for each in unit.presence.since(shop.clock() - FORGOTTEN_AFTER) if each.person != actor.name
        ]
