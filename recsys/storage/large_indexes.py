"""Indexes on tables that may be large, made while writers go on.

PostgreSQL makes such an index beside the writers only outside a transaction, so not within a migration; one that was
cut off leaves an index that is not used, and is made again. Of a partitioned table it is made partition by partition;
partitions that come meanwhile have it from their beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, Index, inspect, text
from sqlalchemy.schema import CreateIndex, DropIndex

from recsys.storage.engine import make_engine, writing
from recsys.storage.giving_way import alone, execute_giving_way
from recsys.storage.partitions import DROPPING
from recsys.storage.tables import MADE_LATER, Base

_LOCK = 7_263_905_118
"""Any number but that of the migrations: who waits for those holds up an index that is being made."""
_IS_PARTITIONED = "SELECT relkind = 'p' FROM pg_class WHERE oid = to_regclass(:table)"
_WITHOUT = """
SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = to_regclass(:table) AND NOT inhdetachpending AND NOT EXISTS (
    SELECT FROM pg_inherits AS part JOIN pg_index ON indexrelid = part.inhrelid
    WHERE part.inhparent = to_regclass(:index) AND indrelid = pg_class.oid)
ORDER BY relname
"""


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
        # No partition vanishes meanwhile.
        with alone(connection, _LOCK, DROPPING):
            for index in _missing(connection):
                _make(connection, index)


def _make(connection: Connection, index: Index) -> None:
    name, table = str(index.name), _table(index)
    if not _is_partitioned(connection, table):
        connection.execute(DropIndex(index, if_exists=True))
        index.create(connection)
        return
    if not connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}):
        alone = str(CreateIndex(index).compile(dialect=connection.dialect)).replace(" CONCURRENTLY", "", 1)
        execute_giving_way(connection, alone.replace(" ON ", " ON ONLY ", 1))
    while part := _part_without(connection, name, table):
        _make_for_part(connection, name, table, part)


def _make_for_part(connection: Connection, index: str, table: str, part: str) -> None:
    """The index of one partition, as that of the whole table is defined, and then part of it."""
    made = index.replace(table, part, 1)
    whole = connection.scalar(text("SELECT pg_get_indexdef(to_regclass(:name))"), {"name": index})
    definition = re.sub(
        r"INDEX \S+ ON (ONLY )?\S+", f"INDEX CONCURRENTLY {made} ON {part}", str(whole), count=1
    )
    connection.execute(text(f"DROP INDEX CONCURRENTLY IF EXISTS {made}"))
    connection.execute(text(definition))
    execute_giving_way(connection, f"ALTER INDEX {index} ATTACH PARTITION {made}")


def _missing(connection: Connection) -> Iterator[Index]:
    """Those that are not there, or not whole."""
    tables = set(inspect(connection).get_table_names())
    for table in Base.metadata.sorted_tables:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            wanted = index.info == MADE_LATER and table.name in tables
            if wanted and not _is_whole(connection, index):
                yield index


def _is_whole(connection: Connection, index: Index) -> bool:
    name, table = str(index.name), _table(index)
    if connection.dialect.name == "sqlite":
        asked = text("SELECT count(*) FROM sqlite_master WHERE type = 'index' AND name = :name")
        return bool(connection.scalar(asked, {"name": name}))
    if _is_partitioned(connection, table):
        # PostgreSQL's own mark stays as it was when the last partition without the index is dropped.
        made = connection.scalar(text("SELECT to_regclass(:name)"), {"name": name})
        return made is not None and _part_without(connection, name, table) is None
    asked = text("SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(:name) AND indisvalid")
    return bool(connection.scalar(asked, {"name": name}))


def _table(index: Index) -> str:
    return index.table.name if index.table is not None else ""


def _is_partitioned(connection: Connection, table: str) -> bool:
    return bool(connection.scalar(text(_IS_PARTITIONED), {"table": table}))


def _part_without(connection: Connection, index: str, table: str) -> str | None:
    """A partition that lacks the index."""
    found: str | None = connection.scalar(text(_WITHOUT), {"table": table, "index": index})
    return found
