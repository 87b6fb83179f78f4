"""The draft's changes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from recsys.domain.changes import Change
from recsys.domain.errors import NotFound
from recsys.domain.ids import RuleId
from recsys.domain.rules import AnyRule, kind_of
from recsys.storage.codec import SCHEMA_VERSION, decode_rule, encode_rule
from recsys.storage.tables import DraftChangeRow


class DraftRepository:
    """The list of changes that, on top of the live release, is the draft."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def changes(self) -> tuple[Change, ...]:
        """All changes, in the order of their ids."""
        rows = self._session.scalars(select(DraftChangeRow).order_by(DraftChangeRow.id))
        return tuple(_change(row) for row in rows)

    def get(self, change_id: int) -> Change:
        """The change with that id; raises NotFound."""
        row = self._session.get(DraftChangeRow, change_id)
        if row is None:
            raise NotFound("change", "This change is no longer in the draft: it was published or undone.")
        return _change(row)

    def add(
        self, before: AnyRule | None, after: AnyRule | None, *, author: str, at: datetime, note: str
    ) -> Change:
        """Append a change; its id is above every id that was ever given."""
        rule = after if after is not None else before
        if rule is None:
            raise ValueError("a change has something before or after it")
        row = DraftChangeRow(
            rule_id=rule.id,
            kind=kind_of(rule),
            before=None if before is None else encode_rule(before),
            after=None if after is None else encode_rule(after),
            schema_version=SCHEMA_VERSION,
            author=author,
            at=at,
            note=note,
        )
        self._session.add(row)
        self._session.flush()
        return _change(row)

    def remove(self, change_ids: Collection[int]) -> None:
        """Take changes out of the draft."""
        self._session.execute(delete(DraftChangeRow).where(DraftChangeRow.id.in_(change_ids)))


def _change(row: DraftChangeRow) -> Change:
    return Change(
        id=row.id,
        rule_id=RuleId(row.rule_id),
        before=None if row.before is None else decode_rule(row.kind, row.before, row.schema_version),
        after=None if row.after is None else decode_rule(row.kind, row.after, row.schema_version),
        author=row.author,
        at=row.at,
        note=row.note,
    )
