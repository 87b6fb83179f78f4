"""What the shop knows of single shoppers outside the model: segments and dislikes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Insert, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from recsys.storage.tables import DislikeRow, SegmentMemberRow

USER, SESSION = "user", "session"
_AT_ONCE = 5_000


class ShopperRepository:
    """Writes segments and dislikes; the live state reads them in whole (see `storage.live`)."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_members(self, members: Iterable[tuple[str, str]]) -> int:
        """Put (user id, segment) pairs in their place; how many were new."""
        return self._insert(SegmentMemberRow, ({"user_id": u, "segment": s} for u, s in members))

    def clear_segments(self, segments: Collection[str]) -> None:
        """Empty the named segments."""
        self._session.execute(delete(SegmentMemberRow).where(SegmentMemberRow.segment.in_(segments)))

    def add_dislikes(self, kind: str, dislikes: Iterable[tuple[str, str]], at: datetime) -> int:
        """Remember (shopper, item id) pairs as disliked; `kind` is user or session; how many were new."""
        rows = ({"kind": kind, "shopper": s, "item_id": i, "at": at} for s, i in dislikes)
        return self._insert(DislikeRow, rows)

    def remove_dislikes(self, kind: str, dislikes: Iterable[tuple[str, str]]) -> int:
        """Forget dislikes; how many there were."""
        gone = 0
        for shopper, item_id in dislikes:
            row = self._session.get(DislikeRow, (kind, shopper, item_id))
            if row is not None:
                self._session.delete(row)
                gone += 1
        self._session.flush()
        return gone

    def dislikes(self, kind: str) -> set[tuple[str, str]]:
        """All (shopper, item id) pairs of that kind."""
        statement = select(DislikeRow.shopper, DislikeRow.item_id).where(DislikeRow.kind == kind)
        return {(shopper, item_id) for shopper, item_id in self._session.execute(statement)}

    def _insert(self, table: type[DeclarativeBase], rows: Iterable[dict[str, Any]]) -> int:
        """Insert what is not there yet, in pieces."""
        added, remaining = 0, iter(rows)
        while piece := list(islice(remaining, _AT_ONCE)):
            key = next(iter(table.__table__.primary_key))
            statement = self._insert_or_keep(table).returning(key)
            added += len(self._session.execute(statement, piece).all())
        return added

    def _insert_or_keep(self, table: type[DeclarativeBase]) -> Insert:
        if self._session.get_bind().dialect.name == "postgresql":
            return postgresql.insert(table).on_conflict_do_nothing()
        return sqlite.insert(table).on_conflict_do_nothing()
