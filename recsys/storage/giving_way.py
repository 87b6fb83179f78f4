"""Taking turns on PostgreSQL: for statements that need a table for themselves, and for work that one process does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from recsys.domain.errors import Unavailable

TABLE_WAIT = "400ms"
"""How long a statement waits for a table: as long as it does, all requests for that table wait too."""
BUSY = "A table was in use the whole time; nothing is half done. Look for a transaction that stays open, and try again."
_LOCK_NOT_AVAILABLE = "55P03"
_TRIES, _PAUSE_SECONDS, _LOOK_SECONDS = 120, 0.5, 0.2


def gave_way(error: OperationalError) -> bool:
    """Whether a statement was given up because its table was in use."""
    return getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE


def giving_way(step: Callable[[], object]) -> None:
    """Take a step; where it was given up because a table is in use, let the others pass and try again.

    Raises:
        Unavailable: when the table was in use the whole time, more than a minute.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            step()
        except OperationalError as error:
            if not gave_way(error):
                raise
            if not tries_left:
                raise Unavailable(BUSY) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def execute_giving_way(connection: Connection, statement: str) -> None:
    """Execute a statement outside any transaction; see `giving_way`."""
    connection.execute(text(f"SET lock_timeout = '{TABLE_WAIT}'"))
    try:
        giving_way(lambda: connection.execute(text(statement)))
    finally:
        connection.execute(text("SET lock_timeout = 0"))


@contextmanager
def alone(connection: Connection, *locks: int) -> Iterator[None]:
    """Hold locks of the whole database, each a number, as long as no transaction is open.

    Waiting for a lock within a statement would hold up whoever makes an index; so this asks again and again.
    """
    for lock in locks:
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": lock}):
            time.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        connection.invalidate()  # ends the locks; and whoever needs them has set limits that are not for others
