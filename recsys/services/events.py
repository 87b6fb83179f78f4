"""What storefronts tell: stored once, and felt at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from recsys.domain.events import Event, EventType, Fate
from recsys.services.rule_counts import counts_of
from recsys.services.shop import Shop
from recsys.storage.shoppers import Opinion, Seen
from recsys.storage.unit_of_work import UnitOfWork


def record_events(shop: Shop, events: Sequence[Event], received_at: datetime) -> list[Fate]:
    """Store the events that are new, with all that follows from them, in one transaction; the fate of each.

    Of events with the same name the first counts, for as long as it is kept. When this returns, they are durable.

    Raises:
        Unavailable: when the database is away, full or busy for too long; nothing is stored then.
    """
    if not events:
        return []
    first: dict[tuple[str, str], Event] = {}
    for event in events:
        first.setdefault((event.namespace, event.event_id), event)
    with shop.database.write_events() as unit:
        stored = unit.events.add(list(first.values()), received_at)
        _follow(unit, [event for name, event in first.items() if name in stored], received_at)
    return [_fate(event, first, stored) for event in events]


def _fate(event: Event, first: dict[tuple[str, str], Event], stored: set[tuple[str, str]]) -> Fate:
    name = (event.namespace, event.event_id)
    return Fate.ACCEPTED if first[name] is event and name in stored else Fate.REPEATED


def _follow(unit: UnitOfWork, fresh: Sequence[Event], received_at: datetime) -> None:
    """What new events make of their shoppers, and of the counts of rules."""
    unit.shoppers.hear(_opinions(fresh))
    unit.shoppers.see(_seen(fresh))
    unit.rule_counts.add(counts_of(fresh), received_at.date())


def _opinions(events: Iterable[Event]) -> Iterable[Opinion]:
    for event in events:
        if event.type.is_opinion:
            disliked = event.type is EventType.DISLIKE
            for kind, shopper in event.shoppers():
                yield Opinion(kind, shopper, event.item_id, event.at, disliked)


def _seen(events: Iterable[Event]) -> Iterable[Seen]:
    """What the events say of each shopper's items, each item once."""
    found: dict[tuple[str, str, str], Seen] = {}
    for event in events:
        if not event.type.shows_taste:
            continue
        for kind, shopper in event.shoppers():
            key = (kind, shopper, event.item_id)
            before, bought = found.get(key), event.type is EventType.PURCHASE
            at = event.at if before is None else max(before.at, event.at)
            found[key] = Seen(
                kind, shopper, event.item_id, at, bought or (before is not None and before.bought)
            )
    return found.values()
