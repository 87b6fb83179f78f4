"""Insert statements that meet rows which are there already, in the words of either database."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session


def insert_into(session: Session, table: type[DeclarativeBase]) -> Any:
    """An insert statement that knows `on_conflict_do_update` and `on_conflict_do_nothing`."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_or_keep(session: Session, table: type[DeclarativeBase]) -> Any:
    """An insert statement that leaves rows which are there already as they are."""
    return insert_into(session, table).on_conflict_do_nothing()
