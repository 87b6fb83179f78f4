"""The days to come as the shop stands now: its rules, its catalog, and the pace of its sales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from recsys.domain.catalog import Item
from recsys.domain.foresight import Break, breaks
from recsys.domain.outlook import Outlook
from recsys.domain.rules import RuleSet
from recsys.slates.state import LiveState

WEEK = timedelta(days=7)
_DAYS_IN_WEEK = 7


def foresee(
    state: LiveState, rules: RuleSet, at: datetime, *, zone: str, fewest: int, ahead: timedelta = WEEK
) -> Sequence[Break]:
    """What breaks in the days after `at` if items go on selling as in the weeks that the live run counted."""
    return breaks(rules, outlook_of(state, at), at, at + ahead, zone=zone, fewest=fewest)


def outlook_of(state: LiveState, at: datetime) -> Outlook:
    """The catalog and the takedowns now, and when stock will be gone."""
    takedowns = (target.selector for target in state.overlays.takedowns)
    return Outlook(
        catalog=state.shop_view,
        held=state.catalog.held_apart_from_age,
        runs_out=_runs_out(state, at),
        aged=[selector for selector in takedowns if selector is not None and selector.has_age],
    )


def _runs_out(state: LiveState, at: datetime) -> Callable[[Item], datetime | None]:
    """When the last piece of an item goes: its stock over the units sold a day in the weeks counted, to the minute."""
    snapshot = state.release.snapshot if state.release is not None else None
    known: dict[str, datetime | None] = {}

    def when(item: Item) -> datetime | None:
        weeks = snapshot.sold(item.item_id) if snapshot is not None else ()
        if not item.stock or not any(weeks):
            return None
        left = timedelta(days=item.stock * _DAYS_IN_WEEK * len(weeks) / sum(weeks))
        return (at + left).replace(second=0, microsecond=0)

    def runs_out(item: Item) -> datetime | None:
        if item.item_id not in known:
            known[item.item_id] = when(item)
        return known[item.item_id]

    return runs_out
