"""What came after answers that a rule had part in: counts by day, kept with the events that they count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from recsys.domain.events import EventType
from recsys.domain.ids import RuleId
from recsys.storage.inserting import insert_into
from recsys.storage.tables import RuleCountRow

PLACED, WITH, WITHOUT = "placed", "with", "without"


@dataclass(frozen=True, slots=True)
class RuleCount:
    """Events of one type in one arm of a rule, and the money that came with them."""

    rule_id: RuleId
    arm: str
    type: EventType
    events: int
    value: float


class RuleCountRepository:
    """Adds to counts, and sums them up."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, counts: Iterable[RuleCount], day: date) -> None:
        """Add to the counts of a day; each rule, arm and type at most once a call."""
        insert, row = insert_into(self._session, RuleCountRow), RuleCountRow
        statement = insert.on_conflict_do_update(
            index_elements=[row.rule_id, row.day, row.arm, row.type],
            set_={
                "events": row.events + insert.excluded.events,
                "value": row.value + insert.excluded.value,
            },
        )
        rows = [
            {
                "rule_id": each.rule_id,
                "day": day,
                "arm": each.arm,
                "type": each.type.value,
                "events": each.events,
                "value": each.value,
            }
            for each in counts
        ]
        if rows:
            self._session.execute(statement, rows)

    def since(self, first: date) -> list[RuleCount]:
        """The counts from a day on, added up."""
        row = RuleCountRow
        summed = select(row.rule_id, row.arm, row.type, func.sum(row.events), func.sum(row.value))
        found = self._session.execute(summed.where(row.day >= first).group_by(row.rule_id, row.arm, row.type))
        return [
            RuleCount(RuleId(rule_id), arm, EventType(kind), int(events), float(value))
            for rule_id, arm, kind, events, value in found
        ]
