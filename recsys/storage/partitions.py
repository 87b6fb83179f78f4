"""The parts of the table of events on PostgreSQL: a day each, made before they are needed, dropped when they are past.

Nothing here makes readers or tellers wait: making a part and taking it off lock the whole table in a mode that
conflicts with neither. SQLite has one plain table, and for it all of this does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, TableClause, column, exists, func, select, table, text
from sqlalchemy.exc import OperationalError

from recsys.storage.giving_way import gave_way
from recsys.storage.tables import EventLineRow

AHEAD_DAYS = 7
"""How many days beyond today have their partition already, so that tellers need not make one."""

_DAY = timedelta(days=1)
_MOST_DAYS, _WIDE_DAYS = 400, 28
"""A shop that keeps events for years gets wider partitions: a reader of all of them locks each one."""
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)
_MAKING = 7_263_905_119
DROPPING = 7_263_905_120
"""Locks of the whole database; whoever holds the second is the only one who drops partitions."""
_PATIENCE = "2s"
"""How long what can be done another time waits: a drop for readers of its partition, room for those who alter."""

_IS_ATTACHED = text(
    "SELECT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass(:name) AND NOT inhdetachpending)"
)
_ATTACHED = text(r"""
SELECT name, (regexp_match(bound, 'FROM \(''([^'']*)''\)'))[1]::timestamptz AS first,
       (regexp_match(bound, 'TO \(''([^'']*)''\)'))[1]::timestamptz AS last
FROM (SELECT relname AS name, pg_get_expr(relpartbound, pg_class.oid) AS bound
      FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
      WHERE inhparent = to_regclass('event') AND NOT inhdetachpending) AS parts
ORDER BY first NULLS FIRST
""")
_PENDING = text(
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass('event') AND inhdetachpending"
)
_LOOSE = text(r"""
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('event'))
  AND relname ~ '^event_from_(\d{8}|before)$' AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = pg_class.oid)
""")


@dataclass(frozen=True, slots=True)
class Part:
    """A partition, and the moments of arrival `[first, last)` that it holds; None is open."""

    name: str
    first: datetime | None
    last: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether events that arrive at the moment lie in it."""
        return (self.first is None or self.first <= moment) and (self.last is None or moment < self.last)


def start_of_day(moment: datetime) -> datetime:
    """The midnight, in UTC, at or before a moment."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def is_part(name: str) -> bool:
    """Whether a table is a partition: those are not in the tables of the code."""
    return name.startswith("event_from_")


def parts(connection: Connection) -> list[Part]:
    """The partitions, oldest first."""
    return [Part(*row) for row in connection.execute(_ATTACHED)]


def cover(connection: Connection, moment: datetime) -> None:
    """Make the partition for events that arrive at a moment, if it is missing, within the transaction that goes on.

    To be called before the line of events is moved: whoever waits here must hold up nobody.
    """
    if connection.dialect.name != "postgresql":
        return
    if connection.scalar(_IS_ATTACHED, {"name": _name(start_of_day(moment))}):
        return
    if not _held(parts(connection), moment):
        _make(connection, [moment])


def cover_ahead(connection: Connection, now: datetime) -> None:
    """Make the partitions of today and the days to come."""
    if connection.dialect.name == "postgresql":
        _make(connection, [now + _DAY * days for days in range(AHEAD_DAYS + 1)])


def make_ahead(engine: Engine, now: datetime) -> None:
    """The same in a transaction of its own; left for another time where somebody else alters the table."""
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
            cover_ahead(connection, now)
    except OperationalError as error:
        if not gave_way(error):
            raise


def drop_past(engine: Engine, before: datetime) -> None:
    """Drop every partition that ends by a moment and whose events have all joined the interactions.

    It vanishes for everybody at once; its files go when those who read it have ended. Where they read on for
    longer than `_PATIENCE`, the next call finishes it.
    """
    if engine.dialect.name != "postgresql":
        return
    with _dropping(engine) as connection:
        if connection is None:
            return
        try:
            _finish(connection)
            for part in parts(connection):
                past = part.last is not None and part.last <= before
                if past and not _has_untaken(connection, part.name):
                    connection.execute(text(f"ALTER TABLE event DETACH PARTITION {part.name} CONCURRENTLY"))
                    _finish(connection)
        except OperationalError as error:
            if not gave_way(error):
                raise


def _held(found: Sequence[Part], moment: datetime) -> bool:
    return any(part.holds(moment) for part in found)


def _make(connection: Connection, moments: Sequence[datetime]) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MAKING})
    found = parts(connection)
    for moment in moments:
        if not _held(found, moment):
            found.append(_attach_new(connection, found, moment))


def _attach_new(connection: Connection, found: Sequence[Part], moment: datetime) -> Part:
    """A table of its own first, for a partition that is made in place would lock everybody out."""
    first, last = _bounds(found, moment)
    part = Part(_name(first), first, last)
    connection.execute(
        text(f"CREATE TABLE {part.name} (LIKE event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    )
    _attach(connection, part)
    return part


def _attach(connection: Connection, part: Part) -> None:
    ends = [f"'{end.isoformat()}'" if end else name for end, name in _ends(part)]
    connection.execute(
        text(f"ALTER TABLE event ATTACH PARTITION {part.name} FOR VALUES FROM ({ends[0]}) TO ({ends[1]})")
    )


def _ends(part: Part) -> Iterator[tuple[datetime | None, str]]:
    yield part.first, "MINVALUE"
    yield part.last, "MAXVALUE"


def _bounds(found: Sequence[Part], moment: datetime) -> tuple[datetime, datetime]:
    """The day of the moment, or four weeks where there are many partitions; never into a neighbour."""
    first, last = start_of_day(moment), start_of_day(moment) + _DAY
    if len(found) >= _MOST_DAYS:
        first -= (first - _EPOCH) % (_DAY * _WIDE_DAYS)
        last = first + _DAY * _WIDE_DAYS
    before = [part.last for part in found if part.last is not None and part.last <= moment]
    after = [part.first for part in found if part.first is not None and part.first > moment]
    return max([first, *before]), min([last, *after])


def _name(first: datetime) -> str:
    return f"event_from_{first:%Y%m%d}"


@contextmanager
def _dropping(engine: Engine) -> Iterator[Connection | None]:
    """A connection outside any transaction, with limits of its own; None while another process drops."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"SET lock_timeout = '{_PATIENCE}'"))
        connection.execute(text("SET statement_timeout = 0"))
        mine = connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": DROPPING})
        try:
            yield connection if mine else None
        finally:
            connection.invalidate()  # ends the lock; and its limits are not for others


def _finish(connection: Connection) -> None:
    """Drop what was taken off, now or by a process that did not come to its end."""
    for name in list(connection.scalars(_PENDING)):
        connection.execute(text(f"ALTER TABLE event DETACH PARTITION {name} FINALIZE"))
    for name in list(connection.scalars(_LOOSE)):
        if _has_untaken(connection, name):
            _attach(connection, _part_of(connection, name))  # told in the last moment, by a clock far behind
        else:
            connection.execute(text(f"DROP TABLE {name}"))


def _has_untaken(connection: Connection, name: str) -> bool:
    part = _rows(name)
    taken = select(EventLineRow.taken).scalar_subquery()
    return bool(connection.scalar(select(exists().where(part.c.revision > taken))))


def _part_of(connection: Connection, name: str) -> Part:
    """The bounds that events in a table ask for that was a partition: the whole days in which they arrived."""
    arrived = _rows(name).c.received_at
    first, last = map(start_of_day, connection.execute(select(func.min(arrived), func.max(arrived))).one())
    return Part(name, first, last + _DAY)


def _rows(name: str) -> TableClause:
    return table(name, column("revision"), column("received_at"))
