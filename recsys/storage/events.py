"""Events, and the line that their writers stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from recsys.domain.errors import Unavailable
from recsys.domain.events import Event, EventType
from recsys.domain.ids import ItemId, UserId
from recsys.storage.event_keys import claim
from recsys.storage.partitions import cover
from recsys.storage.tables import EventKeyRow, EventLineRow, EventRow

_AT_ONCE = 5_000
FORGOTTEN_AT_ONCE = 10_000
"""Few enough for a transaction that nobody notices."""

_COLUMNS = (
    "namespace",
    "event_id",
    "item_id",
    "at",
    "recommendation_id",
    "position",
    "quantity",
    "value",
    "reason",
)


@dataclass(frozen=True, slots=True)
class EventLine:
    """How far the line has come: the last revision written, and the last that joined the interactions."""

    revision: int
    taken: int


class EventRepository:
    """Writes events once each, and gives them out in the order in which they were committed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._revision: int | None = None

    def advance(self) -> int:
        """This transaction's revision; the first call waits until the writers before have committed.

        Raises Unavailable when the database was never upgraded.
        """
        if self._revision is None:
            moved = update(EventLineRow).values(revision=EventLineRow.revision + 1)
            self._revision = self._session.scalar(moved.returning(EventLineRow.revision))
        if self._revision is None:
            raise Unavailable("The database is empty; run “recsys db upgrade” first.")
        return self._revision

    def add(self, events: Sequence[Event], received_at: datetime) -> set[tuple[str, str]]:
        """Write the events that are new; (namespace, event id) of those.

        They are new when nobody has told them since `forget_keys` last forgot. No two of them have the same name.
        """
        cover(self._session.connection(), received_at)
        revision = self.advance()
        names = claim(self._session, events, received_at, revision)
        fresh = [each for each in events if (each.namespace, each.event_id) in names]
        if fresh:
            rows = [_row(each, received_at, revision) for each in fresh]
            self._session.execute(insert(EventRow), rows)
        return names

    def line(self) -> EventLine:
        """How far the line has come."""
        return EventLine(*self._session.execute(select(EventLineRow.revision, EventLineRow.taken)).one())

    def after(self, revision: int, upto: int) -> Iterator[list[Event]]:
        """The events written after one revision and up to another, in pieces, in the order of the line."""
        wanted = select(EventRow).where(EventRow.revision > revision, EventRow.revision <= upto)
        statement = wanted.order_by(EventRow.revision, EventRow.seq).execution_options(yield_per=_AT_ONCE)
        for piece in self._session.scalars(statement).partitions():
            yield [_event(row) for row in piece]

    def take(self, upto: int) -> None:
        """Note that the events up to a revision have joined the interactions."""
        moved = update(EventLineRow).where(EventLineRow.taken < upto).values(taken=upto)
        self._session.execute(moved)

    def forget(self, before: datetime, most: int = FORGOTTEN_AT_ONCE) -> int:
        """Delete events that arrived before a moment and have joined the interactions, some `most` of them; how many."""
        return self._forget(EventRow, before, most)

    def forget_keys(self, before: datetime, most: int = FORGOTTEN_AT_ONCE) -> int:
        """Forget the names of such events, some `most` of them: told again, they would be new; how many."""
        return self._forget(EventKeyRow, before, most)

    def _forget(self, row: type[EventKeyRow | EventRow], before: datetime, most: int) -> int:
        """The oldest first. What arrived together goes together, so that it may be a few more than asked for."""
        taken = self._session.scalar(select(EventLineRow.taken)) or 0
        past = (row.received_at < before, row.revision <= taken)
        nth = select(row.received_at).where(*past).order_by(row.received_at).offset(most - 1).limit(1)
        last = self._session.scalar(nth)
        lot = past if last is None else (row.received_at <= last, *past)
        return self._session.connection().execute(delete(row).where(*lot)).rowcount


def _row(event: Event, received_at: datetime, revision: int) -> dict[str, Any]:
    return {
        **{name: getattr(event, name) for name in _COLUMNS},
        "type": event.type.value,
        "user_id": event.user,
        "session_id": event.session,
        "received_at": received_at,
        "revision": revision,
    }


def _event(row: EventRow) -> Event:
    given = {name: getattr(row, name) for name in _COLUMNS}
    return Event(
        **{**given, "item_id": ItemId(row.item_id)},
        type=EventType(row.type),
        user=None if row.user_id is None else UserId(row.user_id),
        session=row.session_id,
    )
