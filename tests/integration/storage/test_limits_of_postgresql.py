"""What a process may take of a PostgreSQL server: so many connections, so long a statement, so long a lock."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from recsys.domain.errors import Unavailable
from recsys.storage.engine import Limits, make_engine
from recsys.storage.unit_of_work import Database


def test_the_limits_reach_the_server(postgres_url: str) -> None:
    engine = make_engine(postgres_url, Limits(6, 2.5, 0.25))
    with engine.connect() as connection:
        told = [connection.scalar(text(f"SHOW {name}_timeout")) for name in ("statement", "lock")]
    assert told == ["2500ms", "250ms"]
    assert (engine.pool.size(), engine.pool._max_overflow) == (2, 4)  # type: ignore[attr-defined]
    engine.dispose()


def test_a_statement_that_takes_too_long_is_given_up(postgres_url: str) -> None:
    database = Database(postgres_url, Limits(statement_seconds=1.0))
    with pytest.raises(Unavailable), database.read() as unit:
        unit.session.execute(text("SELECT pg_sleep(600)"))
    with database.read() as unit:
        assert unit.session.scalar(text("SELECT 1")) == 1
    database.close()


def test_a_writer_that_waits_too_long_for_another_is_told(postgres_url: str) -> None:
    first, second = Database(postgres_url), Database(postgres_url, Limits(lock_seconds=0.1))
    with first.write(), pytest.raises(Unavailable, match="busy"), second.write():
        raise AssertionError("two writers at once")
    for database in (first, second):
        database.close()
