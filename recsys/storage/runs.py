"""Training runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from recsys.domain.errors import NotFound
from recsys.storage.tables import RunRow

PRUNED = "snapshot_pruned_at"
"""Fact of a run whose snapshot is gone."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run and what came of it.

    `status` is training, ready, failed, accepted or rejected; `metrics`, `gate` and `facts` are the
    batch's plain JSON values; `cutoff` is the time of the newest interaction it saw, `event_revision`
    the event line's up to which it saw events. Times are UTC.
    """

    id: str
    status: str
    model: str
    started_at: datetime
    requested_by: str
    metrics: Mapping[str, Any] = field(default_factory=dict)
    gate: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    cutoff: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    event_revision: int | None = None


class RunRepository:
    """Adds runs and keeps what became of them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, run: RunInfo) -> None:
        """Write a new run."""
        self._session.add(RunRow(**{name: getattr(run, name) for name in RunInfo.__slots__}))
        self._session.flush()

    def update(self, run: RunInfo) -> None:
        """Write what became of a run; raises NotFound."""
        row = self._row(run.id)
        for name in RunInfo.__slots__:
            setattr(row, name, getattr(run, name))
        self._session.flush()

    def get(self, run_id: str) -> RunInfo:
        """The run with that id; raises NotFound."""
        return _info(self._row(run_id))

    def exists(self, run_id: str) -> bool:
        """Whether there is a run with that id."""
        return self._session.get(RunRow, run_id) is not None

    def newest(self, limit: int) -> list[RunInfo]:
        """The last runs, newest first."""
        order = (RunRow.started_at.desc(), RunRow.id.desc())
        return [_info(row) for row in self._session.scalars(select(RunRow).order_by(*order).limit(limit))]

    def all(self) -> list[RunInfo]:
        """Every run, oldest first."""
        return [
            _info(row) for row in self._session.scalars(select(RunRow).order_by(RunRow.started_at, RunRow.id))
        ]

    def with_status(self, status: str) -> list[RunInfo]:
        """The runs of that status, oldest first."""
        statement = select(RunRow).where(RunRow.status == status).order_by(RunRow.started_at, RunRow.id)
        return [_info(row) for row in self._session.scalars(statement)]

    def _row(self, run_id: str) -> RunRow:
        row = self._session.get(RunRow, run_id)
        if row is None:
            raise NotFound("run", f"There is no run “{run_id}”.")
        return row


def _info(row: RunRow) -> RunInfo:
    return RunInfo(**{name: getattr(row, name) for name in RunInfo.__slots__})
