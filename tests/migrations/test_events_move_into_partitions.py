"""The table of events that is there becomes the first partition, and nobody who tells events notices."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from recsys.domain.events import Event, EventType, Fate
from recsys.services.events import record_events
from recsys.services.taking import forget_events, take_events
from recsys.storage import giving_way, migrate, upgrading_events
from recsys.storage.engine import make_engine, writing
from recsys.storage.partitions import parts, start_of_day
from recsys.storage.tables import EventKeyRow, EventRow
from tests.integration.shops import MORNING, make_shop

DAY = timedelta(days=1)
ADVANCE = "UPDATE event_line SET revision = revision + 1 RETURNING revision"
TELL = """
INSERT INTO event (namespace, event_id, type, user_id, item_id, at, received_at, revision)
VALUES ('', :name, 'view', 'u1', 'lamp', :moment, :moment, :revision)
ON CONFLICT DO NOTHING RETURNING event_id
"""


@pytest.fixture
def engine(empty_database_url):
    """Of a database of the version before, and its first events."""
    migrate.upgrade(empty_database_url, "0003")
    made = make_engine(empty_database_url)
    for number in range(6):
        assert tell_as_before(made, f"e{number}", MORNING - (6 - number) * DAY)
    yield made
    made.dispose()


def tell_as_before(engine, name, moment):
    """Tell an event in the words of the version before; whether it was new."""
    with writing(engine).begin() as connection:
        revision = connection.scalar(text(ADVANCE))
        given = moment if engine.dialect.name == "postgresql" else moment.replace(tzinfo=None)
        told = {"name": name, "moment": given, "revision": revision}
        return connection.scalar(text(TELL), told) is not None


def tell(shop, name, moment=MORNING):
    event = Event(event_id=name, type=EventType.VIEW, item_id="lamp", at=moment, user="u1")
    return record_events(shop, [event], moment)[0]


def told(engine):
    """(event id, arrival) of all events, in the order of the line."""
    order = (EventRow.revision, EventRow.seq)
    with engine.connect() as connection:
        found = connection.execute(select(EventRow.event_id, EventRow.received_at).order_by(*order))
        return [tuple(row) for row in found]


def known(engine):
    with engine.connect() as connection:
        return set(connection.scalars(select(EventKeyRow.event_id)))


FIRST = [(f"e{number}", MORNING - (6 - number) * DAY) for number in range(6)]


def test_events_are_carried_up_down_and_up_again(engine, empty_database_url, tmp_path):
    migrate.upgrade(empty_database_url)
    shop = make_shop(empty_database_url, tmp_path / "home")
    assert [tell(shop, name) for name in ("e0", "e5", "new")] == [Fate.REPEATED] * 2 + [Fate.ACCEPTED]
    whole = [*FIRST, ("new", MORNING)]
    assert told(engine) == whole
    assert known(engine) == {name for name, _ in whole}
    engine.dispose()
    migrate.downgrade(empty_database_url, "0003")
    assert told(engine) == whole
    assert not tell_as_before(engine, "e0", MORNING)
    below = MORNING + timedelta(minutes=1)
    assert tell_as_before(engine, "below", below)
    whole.append(("below", below))
    migrate.upgrade(empty_database_url)
    assert migrate.differences(empty_database_url) == []
    assert [tell(shop, name) for name, _ in whole] == [Fate.REPEATED] * 8
    assert told(engine) == whole
    assert take_events(shop).added == 8
    assert take_events(shop).added == 0
    shop.database.close()


def test_numbers_go_on_where_they_were(engine, empty_database_url, tmp_path):
    """An event must not come to stand before others of its revision because the highest are gone."""
    with writing(engine).begin() as connection:
        connection.execute(text("DELETE FROM event WHERE event_id > 'e1'"))
    migrate.upgrade(empty_database_url)
    shop = make_shop(empty_database_url, tmp_path / "home")
    tell(shop, "next")
    with engine.connect() as connection:
        found = connection.scalar(select(EventRow.seq).where(EventRow.event_id == "next"))
    assert found == 7
    shop.database.close()


def test_the_version_before_goes_on_after_the_upgrade(engine, empty_database_url, tmp_path):
    migrate.upgrade(empty_database_url)
    now = datetime.now(UTC)
    assert [tell_as_before(engine, name, now) for name in ("e3", "new", "new")] == [False, True, False]
    assert tell_as_before(engine, "much later", now + 5 * DAY)
    shop = make_shop(empty_database_url, tmp_path / "home")
    assert [tell(shop, name) for name in ("e3", "new")] == [Fate.REPEATED] * 2
    assert (
        known(engine)
        == {name for name, _ in told(engine)}
        == {*(f"e{at}" for at in range(6)), "new", "much later"}
    )
    shop.database.close()


class TestOnPostgresql:
    """What is special where the table may be large."""

    @pytest.fixture
    def empty_database_url(self, empty_postgres_url):
        return empty_postgres_url

    def test_the_table_is_not_copied_and_its_old_events_go_in_time(
        self, engine, empty_database_url, tmp_path
    ):
        with engine.connect() as connection:
            before = connection.scalar(text("SELECT pg_relation_filenode('event')"))
        migrate.upgrade(empty_database_url)
        with engine.connect() as connection:
            first, *_ = parts(connection)
            assert connection.scalar(text(f"SELECT pg_relation_filenode('{first.name}')")) == before
            constraints = "SELECT conname FROM pg_constraint WHERE conrelid = to_regclass(:name)"
            left = set(connection.scalars(text(constraints), {"name": first.name}))
        assert {name for name in left if "until" in name or "uq" in name} == set()
        assert (first.first, first.last) == (None, start_of_day(datetime.now(UTC)) + 2 * DAY)
        shop = make_shop(empty_database_url, tmp_path / "home")
        take_events(shop)
        forget_events(shop, start_of_day(MORNING - 3 * DAY))
        assert [name for name, _ in told(engine)] == ["e3", "e4", "e5"]
        assert known(engine) == {"e3", "e4", "e5"}
        forget_events(shop, first.last)
        with engine.connect() as connection:
            assert first not in parts(connection)
        shop.database.close()

    def test_an_empty_table_leaves_nothing_behind(self, empty_database_url):
        migrate.upgrade(empty_database_url, "0003")
        migrate.upgrade(empty_database_url)
        made = make_engine(empty_database_url)
        with made.connect() as connection:
            assert {part.last - part.first for part in parts(connection)} == {DAY}
        made.dispose()

    def test_in_one_go_as_alembic_does_it_comes_to_the_same(self, engine, empty_database_url):
        migrate._run(empty_database_url, lambda config: migrate.command.upgrade(config, "head"))
        assert told(engine) == FIRST
        assert known(engine) == {name for name, _ in FIRST}

    def test_nothing_that_is_told_meanwhile_is_refused_lost_or_stored_twice(
        self, engine, empty_database_url, monkeypatch
    ):
        monkeypatch.setattr(upgrading_events, "_LOT", 2)
        over, fresh, faults = threading.Event(), [], []

        def go_on(who):
            number = 0
            try:
                while not over.is_set():
                    name = f"{who} {number}"
                    if tell_as_before(engine, name, datetime.now(UTC)):
                        fresh.append(name)
                    # Once more, what was told before the upgrade and what was told lately.
                    told_again = (f"e{number % 6}", f"{who} {max(0, number - 7)}")
                    fresh.extend(
                        name for name in told_again if tell_as_before(engine, name, datetime.now(UTC))
                    )
                    number += 1
            except Exception as fault:  # noqa: BLE001 - told at the end
                faults.append(fault)

        tellers = [threading.Thread(target=go_on, args=(f"teller {each}",)) for each in range(3)]
        for teller in tellers:
            teller.start()
        try:
            migrate.upgrade(empty_database_url)
        finally:
            over.set()
            for teller in tellers:
                teller.join()
        assert faults == []
        names = [name for name, _ in told(engine)]
        assert sorted(names) == sorted([*(name for name, _ in FIRST), *fresh])
        assert len(set(names)) == len(names)
        assert known(engine) == set(names)

    def test_an_upgrade_that_was_broken_off_refuses_nothing_and_is_finished_later(
        self, engine, empty_database_url, monkeypatch
    ):
        def broken(*_):
            raise RuntimeError("the machine went away")

        with monkeypatch.context() as off:
            real = migrate._upgrade
            off.setattr(migrate, "_upgrade", lambda url, to: real(url, to) if to == "0004" else broken())
            with pytest.raises(RuntimeError, match="went away"):
                migrate.upgrade(empty_database_url)
        assert migrate.current(empty_database_url) == "0004"
        much_later = datetime.now(UTC) + 30 * DAY
        assert tell_as_before(engine, "late", much_later)
        assert not tell_as_before(engine, "e0", much_later)
        migrate.upgrade(empty_database_url)
        [*_, (name, received)] = told(engine)
        assert name == "late"
        assert received < start_of_day(datetime.now(UTC)) + 2 * DAY
        assert tell_as_before(engine, "later", much_later - 26 * DAY)
        assert told(engine)[-1] == ("later", much_later - 26 * DAY)

    def test_names_that_were_copied_in_part_are_copied_to_the_end(
        self, engine, empty_database_url, monkeypatch
    ):
        monkeypatch.setattr(upgrading_events, "_LOT", 2)
        migrate._upgrade(empty_database_url, "0004")
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE event_key ADD CONSTRAINT broken CHECK (event_id < 'e4')"))
        with pytest.raises(IntegrityError):
            upgrading_events.prepare_partitions(empty_database_url)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE event_key DROP CONSTRAINT broken"))
        assert known(engine) == {"e0", "e1", "e2", "e3"}
        assert not tell_as_before(engine, "e5", MORNING)
        assert tell_as_before(engine, "meanwhile", MORNING)
        migrate.upgrade(empty_database_url)
        assert told(engine) == [*FIRST, ("meanwhile", MORNING)]
        assert known(engine) == {name for name, _ in told(engine)}

    def test_an_upgrade_that_was_broken_off_can_be_taken_back(self, engine, empty_database_url):
        migrate._upgrade(empty_database_url, "0004")
        upgrading_events.prepare_partitions(empty_database_url)
        migrate.downgrade(empty_database_url, "0003")
        much_later = datetime.now(UTC) + 30 * DAY
        assert tell_as_before(engine, "late", much_later)
        assert told(engine) == [*FIRST, ("late", much_later)]

    def test_processes_that_start_at_once_move_the_events_once(self, engine, empty_database_url):
        start = threading.Barrier(3)

        def one(_):
            start.wait(60)
            migrate.upgrade(empty_database_url)

        with ThreadPoolExecutor(3) as crowd:
            list(crowd.map(one, range(3)))
        assert told(engine) == FIRST
        assert migrate.differences(empty_database_url) == []
        triggers = "SELECT DISTINCT tgname FROM pg_trigger WHERE tgrelid = 'event'::regclass"
        with engine.connect() as connection:
            assert connection.scalars(text(triggers)).all() == ["event_key_written"]

    def test_who_reads_the_table_for_long_keeps_nobody_from_telling(
        self, engine, empty_database_url, monkeypatch
    ):
        """The upgrade gives way, and comes to its end when the reader does."""
        monkeypatch.setattr(giving_way, "_PAUSE_SECONDS", 0.05)
        with engine.connect() as reader:
            reader.execute(text("SELECT count(*) FROM event"))
            thread = threading.Thread(target=migrate.upgrade, args=(empty_database_url,))
            thread.start()
            for number in range(20):
                assert tell_as_before(engine, f"meanwhile {number}", datetime.now(UTC))
            assert thread.is_alive()
        thread.join(120)
        assert migrate.current(empty_database_url) == "0005"
        assert len(told(engine)) == 26

    def test_what_cannot_be_proved_by_lots_is_found_out(self, engine, empty_database_url):
        """A clock that ran ahead has told events of the future: the first partition holds them too."""
        ahead = datetime.now(UTC) + 400 * DAY
        assert tell_as_before(engine, "ahead", ahead)
        migrate.upgrade(empty_database_url)
        with engine.connect() as connection:
            assert parts(connection)[0].last == start_of_day(ahead) + 2 * DAY
        assert told(engine) == [*FIRST, ("ahead", ahead)]
