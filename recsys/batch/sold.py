"""What each item sold in the last weeks: what an editor judges it by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.data.kinds import KIND_CODE
from recsys.data.training import TrainingData, to_microseconds
from recsys.data.weighting import MICROSECONDS_PER_DAY, UNKNOWN_TIME
from recsys.snapshots.layout import SOLD_WEEKS

_WEEK = 7 * MICROSECONDS_PER_DAY
_MOST = float(np.iinfo(np.int32).max)


def units_sold(data: TrainingData) -> NDArray[np.int32]:
    """Units bought of every item in each of the weeks before the cut-off, the latest first: int32 [n_items, 4].

    What was bought at a time that nobody knows is left out, and so is what was brought back.
    """
    sold = np.zeros((len(data.items), SOLD_WEEKS), np.float64)
    if data.cutoff is None:
        return sold.astype(np.int32)
    events = data.events.where(
        (data.events.kind == KIND_CODE["purchase"])
        & (data.events.timestamp != UNKNOWN_TIME)
        & (data.events.quantity > 0)
    )
    week = (to_microseconds(data.cutoff) - events.timestamp) // _WEEK
    lately = (week >= 0) & (week < SOLD_WEEKS)
    np.add.at(sold, (events.item[lately], week[lately]), events.quantity[lately])
    units: NDArray[np.int32] = np.minimum(np.rint(sold), _MOST).astype(np.int32)
    return units
