"""Events lie in PostgreSQL by day: no event is refused for want of a partition, and old days go without a delay."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, inspect, select, text

from recsys.domain.errors import Unavailable
from recsys.domain.events import Event, EventType, Fate
from recsys.services.events import record_events
from recsys.services.taking import forget_events, take_events
from recsys.storage import events, partitions
from recsys.storage.engine import make_engine
from recsys.storage.migrate import upgrade
from recsys.storage.partitions import AHEAD_DAYS, Part, cover, cover_ahead, drop_past, parts
from recsys.storage.tables import EventKeyRow, EventRow
from recsys.storage.unit_of_work import Database
from tests.integration.shops import MORNING, make_shop

DAY = timedelta(days=1)
MIDNIGHT = MORNING.replace(hour=0)
LONG_AGO = MORNING - 100 * DAY


@pytest.fixture
def shop(postgres_url, tmp_path):
    made = make_shop(postgres_url, tmp_path / "home")
    yield made
    made.database.close()


@pytest.fixture
def engine(postgres_url):
    made = make_engine(postgres_url)
    yield made
    made.dispose()


def tell(shop, received, *names, user="u1"):
    view = {"type": EventType.VIEW, "item_id": "lamp", "at": received, "user": user}
    return record_events(shop, [Event(event_id=name, **view) for name in names], received)


def told(shop):
    with shop.database.connect() as connection:
        return set(connection.scalars(select(EventRow.event_id)))


def known(shop):
    with shop.database.connect() as connection:
        return set(connection.scalars(select(EventKeyRow.event_id)))


def names(engine):
    with engine.connect() as connection:
        return [part.name for part in parts(connection)]


def part_of(engine, name):
    """The partition that an event lies in."""
    with engine.connect() as connection:
        asked = text("SELECT tableoid::regclass::text FROM event WHERE event_id = :name")
        return connection.scalar(asked, {"name": name})


def drop_all(connection):
    for part in parts(connection):
        connection.execute(text(f"DROP TABLE {part.name}"))


def mark_taken(shop):
    """As a take notes it, without what it drops."""
    with shop.database.write_events() as unit:
        unit.events.take(unit.events.line().revision)


@pytest.mark.parametrize("days", [-40_000, -3_650, -1, 0, AHEAD_DAYS + 30, 3_650, 300_000])
def test_an_event_is_taken_whatever_the_clock_says(shop, engine, days):
    received = MORNING + days * DAY
    assert tell(shop, received, "a", "b") == [Fate.ACCEPTED] * 2
    assert tell(shop, received + timedelta(hours=1), "b", "c") == [Fate.REPEATED, Fate.ACCEPTED]
    assert part_of(engine, "a") == part_of(engine, "c") == f"event_from_{received:%Y%m%d}"
    assert told(shop) == known(shop) == {"a", "b", "c"}


@pytest.mark.parametrize("at", [MIDNIGHT, MIDNIGHT + DAY - timedelta(microseconds=1)])
def test_a_day_goes_from_midnight_to_midnight_in_utc(shop, engine, at):
    tell(shop, at.astimezone(), "a")
    assert part_of(engine, "a") == f"event_from_{MORNING:%Y%m%d}"


def test_an_upgrade_and_a_take_make_the_days_to_come(shop, engine, postgres_url):
    with engine.begin() as connection:
        drop_all(connection)
    today = datetime.now(UTC)
    upgrade(postgres_url)
    ahead = {f"event_from_{today + number * DAY:%Y%m%d}" for number in range(AHEAD_DAYS)}
    assert ahead <= set(names(engine))
    take_events(shop)
    ahead = {f"event_from_{MORNING + number * DAY:%Y%m%d}" for number in range(AHEAD_DAYS + 1)}
    assert ahead <= set(names(engine))
    before = names(engine)
    take_events(shop)
    tell(shop, MORNING + 3 * DAY, "a")
    assert names(engine) == before


def test_a_take_does_not_wait_for_who_alters_the_table(shop, engine, monkeypatch):
    monkeypatch.setattr(partitions, "_PATIENCE", "100ms")
    tell(shop, MORNING, "a")
    tell(shop, LONG_AGO, "old")
    old = part_of(engine, "old")
    before = names(engine)
    with engine.begin() as other:
        other.execute(text("LOCK TABLE event IN SHARE UPDATE EXCLUSIVE MODE"))
        assert take_events(shop).added == 2
        assert names(engine) == before
        assert told(shop) == {"a"}
    take_events(shop)
    assert old not in names(engine)
    assert f"event_from_{MORNING + AHEAD_DAYS * DAY:%Y%m%d}" in names(engine)


def test_days_that_are_past_are_dropped_and_their_ids_forgotten(shop, engine):
    tell(shop, LONG_AGO, "old")
    tell(shop, MIDNIGHT - 90 * DAY, "just within")
    tell(shop, MORNING, "new")
    old = part_of(engine, "old")
    take_events(shop)
    assert told(shop) == known(shop) == {"just within", "new"}
    assert old not in inspect(engine).get_table_names()
    fates = [tell(shop, MORNING, name) for name in ("just within", "new", "old")]
    assert fates == [[Fate.REPEATED], [Fate.REPEATED], [Fate.ACCEPTED]]


def test_a_day_is_kept_until_the_last_of_its_events_has_joined(shop, engine):
    tell(shop, LONG_AGO, "taken")
    mark_taken(shop)
    tell(shop, LONG_AGO + timedelta(hours=1), "to come")
    forget_events(shop, MORNING)
    assert told(shop) == known(shop) == {"to come"}
    take_events(shop)
    assert told(shop) == known(shop) == set()


def test_who_reads_an_old_day_holds_up_neither_tellers_nor_the_promise(shop, engine, monkeypatch):
    monkeypatch.setattr(partitions, "_PATIENCE", "100ms")
    tell(shop, LONG_AGO, "old")
    old = part_of(engine, "old")
    mark_taken(shop)
    with engine.connect() as reader:
        assert reader.scalar(text("SELECT count(*) FROM event")) == 1
        forget_events(shop, MORNING)
        assert tell(shop, MORNING, "new") == [Fate.ACCEPTED]
        assert told(shop) == known(shop) == {"new"}
        assert old in inspect(engine).get_table_names()
    drop_past(engine, MORNING)
    assert old not in inspect(engine).get_table_names()


def test_tellers_go_on_while_a_drop_waits_for_a_reader(shop, engine, monkeypatch):
    monkeypatch.setattr(partitions, "_PATIENCE", "60s")
    tell(shop, LONG_AGO, "old")
    mark_taken(shop)
    with ThreadPoolExecutor(1) as beside, engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM event"))
        dropping = beside.submit(drop_past, engine, MORNING)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%CONCURRENTLY' AND wait_event_type = 'Lock'"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
            while not looking.scalar(text(waiting)):
                assert not dropping.done(), "it did not wait"
        # Both a day that has its partition and one that has none.
        for number, received in enumerate((MORNING, MORNING + 50 * DAY)):
            assert tell(shop, received, f"new {number}") == [Fate.ACCEPTED]
        assert not dropping.done()
        reader.rollback()
        dropping.result(60)
    assert told(shop) == {"new 0", "new 1"}


def test_a_drop_that_was_broken_off_is_finished_by_the_next(shop, engine):
    tell(shop, LONG_AGO, "old")
    tell(shop, LONG_AGO + DAY, "less old")
    old, less_old = part_of(engine, "old"), part_of(engine, "less old")
    mark_taken(shop)
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE event DETACH PARTITION {old}"))
        pending = "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = to_regclass(:name)"
        connection.execute(text(pending), {"name": less_old})
    forget_events(shop, MORNING)
    assert told(shop) == known(shop) == set()
    assert not {old, less_old} & set(inspect(engine).get_table_names())


def test_an_event_told_to_a_day_that_is_being_dropped_is_not_lost(shop, engine):
    tell(shop, LONG_AGO, "old")
    old = part_of(engine, "old")
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE event DETACH PARTITION {old}"))
    drop_past(engine, MORNING)
    assert part_of(engine, "old") == old
    assert take_events(shop).added == 1
    assert told(shop) == set()


def test_who_tells_to_a_day_that_vanishes_meanwhile_is_asked_to_try_again(shop, monkeypatch):
    with monkeypatch.context() as vanished:
        vanished.setattr(events, "cover", lambda *_: None)
        with pytest.raises(Unavailable, match="try again"):
            tell(shop, LONG_AGO, "a")
    assert tell(shop, LONG_AGO, "a") == [Fate.ACCEPTED]


def test_no_partition_vanishes_while_an_index_is_made(shop, engine, postgres_url):
    tell(shop, LONG_AGO, "old")
    old = part_of(engine, "old")
    mark_taken(shop)
    with engine.connect() as maker:
        maker.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": partitions.DROPPING})
        forget_events(shop, MORNING)
        assert (told(shop), old in names(engine)) == (set(), True)
    forget_events(shop, MORNING)
    assert old not in names(engine)


def test_two_retentions_at_once_do_not_get_in_each_others_way(shop, engine):
    for number in range(6):
        tell(shop, LONG_AGO + number * DAY, f"e{number}")
    mark_taken(shop)
    with ThreadPoolExecutor(3) as crowd:
        for done in [crowd.submit(forget_events, shop, MORNING) for _ in range(3)]:
            done.result(60)
    assert told(shop) == known(shop) == set()


def test_many_who_meet_a_new_day_make_one_partition(postgres_url, shop, engine):
    start, days = threading.Barrier(8), [MORNING + number * DAY for number in (60, 61)]

    def teller(number):
        start.wait(60)
        return [fate for day in days for fate in tell(shop, day, f"own {number} {day}", f"same {day}")]

    with ThreadPoolExecutor(8) as crowd:
        fates = [fate for each in crowd.map(teller, range(8)) for fate in each]
    assert fates.count(Fate.ACCEPTED) == 16 + len(days)
    assert len(told(shop)) == 16 + len(days)
    assert {f"event_from_{day:%Y%m%d}" for day in days} <= set(names(engine))


def test_a_new_partition_ends_where_its_neighbours_begin(engine):
    with engine.begin() as connection:
        drop_all(connection)
        noon = MIDNIGHT + timedelta(hours=12)
        for name, bounds in (
            ("a", f"FROM (MINVALUE) TO ('{MIDNIGHT}')"),
            ("b", f"FROM ('{noon}') TO (MAXVALUE)"),
        ):
            connection.execute(text(f"CREATE TABLE event_from_{name} PARTITION OF event FOR VALUES {bounds}"))
        for moment in (LONG_AGO, MORNING, MORNING + 100 * DAY):
            cover(connection, moment)
        assert parts(connection) == [
            Part("event_from_a", None, MIDNIGHT),
            Part(f"event_from_{MIDNIGHT:%Y%m%d}", MIDNIGHT, noon),
            Part("event_from_b", noon, None),
        ]


def test_a_shop_that_keeps_events_for_years_gets_wider_partitions(engine, monkeypatch):
    monkeypatch.setattr(partitions, "_MOST_DAYS", AHEAD_DAYS + 5)
    with engine.begin() as connection:
        drop_all(connection)
        for number in range(200):
            cover(connection, MORNING + number * DAY)
        found = parts(connection)
    assert len(found) <= AHEAD_DAYS + 5 + 200 // 28 + 1
    assert all(earlier.last == later.first for earlier, later in pairwise(found))
    assert max(part.last - part.first for part in found) == 28 * DAY
    assert all(any(part.holds(MORNING + number * DAY) for part in found) for number in range(200))


def test_the_line_goes_through_all_days_in_the_order_in_which_events_were_told(shop):
    days = [3, 1, 2, 1, 40, 0]
    for number, day in enumerate(days):
        tell(shop, MORNING + day * DAY, f"e{number} a", f"e{number} b")
    with shop.database.read() as unit:
        line = unit.events.line()
        found = [each.event_id for piece in unit.events.after(2, line.revision) for each in piece]
    assert found == [f"e{number} {each}" for number in range(2, len(days)) for each in "ab"]


def test_what_a_shopper_did_is_reached_in_every_partition_through_the_one_table(shop, engine):
    for number in range(3):
        tell(shop, MORNING - number * 40 * DAY, f"hers {number}", user="ann")
        tell(shop, MORNING - number * 40 * DAY, f"his {number}", user="bob")
    with engine.begin() as connection:
        connection.execute(EventRow.__table__.delete().where(EventRow.user_id == "ann"))
        left = connection.scalar(select(func.count()).select_from(EventRow))
    assert (left, told(shop)) == (3, {f"his {number}" for number in range(3)})


def test_making_room_changes_nothing_on_sqlite(sqlite_url):
    database = Database(sqlite_url)
    database.make_room_for_events(MORNING)
    with database.write_events() as unit:
        cover(unit.session.connection(), MORNING)
        cover_ahead(unit.session.connection(), MORNING)
    database.drop_events(MORNING)
    assert not [name for name in inspect(database.engine).get_table_names() if "event_from" in name]
    database.close()
