from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from recsys.domain.errors import NotFound, Unavailable
from recsys.domain.people import Role
from recsys.domain.rules import RuleSet
from recsys.storage.audit import AuditFilter
from recsys.storage.releases import ReleaseInfo
from recsys.storage.tables import DislikeRow, ReleaseRow
from recsys.storage.types import JsonText
from recsys.storage.unit_of_work import Database
from tests.integration.rule_examples import pin

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def database(database_url):
    made = Database(database_url)
    yield made
    made.close()


def add_ann(unit):
    return unit.people.add("ann@shop.example", "Ann", Role.EDITOR, "hash", NOON)


def test_a_clean_end_commits_and_an_error_leaves_no_trace(database):
    with suppress(NotFound), database.write() as unit:
        add_ann(unit)
        unit.runs.get("missing")
    with database.read() as unit:
        assert unit.people.find("ann@shop.example") is None
    with database.write() as unit:
        made = add_ann(unit)
    with database.read() as unit:
        assert unit.people.find("ann@shop.example") == made


def test_what_a_reading_unit_writes_is_not_kept(database):
    with suppress(DBAPIError), database.read() as unit:
        add_ann(unit)
    with database.read() as unit:
        assert unit.people.everyone() == []


def test_a_reader_sees_one_state_while_others_write(database):
    with database.read() as reader:
        before = reader.state.pointer()
        with database.write() as writer:
            writer.state.bump_catalog()
            add_ann(writer)
        assert reader.state.pointer() == before
        assert reader.people.everyone() == []
    with database.read() as reader:
        assert reader.state.pointer().catalog_revision == before.catalog_revision + 1


def test_a_writer_waits_for_the_one_before(database):
    order: list[str] = []

    def second():
        with database.write() as unit:
            order.append("second")
            unit.state.bump_draft()

    with database.write() as unit:
        waiting = Thread(target=second)
        waiting.start()
        waiting.join(0.3)
        order.append("first")
        unit.state.bump_draft()
    waiting.join()
    assert order == ["first", "second"]
    with database.read() as unit:
        assert unit.state.pointer().draft_revision == 2


def test_a_moment_comes_back_in_utc_to_the_microsecond(database):
    kathmandu = datetime.fromisoformat("2026-11-21T17:45:00.123456+05:45")
    with database.write() as unit:
        unit.people.add("a@b.example", "A", Role.VIEWER, "hash", kathmandu)
    with database.read() as unit:
        found = unit.people.get("a@b.example").created_at
    assert found == NOON
    assert found.utcoffset() == timedelta(0)


def test_a_naive_moment_is_refused(database):
    with pytest.raises((StatementError, ValueError), match="without a time zone"), database.write() as unit:
        unit.people.add("a@b.example", "A", Role.VIEWER, "hash", datetime(2026, 1, 1))  # noqa: DTZ001 - the case


def test_the_same_value_is_always_the_same_text(database):
    dialect = database.engine.dialect
    one, other = ({"b": [1, 2.5], "a": None}, {"a": None, "b": [1, 2.5]})
    assert JsonText().process_bind_param(one, dialect) == JsonText().process_bind_param(other, dialect)


def test_references_and_checks_hold(database):
    wrong = (
        insert(ReleaseRow).values(
            number=1, kind="publish", run_id="no such run", comment="", author="", created_at=NOON
        ),
        insert(ReleaseRow).values(number=1, kind="guess", comment="", author="", created_at=NOON),
        insert(DislikeRow).values(kind="household", shopper="x", item_id="y", at=NOON),
        text("INSERT INTO shop_state VALUES (2, NULL, 0, 0, 0)"),
    )
    for statement in wrong:
        with pytest.raises(IntegrityError), database.write() as unit:
            unit.session.execute(statement)


def test_ids_of_changes_are_not_given_twice_even_when_the_last_one_is_gone(database):
    with database.write() as unit:
        first = unit.draft.add(None, pin(), author="ann", at=NOON, note="").id
        unit.draft.remove([first])
    with database.write() as unit:
        assert unit.draft.add(None, pin(), author="ann", at=NOON, note="").id > first


def test_what_is_not_there_is_said_to_be_missing(database):
    with database.read() as unit:
        for look in (
            lambda: unit.releases.info(1),
            lambda: unit.runs.get("x"),
            lambda: unit.draft.get(1),
            lambda: unit.takedowns.get("x"),
            lambda: unit.people.get("x"),
            lambda: unit.keys.get("x"),
        ):
            with pytest.raises(NotFound):
                look()
        assert unit.audit.entries(AuditFilter(), 10) == []


def test_a_rule_cannot_claim_a_publication_that_never_was(database):
    with pytest.raises(LookupError), database.write() as unit:
        unit.releases.add(
            ReleaseInfo(2, "publish", None, "pat", NOON), RuleSet([replace(pin(), published=1)])
        )
    with database.read() as unit:
        assert unit.releases.newest(5) == []


def test_an_empty_database_is_told_in_one_sentence(empty_database_url):
    database = Database(empty_database_url)
    for unit in (database.read, database.write):
        with pytest.raises(Unavailable, match="recsys db upgrade"), unit() as opened:
            opened.state.pointer()
    database.close()


def test_a_database_that_is_away_is_told_in_one_sentence():
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable, match="does not answer"), database.read() as unit:
        unit.state.pointer()


def test_sqlite_is_durable_strict_and_patient(sqlite_url):
    database = Database(sqlite_url)
    with database.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert found == {"journal_mode": "wal", "synchronous": full, "foreign_keys": 1, "busy_timeout": 15000}
    database.close()


def test_a_postgresql_writer_is_told_rather_than_hung(postgres_url):
    database = Database(postgres_url)
    with database.connect() as connection:
        settings = {
            name: connection.execute(text(f"SHOW {name}")).scalar()
            for name in ("lock_timeout", "statement_timeout", "TimeZone", "transaction_isolation")
        }
    assert settings == {
        "lock_timeout": "15s",
        "statement_timeout": "1min",
        "TimeZone": "UTC",
        "transaction_isolation": "repeatable read",
    }
    with database.write() as unit:
        assert unit.session.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert unit.session.scalar(select(1)) == 1
    database.close()
