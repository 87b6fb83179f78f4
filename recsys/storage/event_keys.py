"""The names of events, which make sure that each event is stored once.

They are a table of their own, so that a name is known whichever part of the table of events holds the event.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from recsys.domain.events import Event
from recsys.storage.inserting import insert_or_keep
from recsys.storage.tables import EventKeyRow


def claim(
    session: Session, events: Iterable[Event], received_at: datetime, revision: int
) -> set[tuple[str, str]]:
    """Write down the names of events; those (namespace, event id) that were not known yet."""
    stamp = {"received_at": received_at, "revision": revision}
    rows = [{"namespace": each.namespace, "event_id": each.event_id, **stamp} for each in events]
    statement = insert_or_keep(session, EventKeyRow).returning(EventKeyRow.namespace, EventKeyRow.event_id)
    return {(namespace, event_id) for namespace, event_id in session.execute(statement, rows)}
