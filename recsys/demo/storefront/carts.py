"""Carts, kept in a small SQLite file of the shop front's own, so that a restart loses none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MOST = 99
_TABLE = """
CREATE TABLE IF NOT EXISTS lines (
    visitor TEXT NOT NULL, item_id TEXT NOT NULL, quantity INTEGER NOT NULL,
    recommendation_id TEXT, position INTEGER, PRIMARY KEY (visitor, item_id)
)
"""
_ADD = """
INSERT INTO lines VALUES (?, ?, 1, ?, ?)
ON CONFLICT (visitor, item_id) DO UPDATE SET quantity = min(quantity + 1, ?)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """An item in a cart, and the answer that it was found in, if any."""

    item_id: str
    quantity: int
    recommendation_id: str | None
    position: int | None


@dataclass(frozen=True, slots=True)
class Carts:
    """The carts of all visitors."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> Carts:
        """The carts in a file, which is made when it is not there."""
        carts = cls(path)
        with carts._connected() as connection:
            connection.execute(_TABLE)
        return carts

    def lines(self, visitor: str) -> list[Line]:
        """What is in a visitor's cart, in the order of adding."""
        query = "SELECT item_id, quantity, recommendation_id, position FROM lines WHERE visitor = ? ORDER BY rowid"
        with self._connected() as connection:
            return [Line(*row) for row in connection.execute(query, (visitor,))]

    def add(self, visitor: str, item_id: str, recommendation_id: str | None, position: int | None) -> None:
        """One more of an item; where it was found first stays."""
        with self._connected() as connection:
            connection.execute(_ADD, (visitor, item_id, recommendation_id, position, MOST))

    def remove(self, visitor: str, item_id: str) -> None:
        """Take an item out, however many there are of it."""
        with self._connected() as connection:
            connection.execute("DELETE FROM lines WHERE visitor = ? AND item_id = ?", (visitor, item_id))

    def empty(self, visitor: str) -> None:
        """Take everything out."""
        with self._connected() as connection:
            connection.execute("DELETE FROM lines WHERE visitor = ?", (visitor,))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=5)
        try:
            with connection:
                yield connection
        finally:
            connection.close()
