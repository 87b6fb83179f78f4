"""Publications that are proposed and scheduled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from recsys.domain.errors import NotFound
from recsys.storage.tables import ProposalRow


@dataclass(frozen=True, slots=True)
class Proposal:
    """A selection of the draft's changes to be published; times are UTC.

    `status`: open (waits for a publisher), scheduled (waits for `publish_at`), published (as `release`),
    returned (handed back with a `word`), withdrawn, or failed (was due and could not be; `word` says why).
    """

    id: int
    author: str
    at: datetime
    comment: str
    changes: tuple[int, ...]
    status: str
    publish_at: datetime | None = None
    release: int | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    word: str = ""


class ProposalRepository:
    """Adds proposals and ends them; none is ever deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(
        self, author: str, at: datetime, changes: Collection[int], comment: str, publish_at: datetime | None
    ) -> Proposal:
        """Write a new one: scheduled where `publish_at` is given, else open."""
        row = ProposalRow(
            author=author,
            at=at,
            comment=comment,
            changes=sorted(set(changes)),
            status="open" if publish_at is None else "scheduled",
            publish_at=publish_at,
            word="",
        )
        self._session.add(row)
        self._session.flush()
        return _proposal(row)

    def get(self, proposal_id: int) -> Proposal:
        """The proposal with that id; raises NotFound."""
        return _proposal(self._row(proposal_id))

    def end(
        self,
        proposal_id: int,
        status: str,
        *,
        by: str,
        at: datetime,
        word: str = "",
        release: int | None = None,
    ) -> Proposal:
        """Say what became of it; raises NotFound."""
        row = self._row(proposal_id)
        row.status, row.decided_by, row.decided_at, row.word, row.release = status, by, at, word, release
        self._session.flush()
        return _proposal(row)

    def with_status(self, *statuses: str) -> Sequence[Proposal]:
        """All with one of these statuses, the oldest first."""
        rows = self._session.scalars(
            select(ProposalRow).where(ProposalRow.status.in_(statuses)).order_by(ProposalRow.id)
        )
        return [_proposal(row) for row in rows]

    def everything(self) -> Sequence[Proposal]:
        """All that there ever were, the oldest first."""
        return [_proposal(row) for row in self._session.scalars(select(ProposalRow).order_by(ProposalRow.id))]

    def due(self, at: datetime) -> Sequence[Proposal]:
        """The scheduled ones whose moment has come, in the order of their moments."""
        rows = self._session.scalars(
            select(ProposalRow)
            .where(ProposalRow.status == "scheduled", ProposalRow.publish_at <= at)
            .order_by(ProposalRow.publish_at, ProposalRow.id)
        )
        return [_proposal(row) for row in rows]

    def _row(self, proposal_id: int) -> ProposalRow:
        row = self._session.get(ProposalRow, proposal_id)
        if row is None:
            raise NotFound("proposal", f"There is no proposal {proposal_id}.")
        return row


def _proposal(row: ProposalRow) -> Proposal:
    return Proposal(
        row.id,
        row.author,
        row.at,
        row.comment,
        tuple(row.changes),
        row.status,
        row.publish_at,
        row.release,
        row.decided_by,
        row.decided_at,
        row.word,
    )
