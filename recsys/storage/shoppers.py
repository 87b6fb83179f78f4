"""What the shop knows of single shoppers outside the model: segments, dislikes, what they lately did."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlalchemy.orm import Session

from recsys.domain.ids import ItemId
from recsys.storage.inserting import insert_into, insert_or_keep
from recsys.storage.tables import DislikeRow, EventLineRow, SegmentMemberRow, ShopperItemRow

USER, SESSION = "user", "session"
_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Opinion:
    """Whether a shopper wants to see an item again, and since when (UTC)."""

    kind: str
    shopper: str
    item_id: ItemId
    at: datetime
    disliked: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """An item that a shopper looked at or bought, and when last (UTC)."""

    kind: str
    shopper: str
    item_id: ItemId
    at: datetime
    bought: bool


class ShopperRepository:
    """Writes segments, dislikes and what shoppers lately did; workers read them (see `storage.live_shoppers`).

    `revision` gives the event line's revision of this transaction.
    """

    def __init__(self, session: Session, revision: Callable[[], int]) -> None:
        self._session = session
        self._revision = revision

    def add_members(self, members: Iterable[tuple[str, str]]) -> int:
        """Put (user id, segment) pairs in their place; how many were new."""
        statement = insert_or_keep(self._session, SegmentMemberRow).returning(SegmentMemberRow.user_id)
        return self._in_pieces(statement, ({"user_id": u, "segment": s} for u, s in members))

    def clear_segments(self, segments: Collection[str]) -> None:
        """Empty the named segments."""
        self._session.execute(delete(SegmentMemberRow).where(SegmentMemberRow.segment.in_(segments)))

    def add_dislikes(self, kind: str, dislikes: Iterable[tuple[str, str]], at: datetime) -> int:
        """Remember (shopper, item id) pairs as disliked; `kind` is user or session; how many were new."""
        insert, row = insert_into(self._session, DislikeRow), DislikeRow
        new = {"standing": True, "at": insert.excluded.at, "revision": insert.excluded.revision}
        statement = insert.on_conflict_do_update(
            index_elements=[row.kind, row.shopper, row.item_id],
            set_={**new, "event_revision": None},
            where=~row.standing,
        )
        stamp = {"kind": kind, "at": at, "standing": True, "revision": self._revision()}
        rows = ({**stamp, "shopper": s, "item_id": i} for s, i in dislikes)
        return self._in_pieces(statement.returning(row.item_id), rows)

    def remove_dislikes(self, kind: str, dislikes: Iterable[tuple[str, str]]) -> int:
        """End dislikes; how many there were."""
        row, gone = DislikeRow, 0
        values = {"standing": False, "revision": self._revision(), "event_revision": None}
        for shopper, item_id in dislikes:
            one = (row.kind == kind, row.shopper == shopper, row.item_id == item_id, row.standing)
            statement = update(row).where(*one).values(values).returning(row.item_id)
            gone += len(self._session.execute(statement).all())
        return gone

    def dislikes(self, kind: str) -> set[tuple[str, str]]:
        """All (shopper, item id) pairs of that kind that stand."""
        pairs = select(DislikeRow.shopper, DislikeRow.item_id)
        found = self._session.execute(pairs.where(DislikeRow.kind == kind, DislikeRow.standing))
        return {(shopper, item_id) for shopper, item_id in found}

    def told_since_the_take(self) -> set[tuple[str, str]]:
        """(User id, item id) pairs whose latest word is an event that has not joined the interactions yet."""
        taken = select(EventLineRow.taken).scalar_subquery()
        pairs = select(DislikeRow.shopper, DislikeRow.item_id)
        found = self._session.execute(pairs.where(DislikeRow.kind == USER, DislikeRow.event_revision > taken))
        return {(shopper, item_id) for shopper, item_id in found}

    def hear(self, opinions: Iterable[Opinion]) -> None:
        """Take in what events say of single items, in the order in which they were told; the latest word stands.

        What ends a dislike that nobody knows of leaves no trace.
        """
        dislikes: dict[tuple[str, str, str], Opinion] = {}
        last: dict[tuple[str, str, str], Opinion] = {}
        for opinion in sorted(opinions, key=lambda each: each.at):
            key = (opinion.kind, opinion.shopper, opinion.item_id)
            last[key] = opinion
            if opinion.disliked:
                dislikes[key] = opinion
        self._dislike(list(dislikes.values()))
        self._undislike([each for each in last.values() if not each.disliked])

    def see(self, seen: Iterable[Seen]) -> None:
        """Take in what shoppers looked at and bought: each (kind, shopper, item) at most once a call."""
        insert, row, revision = insert_into(self._session, ShopperItemRow), ShopperItemRow, self._revision()
        new = insert.excluded
        statement = insert.on_conflict_do_update(
            index_elements=[row.kind, row.shopper, row.item_id],
            set_={
                "seen_at": case((new.seen_at > row.seen_at, new.seen_at), else_=row.seen_at),
                "bought_revision": func.coalesce(new.bought_revision, row.bought_revision),
                "revision": new.revision,
            },
        )
        rows = [
            {
                "kind": each.kind,
                "shopper": each.shopper,
                "item_id": each.item_id,
                "seen_at": each.at,
                "bought_revision": revision if each.bought else None,
                "revision": revision,
            }
            for each in seen
        ]
        if rows:
            self._session.execute(statement, rows)

    def forget_sessions(self, before: datetime) -> int:
        """Delete what is known of sessions that did nothing since a moment; how many rows."""
        seen, disliked = ShopperItemRow, DislikeRow
        active = select(seen.shopper).where(seen.kind == SESSION, seen.seen_at >= before)
        alive = active.union(select(disliked.shopper).where(disliked.kind == SESSION, disliked.at >= before))
        gone = 0
        for row in (seen, disliked):
            statement = delete(row).where(row.kind == SESSION, row.shopper.not_in(alive))
            gone += self._session.connection().execute(statement).rowcount
        return gone

    def forget_looks(self, before: datetime) -> int:
        """Delete what users looked at before a moment and did not buy; how many rows."""
        row = ShopperItemRow
        old = (row.kind == USER, row.seen_at < before, row.bought_revision.is_(None))
        return self._session.connection().execute(delete(row).where(*old)).rowcount

    def _dislike(self, opinions: Sequence[Opinion]) -> None:
        insert, row = insert_into(self._session, DislikeRow), DislikeRow
        told = {name: insert.excluded[name] for name in ("standing", "at", "revision", "event_revision")}
        statement = insert.on_conflict_do_update(
            index_elements=[row.kind, row.shopper, row.item_id], set_=told, where=row.at <= insert.excluded.at
        )
        revision = self._revision()
        stamp = {"standing": True, "revision": revision, "event_revision": revision}
        rows = [
            {"kind": each.kind, "shopper": each.shopper, "item_id": each.item_id, "at": each.at, **stamp}
            for each in opinions
        ]
        if rows:
            self._session.execute(statement, rows)

    def _undislike(self, opinions: Sequence[Opinion]) -> None:
        table = DislikeRow.__table__
        names = ("kind", "shopper", "item_id")
        one = [table.c[name] == bindparam(f"its_{name}") for name in names]
        revision = self._revision()
        values = {"standing": False, "revision": revision, "event_revision": revision}
        statement = (
            update(DislikeRow)
            .where(*one, table.c.at <= bindparam("its_at"))
            .values({**values, "at": bindparam("its_at")})
        )
        rows = [{f"its_{name}": getattr(each, name) for name in (*names, "at")} for each in opinions]
        if rows:
            self._session.connection().execute(statement, rows)

    def _in_pieces(self, statement: Any, rows: Iterable[dict[str, Any]]) -> int:
        """Execute for all rows, in pieces; how many rows came back."""
        count, remaining = 0, iter(rows)
        while piece := list(islice(remaining, _AT_ONCE)):
            count += len(self._session.execute(statement, piece).all())
        return count
