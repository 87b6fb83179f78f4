"""Audit entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from recsys.domain.history import Recorded
from recsys.storage.tables import AuditEntryRow

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, with the plain JSON values before and after. `at` is UTC."""

    id: int
    at: datetime
    actor: str
    role: str
    command: str
    target: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    schema_version: int
    comment: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: every part given must match; `command` also matches as the part before a dot."""

    actor: str | None = None
    command: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before_id: int | None = None


class AuditRepository:
    """Appends entries and reads them; none is ever changed or deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self,
        *,
        at: datetime,
        actor: str,
        role: str,
        command: str,
        target: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
        schema_version: int,
        comment: str,
    ) -> None:
        """Append an entry; its id is above all others."""
        self._session.add(
            AuditEntryRow(
                at=at,
                actor=actor,
                role=role,
                command=command,
                target=target,
                before=before,
                after=after,
                schema_version=schema_version,
                comment=comment,
            )
        )
        self._session.flush()

    def entries(self, wanted: AuditFilter, limit: int) -> list[AuditEntry]:
        """The last entries that match, newest first."""
        statement = _matching(wanted).order_by(AuditEntryRow.id.desc()).limit(limit)
        return [_entry(row) for row in self._session.scalars(statement)]

    def recorded(self) -> Iterator[Recorded]:
        """All entries, oldest first, as replay reads them."""
        row = AuditEntryRow
        columns = (row.id, row.command, row.target, row.before, row.after, row.schema_version)
        found = self._session.execute(select(*columns).order_by(row.id).execution_options(yield_per=_AT_ONCE))
        return (Recorded(*each) for each in found)


def _matching(wanted: AuditFilter) -> Select[AuditEntryRow]:
    row = AuditEntryRow
    statement = select(row)
    if wanted.actor is not None:
        statement = statement.where(row.actor == wanted.actor)
    if wanted.command is not None:
        group = row.command.startswith(f"{wanted.command}.", autoescape=True)
        statement = statement.where((row.command == wanted.command) | group)
    if wanted.target is not None:
        statement = statement.where(row.target == wanted.target)
    if wanted.since is not None:
        statement = statement.where(row.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(row.at < wanted.until)
    if wanted.before_id is not None:
        statement = statement.where(row.id < wanted.before_id)
    return statement


def _entry(row: AuditEntryRow) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})
