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

IN_BLOCKS = 0.5
"""Share of shoppers whose held-out items lie together, where a split has leanings to go by."""

BLUR = 0.5
"""Chance beside a leaning: a deviation of half of that of the scale."""


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


def split_at_random(
    shoppers: Ints,
    items: Ints,
    *,
    share: float,
    rng: np.random.Generator,
    leanings: NDArray[np.float64] | None = None,
    in_blocks: float = IN_BLOCKS,
) -> Split:
    """Hold out a share of each shopper's different items, all interactions with them.

    A shopper with n >= 2 items gives max(1, floor(share * n)) to the test part; a shopper with one item gives none.

    What comes later in life is not a random sample of what came before: it belongs together (a journey, a season, a new
    hobby). With `leanings` half of the shoppers (`in_blocks`) therefore give up items that lie together, at the end of one of these
    scales, so that a model cannot fill each gap from what stood right beside it. Source: Roberts et al.,
    "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic structure", 2017 (block
    cross-validation).

    Args:
        shoppers: row of each interaction.
        items: column of each interaction.
        share: in (0, 1).
        rng: the source of chance.
        leanings: float64 [n_items, n_scales], each scale with mean 0 and deviation 1; None for chance alone.
        in_blocks: share of the shoppers whose held-out items lie together.

    """
    if not len(shoppers):
        nothing = np.zeros(0, bool)
        return Split(nothing, nothing, None)
    width = int(items.max()) + 1
    pairs, of_pair = np.unique(shoppers.astype(np.int64) * width + items, return_inverse=True)
    owner = pairs // width
    keys = (
        rng.random(len(pairs)) if leanings is None else _keys(owner, pairs % width, leanings, in_blocks, rng)
    )
    order = np.lexsort((keys, owner))
    _, start, count = np.unique(owner, return_index=True, return_counts=True)
    place = np.arange(len(pairs)) - np.repeat(start, count)
    quota = np.where(count > 1, np.maximum(1, np.floor(share * count)), 0)
    held = np.zeros(len(pairs), bool)
    held[order] = place < np.repeat(quota, count)
    test = held[of_pair]
    return Split(~test, test, None)


def _keys(
    owner: Ints, item: Ints, leanings: NDArray[np.float64], share: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Order each shopper's items: a share of the shoppers by a scale blurred by chance, the others by chance alone."""
    n, n_scales = int(owner.max()) + 1, leanings.shape[1]
    in_blocks, scale = rng.random(n) < share, rng.integers(n_scales, size=n)
    chance = rng.standard_normal(len(owner))
    return np.where(in_blocks[owner], leanings[item, scale[owner]] + BLUR * chance, chance)
