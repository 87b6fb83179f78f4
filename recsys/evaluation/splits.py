"""Splitting interactions into a train and a test part; numpy only.

A split by time asks the honest question: what would the model have said on that day about what came after?
Data without times is split at random within each shopper instead, and a result from it must say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datetime import timedelta

    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.integer[Any]]

UNKNOWN_TIME = int(np.iinfo(np.int64).min)
"""The timestamp of an interaction without a time."""

MICROSECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Split:
    """Which interactions train a model and which test it.

    Attributes:
        train: bool [n_interactions]
        test: bool [n_interactions], disjoint from `train`.
        at: microseconds since 1970 UTC where the test part begins; None for a random split.

    """

    train: Bools
    test: Bools
    at: int | None


def split_by_time(timestamps: NDArray[np.int64], last: timedelta, *, at_most: float = 1.0) -> Split | None:
    """Keep the end of the timeline for testing.

    Args:
        timestamps: microseconds since 1970 UTC; `UNKNOWN_TIME` goes to the train part.
        last: length of the test part.
        at_most: the test part takes no more than this share of the timeline's length, so short data splits too.

    Returns:
        None where there is no timeline: fewer than two different known times.

    """
    known = timestamps != UNKNOWN_TIME
    if not known.any():
        return None
    first, end = int(timestamps[known].min()), int(timestamps[known].max())
    length = min(int(last.total_seconds() * MICROSECOND), int((end - first) * at_most))
    at = max(end - length, first + 1)
    if at > end:
        return None
    test = known & (timestamps >= at)
    return Split(~test, test, at)


def split_at_random(shoppers: Ints, items: Ints, *, share: float, rng: np.random.Generator) -> Split:
    """Hold out a share of each shopper's different items, all interactions with them.

    A shopper with n >= 2 items gives max(1, floor(share * n)) to the test part; a shopper with one item gives none.

    Args:
        shoppers: row of each interaction.
        items: column of each interaction.
        share: in (0, 1).
        rng: the source of chance.

    """
    if not len(shoppers):
        nothing = np.zeros(0, bool)
        return Split(nothing, nothing, None)
    width = int(items.max()) + 1
    pairs, of_pair = np.unique(shoppers.astype(np.int64) * width + items, return_inverse=True)
    owner = pairs // width
    order = np.lexsort((rng.random(len(pairs)), owner))
    _, start, count = np.unique(owner, return_index=True, return_counts=True)
    place = np.arange(len(pairs)) - np.repeat(start, count)
    quota = np.where(count > 1, np.maximum(1, np.floor(share * count)), 0)
    held = np.zeros(len(pairs), bool)
    held[order] = place < np.repeat(quota, count)
    test = held[of_pair]
    return Split(~test, test, None)
