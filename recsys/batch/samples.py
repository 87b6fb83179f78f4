"""Sample shoppers for previews. A snapshot names nobody, so a run's record keeps a handful of ids beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from recsys.data.training import TrainingData


def pick_samples(data: TrainingData, count: int = 48) -> list[dict[str, Any]]:
    """Shoppers spread evenly from the least to the most active, every market with at least one among them.

    Deterministic: equal data gives equal samples. Each is ``user_id``, ``market`` (or None) and ``bought``,
    the number of items owned.
    """
    bought = np.diff(data.owned.indptr)
    order = np.lexsort((np.arange(len(bought)), bought))
    order = order[bought[order] > 0]
    if not len(order):
        return []
    spread = order[np.unique(np.linspace(0, len(order) - 1, num=min(count, len(order))).astype(np.int64))]
    markets = np.asarray(data.user_market)[order]
    busiest = [int(order[markets == market][-1]) for market in np.unique(markets) if market >= 0]
    return [_sample(data, row, int(bought[row])) for row in dict.fromkeys([*spread.tolist(), *busiest])]


def _sample(data: TrainingData, row: int, bought: int) -> dict[str, Any]:
    market = int(data.user_market[row])
    return {
        "user_id": str(data.users.ids[row]),
        "market": data.markets[market] if market >= 0 else None,
        "bought": bought,
    }
