"""Who is at the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from recsys.storage.tables import PresenceRow


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody, when they were last seen (UTC), and the address of the page."""

    person: str
    seen_at: datetime
    place: str


class PresenceRepository:
    """One row a person, overwritten."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def seen(self, person: str, place: str, at: datetime) -> None:
        """Note that somebody is there."""
        self._session.merge(PresenceRow(person=person, place=place, seen_at=at))
        self._session.flush()

    def gone(self, before: datetime) -> None:
        """Forget who was last seen before a moment."""
        self._session.execute(delete(PresenceRow).where(PresenceRow.seen_at < before))

    def since(self, moment: datetime) -> Sequence[Present]:
        """Who was seen at or after a moment, by name."""
        rows = self._session.scalars(
            select(PresenceRow).where(PresenceRow.seen_at >= moment).order_by(PresenceRow.person)
        )
        return [Present(row.person, row.seen_at, row.place) for row in rows]
