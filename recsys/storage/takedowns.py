"""Takedowns: exclusions that act now, outside releases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from recsys.domain.errors import NotFound
from recsys.domain.ids import ItemId
from recsys.domain.selectors import Target
from recsys.storage.codec import decode_selector, encode
from recsys.storage.tables import TakedownRow


@dataclass(frozen=True, slots=True)
class Takedown:
    """What is taken down and why; it stands until `lifted_at`. Times are UTC."""

    id: str
    target: Target
    reason: str
    author: str
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lift_reason: str | None = None

    @property
    def standing(self) -> bool:
        """Whether it acts."""
        return self.lifted_at is None


class TakedownRepository:
    """Adds takedowns and lifts them; none is ever deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, takedown: Takedown) -> None:
        """Write a new takedown."""
        selector = takedown.target.selector
        self._session.add(
            TakedownRow(
                id=takedown.id,
                item_id=takedown.target.item_id,
                selector=None if selector is None else encode(selector),
                reason=takedown.reason,
                author=takedown.author,
                at=takedown.at,
            )
        )
        self._session.flush()

    def lift(self, takedown_id: str, *, at: datetime, by: str, reason: str) -> Takedown:
        """End a takedown; raises NotFound."""
        row = self._row(takedown_id)
        row.lifted_at, row.lifted_by, row.lift_reason = at, by, reason
        self._session.flush()
        return _takedown(row)

    def get(self, takedown_id: str) -> Takedown:
        """The takedown with that id; raises NotFound."""
        return _takedown(self._row(takedown_id))

    def standing(self) -> list[Takedown]:
        """Those that act, newest first."""
        order = (TakedownRow.at.desc(), TakedownRow.id)
        rows = self._session.scalars(
            select(TakedownRow).where(TakedownRow.lifted_at.is_(None)).order_by(*order)
        )
        return [_takedown(row) for row in rows]

    def newest(self, limit: int) -> list[Takedown]:
        """The last ones, standing or lifted, newest first."""
        order = (TakedownRow.at.desc(), TakedownRow.id)
        return [
            _takedown(row) for row in self._session.scalars(select(TakedownRow).order_by(*order).limit(limit))
        ]

    def _row(self, takedown_id: str) -> TakedownRow:
        row = self._session.get(TakedownRow, takedown_id)
        if row is None:
            raise NotFound("takedown", f"There is no takedown “{takedown_id}”.")
        return row


def _takedown(row: TakedownRow) -> Takedown:
    if row.item_id is not None:
        target = Target(item_id=ItemId(row.item_id))
    else:
        target = Target(selector=decode_selector(row.selector))
    return Takedown(
        row.id, target, row.reason, row.author, row.at, row.lifted_at, row.lifted_by, row.lift_reason
    )
