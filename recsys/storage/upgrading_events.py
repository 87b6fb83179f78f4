"""What comes between the migrations 0004 and 0005 on PostgreSQL, where the table of events may be large.

The table becomes the first partition of a new one. For that to take a moment only, PostgreSQL has to know that no event
in it is later than the partition ends, and every event's name has to be written down. Both need the whole table to be
read, and here that is done beside those who tell events.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, text

from recsys.storage.engine import make_engine
from recsys.storage.giving_way import alone, execute_giving_way
from recsys.storage.partitions import start_of_day

BEFORE, AFTER = "0004", "0005"

_LOT = 2_000
_LEAD = timedelta(days=2)
"""The end of the first partition is that far away at most, so that nothing is told in vain meanwhile."""
_LOCK = 7_263_905_121
_IS_TO_DO = "SELECT relkind = 'r' FROM pg_class WHERE oid = to_regclass('event')"
_MADE = "SELECT convalidated FROM pg_constraint WHERE conrelid = to_regclass('event') AND conname = 'ck_event_until'"
_LINE = "SELECT revision FROM event_line FOR UPDATE"
_COPY = """
INSERT INTO event_key (namespace, event_id, received_at, revision)
SELECT namespace, event_id, received_at, revision FROM event WHERE seq > :low AND seq <= :high
ORDER BY seq ON CONFLICT DO NOTHING
"""
_UNTIL = """
CREATE OR REPLACE FUNCTION event_until() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.received_at := TG_ARGV[0]::timestamptz - interval '1 microsecond';
    RETURN NEW;
END $$
"""


def prepare_partitions(url: str) -> None:
    """Write down the names of the events that are there, and prove by when they arrived; again, it goes on."""
    engine = make_engine(url)
    try:
        if engine.dialect.name == "postgresql":
            _prepare(engine)
    finally:
        engine.dispose()


def _prepare(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET {limit} = 0"))
        with alone(connection, _LOCK):
            if not connection.scalar(text(_IS_TO_DO)):
                return  # another process came first
            made = connection.scalar(text(_MADE))
            if made is None:
                _copy_names(engine, connection)
                _end_with(connection, _end(connection))
            if not made:
                connection.execute(text("ALTER TABLE event VALIDATE CONSTRAINT ck_event_until"))


def _copy_names(engine: Engine, connection: Connection) -> None:
    """In lots, each in the line of those who tell events: two who write the same names must not meet halfway."""
    low, last = connection.execute(
        text("SELECT coalesce(min(seq), 1) - 1, coalesce(max(seq), 0) FROM event")
    ).one()
    while low < last:
        with engine.begin() as lot:
            lot.execute(text(_LINE))
            lot.execute(text(_COPY), {"low": low, "high": low + _LOT})
        low += _LOT


def _end(connection: Connection) -> datetime:
    newest = connection.scalar(text("SELECT max(received_at) FROM event"))
    now = datetime.now(UTC)
    return start_of_day(max(now, newest or now)) + _LEAD


def _end_with(connection: Connection, end: datetime) -> None:
    """Let the table hold no event from a moment on.

    One that comes later all the same, because the upgrade was broken off and the moment has passed, is written with
    the last moment before it: it is not refused.
    """
    connection.execute(text(_UNTIL))
    execute_giving_way(
        connection,
        f"""
        DO $do$ BEGIN
            CREATE TRIGGER event_until BEFORE INSERT ON event FOR EACH ROW
            WHEN (NEW.received_at >= '{end.isoformat()}') EXECUTE FUNCTION event_until('{end.isoformat()}');
            ALTER TABLE event ADD CONSTRAINT ck_event_until CHECK (received_at < '{end.isoformat()}') NOT VALID;
        END $do$
        """,
    )
