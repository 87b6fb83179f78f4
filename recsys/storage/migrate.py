"""Bringing a database to the schema of this version, and back.

Each call is one transaction behind one lock: two processes that start at once upgrade once, and a
killed upgrade leaves the database as it was. On PostgreSQL no table is waited for longer than requests
can wait behind it: after `TABLE_WAIT` everything is given up, and tried again from its beginning.
What takes long on large tables is done outside, beside their writers (`upgrading_events`, `large_indexes`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import as_file, files
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from recsys.domain.errors import RecsysError
from recsys.storage.engine import make_engine, writing
from recsys.storage.giving_way import TABLE_WAIT, giving_way
from recsys.storage.large_indexes import make_large_indexes
from recsys.storage.partitions import is_part, make_ahead
from recsys.storage.tables import Base
from recsys.storage.upgrading_events import AFTER, BEFORE, prepare_partitions

_LOCK = 7_263_905_117
"""Any number; two upgrades of one PostgreSQL database meet at it."""


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether a thing in the database is to be compared with the code: partitions are made as time goes on."""
    return kind != "table" or name is None or not is_part(name)


COMPARISON: dict[str, Any] = {
    "compare_type": True,
    "compare_server_default": True,
    "render_as_batch": True,
    "include_name": _is_ours,
}


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to `revision`; without one, to the newest."""
    begun = current(url)
    if revision == "head" and begun is not None and begun < AFTER:
        _upgrade(url, BEFORE)
        prepare_partitions(url)
    _upgrade(url, revision)
    if revision == "head":
        _make_room(url)
    make_large_indexes(url)


def _upgrade(url: str, revision: str) -> None:
    giving_way(lambda: _run(url, lambda config: command.upgrade(config, revision)))


def _make_room(url: str) -> None:
    """Have the partitions of the days to come, also where the schema was the newest already."""
    engine = make_engine(url)
    try:
        make_ahead(engine, datetime.now(UTC))
    finally:
        engine.dispose()


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`; `base` is the empty database."""
    _run(url, lambda config: command.downgrade(config, revision))


def current(url: str) -> str | None:
    """The revision that the database at `url` is at; None before the first upgrade."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def differences(url: str) -> list[Any]:
    """What the tables of the code have and the database lacks, or the other way round; empty when they agree."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=dict(COMPARISON))
            found: list[Any] = compare_metadata(context, Base.metadata)
            return found
    finally:
        engine.dispose()


@contextmanager
def exclusively(url: str) -> Iterator[Connection]:
    """A connection inside a transaction in which nobody else migrates or writes; committed at a clean end."""
    engine = make_engine(url)
    try:
        with writing(engine).connect() as connection:
            if engine.dialect.name == "sqlite":
                # Tables are rebuilt by copying, which must not set off their references; checked before the commit.
                _driver(connection).execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                _take_lock(connection)
                yield connection
                _check_references(connection)
    finally:
        engine.dispose()


def _run(url: str, step: Callable[[Config], None]) -> None:
    with as_file(files("migrations")) as folder, exclusively(url) as connection:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.attributes["connection"] = connection
        step(config)


def _driver(connection: Connection) -> Any:
    """The driver's own connection: the pragma is without effect inside a transaction, which SQLAlchemy would begin."""
    return connection.connection.dbapi_connection


def _take_lock(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return  # BEGIN IMMEDIATE has it already
    connection.execute(text("SET LOCAL lock_timeout = '120s'"))
    connection.execute(text("SET LOCAL statement_timeout = '30min'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    connection.execute(text(f"SET LOCAL lock_timeout = '{TABLE_WAIT}'"))


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RecsysError(f"The migration would break {len(broken)} references; nothing was changed.")
