"""An upgrade of PostgreSQL holds up no request: it waits for no table, and makes indexes beside the writers."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import text

from recsys.domain.events import Event, EventType
from recsys.services.events import record_events
from recsys.storage import giving_way, large_indexes, migrate
from recsys.storage.engine import make_engine
from recsys.storage.partitions import parts
from tests.integration.shops import MORNING, make_shop

PATIENCE_SECONDS = 120
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE :query"


def in_background(act):
    faults = []

    def whole():
        try:
            act()
        except Exception as fault:  # noqa: BLE001 - told at the end
            faults.append(fault)

    thread = threading.Thread(target=whole)
    thread.start()
    return thread, faults


def until(holds, what):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def engine(empty_postgres_url):
    made = make_engine(empty_postgres_url)
    yield made
    made.dispose()


def test_readers_of_a_table_in_use_never_queue_behind_the_upgrade(engine, empty_postgres_url, monkeypatch):
    migrate.upgrade(empty_postgres_url, "0001")
    begun_again = []
    monkeypatch.setattr(giving_way, "_PAUSE_SECONDS", 0.01)
    real = migrate._run
    monkeypatch.setattr(migrate, "_run", lambda *given: (begun_again.append(1), real(*given))[1])
    with engine.begin() as user:
        user.execute(text("SELECT count(*) FROM dislike"))
        thread, faults = in_background(lambda: migrate.upgrade(empty_postgres_url))
        until(lambda: len(begun_again) > 2, "the upgrade did not give way")
        with engine.begin() as other:
            # Fails where the upgrade stands in the queue before it for longer than it may.
            other.execute(text("SET LOCAL lock_timeout = '5s'"))
            other.execute(text("SELECT count(*) FROM dislike"))
        assert thread.is_alive()
    thread.join(PATIENCE_SECONDS)
    assert faults == []
    assert migrate.differences(empty_postgres_url) == []


def test_an_upgrade_that_never_gets_its_table_says_so_and_changes_nothing(
    engine, empty_postgres_url, monkeypatch
):
    migrate.upgrade(empty_postgres_url, "0001")
    monkeypatch.setattr(giving_way, "_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(giving_way, "_TRIES", 2)
    with engine.begin() as user:
        user.execute(text("SELECT count(*) FROM dislike"))
        with pytest.raises(giving_way.Unavailable, match="in use the whole time"):
            migrate.upgrade(empty_postgres_url)
    assert migrate.current(empty_postgres_url) == "0001"


def test_events_are_taken_while_an_index_is_made(engine, empty_postgres_url, tmp_path):
    migrate.upgrade(empty_postgres_url)
    shop = make_shop(empty_postgres_url, tmp_path / "home")

    def tell(name):
        event = Event(event_id=name, type=EventType.VIEW, item_id="lamp", at=MORNING, user="u1")
        record_events(shop, [event], MORNING)

    tell("before")
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_event_received_at"))
        [part] = [each.name for each in parts(connection) if each.holds(MORNING)]
    with engine.begin() as writer:
        writer.execute(text(f"UPDATE {part} SET reason = reason"))
        thread, faults = in_background(lambda: migrate.upgrade(empty_postgres_url))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
            until(
                lambda: looking.scalar(text(WAITING), {"query": "CREATE INDEX CONCURRENTLY%"}),
                "the index is not being made",
            )
        tell("meanwhile")
        assert thread.is_alive()
    thread.join(PATIENCE_SECONDS)
    assert faults == []
    assert migrate.differences(empty_postgres_url) == []
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM event")) == 2
    shop.database.close()


def test_an_index_that_was_cut_off_is_made_again(engine, empty_postgres_url):
    migrate.upgrade(empty_postgres_url)
    with engine.begin() as connection:
        [first, *_] = [each.name for each in parts(connection)]
        half = f"ix_{first}_received_at"
        connection.execute(text("DROP INDEX ix_event_received_at"))
        connection.execute(text("CREATE INDEX ix_event_received_at ON ONLY event (received_at)"))
        connection.execute(text(f"CREATE INDEX {half} ON {first} (received_at)"))
        connection.execute(
            text(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{half}'::regclass")
        )
        assert len(list(large_indexes._missing(connection))) == 1
    migrate.upgrade(empty_postgres_url)
    with engine.connect() as connection:
        assert list(large_indexes._missing(connection)) == []
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid IN (CAST(:half AS regclass), 'ix_event_received_at'::regclass)"
        assert connection.scalars(text(valid), {"half": half}).all() == [True, True]


def test_an_index_is_whole_when_what_lacked_it_is_gone(engine, empty_postgres_url):
    migrate.upgrade(empty_postgres_url)
    with engine.begin() as connection:
        [first, *others] = [each.name for each in parts(connection)]
        connection.execute(text("DROP INDEX ix_event_received_at"))
        connection.execute(text("CREATE INDEX ix_event_received_at ON ONLY event (received_at)"))
        for other in others:
            connection.execute(text(f"CREATE INDEX ix_{other}_received_at ON {other} (received_at)"))
            connection.execute(
                text(f"ALTER INDEX ix_event_received_at ATTACH PARTITION ix_{other}_received_at")
            )
        assert len(list(large_indexes._missing(connection))) == 1
        connection.execute(text(f"DROP TABLE {first}"))
        assert list(large_indexes._missing(connection)) == []
