"""Light reads for the workers' memory: what is live, and what changed since they last looked.

Each takes a connection from `Database.connect()`; reads over one connection see one state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from recsys.domain.catalog import Item
from recsys.domain.errors import NotFound, Unavailable
from recsys.domain.ids import ItemId
from recsys.domain.rules import RuleSet
from recsys.domain.selectors import Target
from recsys.storage.codec import decode_selector
from recsys.storage.items import read_items
from recsys.storage.keys import KeyInfo, read_keys
from recsys.storage.releases import read_rules
from recsys.storage.state import POINTER, Pointer
from recsys.storage.tables import ReleaseRow, RunRow, SegmentMemberRow, TakedownRow

__all__ = [
    "KeyInfo",
    "LoadedRelease",
    "Overlays",
    "Pointer",
    "held_releases",
    "load_items",
    "load_keys",
    "load_overlays",
    "load_release",
    "load_takedowns",
    "read_pointer",
    "releases_before",
    "waiting_run",
]


@dataclass(frozen=True, slots=True)
class LoadedRelease:
    """A release with its rules, each with the release that first published its content."""

    number: int
    run_id: str | None
    rules: RuleSet
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Overlays:
    """Live state outside releases: (id, target) of standing takedowns, and (user id, segment) pairs."""

    takedowns: tuple[tuple[str, Target], ...]
    segments: tuple[tuple[str, str], ...]


def read_pointer(connection: Connection) -> Pointer:
    """Where everything stands: one tiny query. Raises Unavailable on a database that was never upgraded."""
    row = connection.execute(POINTER).one_or_none()
    if row is None:
        raise Unavailable("The database is empty; run “recsys db upgrade” first.")
    return Pointer(*row)


def load_release(connection: Connection, number: int) -> LoadedRelease:
    """Release `number`; raises NotFound."""
    columns = select(ReleaseRow.run_id, ReleaseRow.created_at)
    row = connection.execute(columns.where(ReleaseRow.number == number)).one_or_none()
    if row is None:
        raise NotFound("release", f"There is no release {number}.")
    return LoadedRelease(number, row.run_id, read_rules(connection, number), row.created_at)


def waiting_run(connection: Connection) -> str | None:
    """The newest run that waits for review."""
    ready = select(RunRow.id).where(RunRow.status == "ready")
    return connection.scalar(ready.order_by(RunRow.started_at.desc(), RunRow.id.desc()).limit(1))


def load_items(connection: Connection, since_revision: int = 0) -> Iterator[tuple[int, Item]]:
    """(seq, item) of every row written after catalog revision `since_revision`, streamed by `seq`."""
    return read_items(connection, since_revision)


def load_overlays(connection: Connection) -> Overlays:
    """The takedowns that stand and all segments."""
    members = connection.execute(select(SegmentMemberRow.user_id, SegmentMemberRow.segment))
    return Overlays(
        takedowns=_standing(connection),
        segments=tuple((user_id, segment) for user_id, segment in members),
    )


def load_takedowns(connection: Connection) -> tuple[Target, ...]:
    """What the standing takedowns take out."""
    return tuple(target for _, target in _standing(connection))


def load_keys(connection: Connection) -> list[KeyInfo]:
    """The API keys in force; they move with `overlay_revision`."""
    return read_keys(connection)


def held_releases(connection: Connection, since: datetime) -> list[int]:
    """The releases that were live at any time since the moment `since`, newest first."""
    held: list[int] = []
    statement = select(ReleaseRow.number, ReleaseRow.created_at).order_by(ReleaseRow.number.desc())
    for number, created_at in connection.execute(statement.execution_options(yield_per=100)):
        held.append(number)
        if created_at <= since:
            break  # it was live at `since`; the ones before it had ended
    return held


def releases_before(connection: Connection, number: int, most: int) -> list[int]:
    """The releases before release `number`, newest first, at most so many."""
    before = select(ReleaseRow.number).where(ReleaseRow.number < number)
    return list(connection.scalars(before.order_by(ReleaseRow.number.desc()).limit(most)))


def _standing(connection: Connection) -> tuple[tuple[str, Target], ...]:
    columns = select(TakedownRow.id, TakedownRow.item_id, TakedownRow.selector)
    found = connection.execute(columns.where(TakedownRow.lifted_at.is_(None)).order_by(TakedownRow.id))
    return tuple((takedown_id, _target(item_id, selector)) for takedown_id, item_id, selector in found)


def _target(item_id: str | None, selector: object) -> Target:
    if item_id is not None:
        return Target(item_id=ItemId(item_id))
    return Target(selector=decode_selector(selector))
