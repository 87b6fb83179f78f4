"""Events join the interactions, from which runs learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b

import pyarrow as pa

from recsys.data.schema import interactions_table
from recsys.domain.events import Event, EventType
from recsys.services.sharing import shared_interactions
from recsys.services.shop import Shop
from recsys.storage.partitions import start_of_day
from recsys.storage.unit_of_work import UnitOfWork

_INSTANT = timedelta(microseconds=1)
_FEW = 1_000
_DIGEST_BYTES = 16
_PAUSE_SECONDS = 0.02
_COLUMNS = ("user_id", "item_id", "kind", "timestamp", "quantity", "value", "weight")


@dataclass(frozen=True, slots=True)
class Taken:
    """The revision up to which events are among the interactions now, and how many rows that added."""

    revision: int
    added: int


def take_events(shop: Shop) -> Taken:
    """Add the events since the last take to the interactions, each exactly once, and drop what has had its time.

    A take that is killed is made up for by the next: the same events give the same rows, and the store
    keeps no row twice. Dropped are taken events of days (UTC) that were over `settings.event_days` ago, what users
    looked at before that, and what sessions did that are over.

    Raises:
        Unavailable: when the database is away.
    """
    with shop.database.read() as unit:
        line = unit.events.line()
        pieces = unit.events.after(line.taken, line.revision)
        rows = _Rows(shop.settings.derived_key("session interactions"))
        store = shared_interactions(shop.settings)
        added = 0 if line.taken == line.revision else store.append(rows.tables(pieces)).added
    _conclude(shop, line.revision)
    return Taken(line.revision, added)


def _conclude(shop: Shop, revision: int) -> None:
    now = shop.clock()
    old = start_of_day(now - timedelta(days=shop.settings.event_days))
    with shop.database.write_events() as unit:
        unit.events.take(revision)
    # By themselves, and in pieces: whoever notes how far the line has come holds up all who tell events.
    forget_events(shop, old)
    shop.database.make_room_for_events(now)
    with shop.database.write_events() as unit:
        unit.shoppers.forget_looks(old)
        unit.shoppers.forget_sessions(now - timedelta(days=shop.settings.session_days))


def forget_events(shop: Shop, before: datetime) -> None:
    """Forget the taken events that arrived before a moment, and then their names.

    Partitions that are wholly past are dropped; the rest is deleted in lots. The names go last: an event whose name
    is forgotten is new when it is told again.
    """
    shop.database.drop_events(before)
    _in_lots(shop, lambda unit: unit.events.forget(before))
    _in_lots(shop, lambda unit: unit.events.forget_keys(before))


def _in_lots(shop: Shop, forget: Callable[[UnitOfWork], int]) -> None:
    """Go on until nothing is left; between two lots, those who tell events have the disk for themselves."""
    while True:
        with shop.database.write_events() as unit:
            gone = forget(unit)
        if not gone:
            return
        time.sleep(_PAUSE_SECONDS)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes interactions of events; `key` hides the ids of sessions."""

    key: bytes
    _spoken: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def tables(self, pieces: Iterable[Sequence[Event]]) -> Iterator[pa.Table]:
        for piece in pieces:
            rows = [row for event in piece if (row := self._row(event)) is not None]
            if rows:
                yield interactions_table(dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)))

    def _row(self, event: Event) -> tuple[object, ...] | None:
        shopper = self._shopper(event)
        if shopper is None or event.type is EventType.IMPRESSION:
            return None
        # That a dislike is over is no liking: the row says that much and weighs nothing.
        ended = event.type is EventType.UNDISLIKE
        kind = EventType.LIKE if ended else event.type
        return (
            shopper,
            event.item_id,
            kind.value,
            self._moment(event, shopper),
            event.quantity,
            event.value,
            0.0 if ended else None,
        )

    def _shopper(self, event: Event) -> str | None:
        """The shopper of an event: of sessions, purchases alone say something that lasts."""
        if event.user is not None:
            return event.user
        if event.type is not EventType.PURCHASE or event.session is None:
            return None
        digest = blake2b(event.session.encode(), key=self.key, digest_size=_DIGEST_BYTES)
        return f"session:{digest.hexdigest()}"

    def _moment(self, event: Event, shopper: str) -> datetime:
        """The event's time; of opinions told for the same moment, the later told is an instant later."""
        if not event.type.is_opinion:
            return event.at
        pair = (shopper, event.item_id)
        before = self._spoken.get(pair)
        # Several words within one moment stand an instant apart each, and come before the moment after.
        close = before is not None and event.at <= before < event.at + _FEW * _INSTANT
        self._spoken[pair] = at = before + _INSTANT if close and before is not None else event.at
        return at
