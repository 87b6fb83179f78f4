"""The one row that says what is live and how often each part of the state moved."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, true, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from recsys.domain.errors import Unavailable
from recsys.storage.tables import THE_ONLY_ROW, EventLineRow, ShopStateRow


@dataclass(frozen=True, slots=True)
class Pointer:
    """What workers poll: the live release (None before the first), and counters that only grow.

    `overlay_revision` counts takedowns, segments and keys, `shopper_revision` what is known of single
    shoppers.
    """

    release: int | None
    catalog_revision: int
    overlay_revision: int
    draft_revision: int
    shopper_revision: int = 0


POINTER = select(
    ShopStateRow.live,
    ShopStateRow.catalog_revision,
    ShopStateRow.overlay_revision,
    ShopStateRow.draft_revision,
    EventLineRow.revision,
).join_from(ShopStateRow, EventLineRow, true())


class StateRepository:
    """Reads and moves the row; all writers queue for it, so that history is one line."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self) -> None:
        """Wait for the other writers; raises Unavailable when the database was never upgraded."""
        found = self._session.scalar(select(ShopStateRow.id).with_for_update())
        if found != THE_ONLY_ROW:
            raise Unavailable("The database is empty; run “recsys db upgrade” first.")

    def pointer(self) -> Pointer:
        """Where everything stands."""
        return Pointer(*self._session.execute(POINTER).one())

    def move_live(self, number: int) -> None:
        """Make release `number` the live one."""
        self._session.execute(update(ShopStateRow).values(live=number))

    def bump_catalog(self) -> int:
        """Count a change of the catalog; the new revision."""
        return self._bump(ShopStateRow.catalog_revision)

    def bump_overlay(self) -> int:
        """Count a change of takedowns, segments or keys; the new revision."""
        return self._bump(ShopStateRow.overlay_revision)

    def bump_draft(self) -> int:
        """Count a change of the draft; the new revision."""
        return self._bump(ShopStateRow.draft_revision)

    def _bump(self, counter: InstrumentedAttribute[int]) -> int:
        statement = update(ShopStateRow).values({counter.key: counter + 1}).returning(counter)
        return self._session.execute(statement).scalar_one()
