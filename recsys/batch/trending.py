"""What sells now, against what the time before let expect."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from recsys.batch.candidates import Lists, lists
from recsys.data.kinds import KIND_CODE
from recsys.data.training import Events, TrainingData, to_microseconds
from recsys.data.weighting import MICROSECONDS_PER_DAY, UNKNOWN_TIME
from recsys.models.base import TopK
from recsys.snapshots.layout import MAX_POPULAR

RECENT_DAYS = 14
BEFORE_DAYS = 84
"""How far back the time before goes: six times as long, so that one good week is no habit."""
FEWEST_BUYERS = 3
"""Of fewer in the recent days, chance alone may be the reason."""


def trending_lists(data: TrainingData) -> Iterator[Lists]:
    """What trends in the whole shop, then in each market: best first, scores in (0, 1).

    score = (r - e) / sqrt(e + 1), where r counts the shoppers who wanted an item in the last 14 days, and e is the
    number that the 84 days before let expect, given how busy both times were: the deviation of a Poisson count in
    units of its own spread, with one shopper added so that a newcomer needs more than one. An item is listed when
    at least 3 wanted it lately and more than expected.
    """
    events = _dated(data)
    places = [np.full(len(events), True)]
    places += [events.market == market for market in range(len(data.markets))]
    for there in places:
        yield _trending(events.where(there), data)


def _dated(data: TrainingData) -> Events:
    """The events of the two times, without dislikes."""
    if data.cutoff is None:
        return data.events.where(np.zeros(len(data.events), bool))
    age = to_microseconds(data.cutoff) - data.events.timestamp
    within = (data.events.timestamp != UNKNOWN_TIME) & (
        age < (RECENT_DAYS + BEFORE_DAYS) * MICROSECONDS_PER_DAY
    )
    return data.events.where(within & (age >= 0) & (data.events.kind != KIND_CODE["dislike"]))


def _trending(events: Events, data: TrainingData) -> Lists:
    if data.cutoff is None:
        return lists(TopK(np.zeros((1, 0), np.int32), np.zeros((1, 0), np.float32)))
    recent = to_microseconds(data.cutoff) - events.timestamp < RECENT_DAYS * MICROSECONDS_PER_DAY
    now, before = (_shoppers(events.where(time), len(data.items)) for time in (recent, ~recent))
    expected = before * (now.sum() / max(float(before.sum()), 1.0))
    score = (now - expected) / np.sqrt(expected + 1)
    found = np.flatnonzero((now >= FEWEST_BUYERS) & (score > 0))
    best = found[np.lexsort((found, -score[found]))][:MAX_POPULAR]
    return lists(TopK(best[None].astype(np.int32), score[best][None].astype(np.float32)))


def _shoppers(events: Events, n_items: int) -> NDArray[np.float64]:
    """How many different shoppers wanted each item: [n_items]."""
    pairs = np.unique(events.user.astype(np.int64) * n_items + events.item)
    return np.bincount(pairs % n_items, minlength=n_items).astype(np.float64)
