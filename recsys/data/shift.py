"""Moving an old data set to the present."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from recsys.data.interactions import read_interactions
from recsys.data.report import Report

_DAY = timedelta(days=1)


def shift_days(last: datetime, now: datetime) -> int:
    """Whole days that move `last` to yesterday at its own time of day; both aware, days counted in the zone of `last`.

    Whole days keep the hour of each sale. Negative when `last` lies later than yesterday.
    """
    return (now.astimezone(last.tzinfo).date() - last.date()).days - 1


def shift_to_yesterday(interactions: Path, now: datetime) -> timedelta:
    """By how much to move a data set so that its last interaction was yesterday; zero when none has a time.

    Pass it as `shift` to `read_interactions` and `read_items`. Reads the whole file. Raises as `read_interactions`.
    """
    newest: datetime | None = None
    for table in read_interactions(interactions, Report()):
        latest: datetime | None = pc.max(table["timestamp"]).as_py()
        if latest is not None and (newest is None or latest > newest):
            newest = latest
    return shift_days(newest, now) * _DAY if newest is not None else timedelta(0)
