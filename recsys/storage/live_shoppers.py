"""What workers hold of single shoppers: all of it once, then only what changed since the last look.

Each takes a connection from `Database.connect()`; the revision to read up to is the one that the
pointer, read over the same connection, names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from recsys.domain.ids import ItemId
from recsys.storage.shoppers import SESSION, USER, Opinion, Seen
from recsys.storage.tables import DislikeRow, ReleaseRow, RunRow, ShopperItemRow

_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to read.

    Attributes:
        floor: purchases that users told up to this revision are in the snapshots.
        sessions_since: sessions that did nothing since (UTC) are over.
        most_looks: how many of the latest looks and purchases to read at most, apart from the purchases
            above the floor.

    """

    floor: int
    sessions_since: datetime
    most_looks: int


def purchase_floor(connection: Connection, since: datetime, run_ids: Collection[str]) -> int:
    """The revision up to which purchases are in every snapshot that matters.

    Those are the runs named, and the runs of the releases that were live at any time since a moment.
    """
    ended = select(func.max(ReleaseRow.number)).where(ReleaseRow.created_at <= since).scalar_subquery()
    held = select(ReleaseRow.run_id).where(ReleaseRow.number >= func.coalesce(ended, 0))
    statement = select(RunRow.event_revision).where(or_(RunRow.id.in_(run_ids), RunRow.id.in_(held)))
    return min((revision or 0 for (revision,) in connection.execute(statement)), default=0)


def all_opinions(connection: Connection, wanted: Wanted) -> Iterator[Opinion]:
    """Every dislike that stands, but for those of sessions that are over."""
    row, seen = DislikeRow, ShopperItemRow
    active = exists().where(
        seen.kind == SESSION, seen.shopper == row.shopper, seen.seen_at >= wanted.sessions_since
    )
    alive = or_(row.kind == USER, row.at >= wanted.sessions_since, active)
    return _opinions(connection, and_(row.standing, alive))


def opinions_since(connection: Connection, revision: int) -> Iterator[Opinion]:
    """What was said since a revision, for or against; code that knew no revisions may have said it any time."""
    return _opinions(connection, or_(DislikeRow.revision > revision, DislikeRow.revision.is_(None)))


def all_seen(connection: Connection, wanted: Wanted) -> Iterator[Seen]:
    """What users bought above the floor, then the latest that anyone did; a row may come twice."""
    row = ShopperItemRow
    bought = (row.kind == USER, row.bought_revision > wanted.floor)
    yield from _seen(connection, select(*_SEEN).where(*bought), wanted.floor)
    looks = select(*_SEEN).where(row.seen_at >= wanted.sessions_since)
    latest = looks.order_by(row.revision.desc()).limit(wanted.most_looks)
    yield from _seen(connection, latest, wanted.floor)


def seen_since(connection: Connection, revision: int, floor: int) -> Iterator[Seen]:
    """What was done since a revision."""
    return _seen(connection, select(*_SEEN).where(ShopperItemRow.revision > revision), floor)


_SEEN = (
    ShopperItemRow.kind,
    ShopperItemRow.shopper,
    ShopperItemRow.item_id,
    ShopperItemRow.seen_at,
    ShopperItemRow.bought_revision,
)


def _opinions(connection: Connection, where: ColumnElement[bool]) -> Iterator[Opinion]:
    row = DislikeRow
    columns = select(row.kind, row.shopper, row.item_id, row.at, row.standing)
    for kind, shopper, item_id, at, standing in _stream(connection, columns.where(where)):
        yield Opinion(kind, shopper, ItemId(item_id), at, standing)


def _seen(connection: Connection, statement: object, floor: int) -> Iterator[Seen]:
    for kind, shopper, item_id, at, revision in _stream(connection, statement):
        # Snapshots know users alone: of sessions every purchase counts.
        bought = revision is not None and (kind == SESSION or revision > floor)
        yield Seen(kind, shopper, ItemId(item_id), at, bought)


def _stream(connection: Connection, statement: object) -> Iterator[tuple]:  # type: ignore[type-arg]
    return iter(connection.execute(statement.execution_options(yield_per=_AT_ONCE)))  # type: ignore[attr-defined]
