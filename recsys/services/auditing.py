"""Reading the audit log, and holding it against the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from recsys.domain.history import ReleaseState, State, replay
from recsys.services.shop import Shop
from recsys.storage.audit import AuditEntry, AuditFilter
from recsys.storage.codec import encode_change
from recsys.storage.unit_of_work import UnitOfWork

_ALL = 1_000_000_000
MOST_SHOWN = 500


def entries(
    shop: Shop,
    *,
    actor: str | None = None,
    command: str | None = None,
    target: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    before_id: int | None = None,
) -> list[AuditEntry]:
    """The last entries that match every filter given, newest first.

    `command` is whole or the part before the dot (“release”); `since` is inclusive, `until` is not;
    `before_id` goes on below the last entry of the page before.
    """
    wanted = AuditFilter(actor, command, target, since, until, before_id)
    with shop.database.read() as unit:
        return unit.audit.entries(wanted, max(1, min(limit, MOST_SHOWN)))


def state_from_tables(shop: Shop) -> State:
    """What the tables say, in the words of replay."""
    with shop.database.read() as unit:
        return _state_in(unit)


def verify(shop: Shop) -> list[str]:
    """Where the tables differ from the replayed audit log, in words; empty when the history is the state."""
    with shop.database.read() as unit:
        told, found = replay(unit.audit.recorded()), _state_in(unit)
    return [
        *_differences("change", told.draft, found.draft),
        *_differences("release", told.releases, found.releases),
        *_differences("live release", {"live": told.live}, {"live": found.live}),
        *_differences("proposal", told.proposals, found.proposals),
        *_differences("takedown", dict.fromkeys(told.takedowns), dict.fromkeys(found.takedowns)),
    ]


def _state_in(unit: UnitOfWork) -> State:
    return State(
        draft={change.id: encode_change(change) for change in unit.draft.changes()},
        releases={
            info.number: ReleaseState(info.run_id, unit.releases.contents(info.number))
            for info in unit.releases.newest(_ALL)
        },
        live=unit.state.pointer().release,
        takedowns=frozenset(each.id for each in unit.takedowns.standing()),
        proposals={each.id: each.status for each in unit.proposals.everything()},
    )


def _differences(what: str, told: Mapping[Any, Any], found: Mapping[Any, Any]) -> Iterator[str]:
    for key in sorted({*told, *found}):
        if key not in found:
            yield f"{what} {key} stands in the history and not in the tables"
        elif key not in told:
            yield f"{what} {key} stands in the tables and not in the history"
        elif told[key] != found[key]:
            yield f"{what} {key} differs: the history says {told[key]!r}, the tables say {found[key]!r}"
