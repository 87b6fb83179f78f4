"""Engines that keep the promises of the store: durable, strict about references, never waiting for ever."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url

WRITING = "recsys_writing"
"""Execution option of engines whose transactions write."""

_BUSY_SECONDS = 15
_KEEPALIVE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""A connection whose other end is gone without a word is given up after some ten seconds, not after hours."""
_CONNECTION_WAIT_SECONDS = 15
_CONNECTION_AGE_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Limits:
    """What a process may take of a PostgreSQL server: connections at most, and seconds a statement or lock.

    A third of the connections stay open between uses; none is used for longer than half an hour, so that a server
    behind an address that moved is found.
    """

    connections: int = 15
    statement_seconds: float = 60.0
    lock_seconds: float = 15.0


LIMITS = Limits()
"""What a process takes unless told otherwise."""


def make_engine(url: str, limits: Limits = LIMITS) -> Engine:
    """An engine for `url`, SQLite or PostgreSQL; the folder of a SQLite file is made when it is missing.

    SQLite: write-ahead log, `synchronous=FULL`, foreign keys, a busy timeout. PostgreSQL: UTC, a pool, and
    timeouts for locks and statements, so that a stuck writer is told rather than hung.
    """
    return _sqlite(url) if make_url(url).get_backend_name() == "sqlite" else _postgresql(url, limits)


def writing(engine: Engine) -> Engine:
    """The same pool for units of work that write: on SQLite they take the write lock at their beginning."""
    return engine.execution_options(**{WRITING: True})


def reading(engine: Engine) -> Engine:
    """The same pool for units of work that read: all their statements see one state of the database."""
    if engine.dialect.name == "sqlite":
        return engine  # a read transaction of the write-ahead log is a snapshot already
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: str) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transactions begin late and skip DDL; ours are begun by `_begin_sqlite`.
    connection.isolation_level = None
    _use_write_ahead_log(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Turn the log on. Only a new file changes its mode, and only then SQLite does not honour the busy timeout."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _postgresql(url: str, limits: Limits) -> Engine:
    options = (
        f"-c timezone=UTC -c lock_timeout={_milliseconds(limits.lock_seconds)} "
        f"-c statement_timeout={_milliseconds(limits.statement_seconds)} "
        "-c idle_in_transaction_session_timeout=600000"
    )
    kept = max(1, limits.connections // 3)
    return create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=kept,
        max_overflow=limits.connections - kept,
        pool_timeout=_CONNECTION_WAIT_SECONDS,
        pool_recycle=_CONNECTION_AGE_SECONDS,
        pool_pre_ping=True,
        connect_args={"options": options, "connect_timeout": 5, **_KEEPALIVE},
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
