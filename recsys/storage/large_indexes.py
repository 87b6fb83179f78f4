"""Indexes on tables that may be large, made while writers go on.

PostgreSQL makes such an index beside the writers only outside a transaction, so not within a migration; one that was
cut off leaves an index that is not used, and is made again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, Index, inspect, text
from sqlalchemy.schema import DropIndex

from recsys.storage.engine import make_engine, writing
from recsys.storage.tables import MADE_LATER, Base

_LOCK = 7_263_905_118
"""Any number but that of the migrations: who waits for those holds up an index that is being made."""
_PAUSE_SECONDS = 0.2


def make_large_indexes(url: str) -> None:
    """Make the indexes that are marked `MADE_LATER` and missing, where their tables are there."""
    engine = make_engine(url)
    try:
        if engine.dialect.name == "sqlite":
            with writing(engine).begin() as connection:
                for index in _missing(connection):
                    index.create(connection)
        else:
            _beside_writers(engine)
    finally:
        engine.dispose()


def _beside_writers(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not list(_missing(connection)):
            return
        for limit in ("lock_timeout", "statement_timeout"):
            connection.execute(text(f"SET {limit} = 0"))
        # Waiting for a lock within a statement would hold up whoever makes the index; so this asks again and again.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            time.sleep(_PAUSE_SECONDS)
        try:
            for index in _missing(connection):
                connection.execute(DropIndex(index, if_exists=True))
                index.create(connection)
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
            connection.invalidate()  # its limits are not for others


def _missing(connection: Connection) -> Iterator[Index]:
    """Those that are not there, or not whole."""
    tables = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            wanted = index.info == MADE_LATER and table.name in tables
            if wanted and not _is_whole(connection, index):
                yield index


def _is_whole(connection: Connection, index: Index) -> bool:
    if connection.dialect.name == "sqlite":
        asked = text("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = :name")
    else:
        asked = text("SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(:name) AND indisvalid")
    return bool(connection.scalar(asked, {"name": index.name}))
