"""How two sets of slates over the same shoppers differ: what stays, how the order moves, and who is shown more.

Slates are int [n_shoppers, depth] of item numbers, best first, -1 where a slate has ended; row i of both is one shopper.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]

PERSISTENCE = 0.9
"""Of rank-biased overlap: a reader who goes on to the next place nine times in ten."""
_Z95 = 1.959964
"""The 97.5 % point of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over `shoppers` with the ends of its 95 % interval; both ends are None for fewer than two shoppers."""

    mean: float
    low: float | None
    high: float | None
    shoppers: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def estimate(values: Floats) -> Estimate | None:
    """Mean of independent values with its 95 % interval, mean ± 1.96 s / √n; None without any value."""
    count = len(values)
    if not count:
        return None
    mean = float(values.mean())
    if count < 2:
        return Estimate(mean, None, None, count)
    half = _Z95 * float(values.std(ddof=1)) / sqrt(count)
    return Estimate(mean, mean - half, mean + half, count)


def share_kept(before: Ints, after: Ints) -> Floats:
    """Share of a shopper's slate before that is on the slate after, in any order; float64 [n], nan for an empty one."""
    kept = _among(before, after).sum(axis=1)
    sizes = (before >= 0).sum(axis=1)
    return np.where(sizes > 0, kept / np.maximum(sizes, 1), np.nan)


def rank_biased_overlap(before: Ints, after: Ints, persistence: float = PERSISTENCE) -> Floats:
    """Overlap of two orders that weighs a place the more the further up it is; float64 [n], 1 for equal slates.

    RBO = Σ p^(d-1) A(d) / Σ p^(d-1) over the depths d that either slate reaches, where A(d) is the number of items in the
    first d places of both, divided by the longer of the two pieces. nan where both are empty. Source: Webber, Moffat
    and Zobel, "A similarity measure for indefinite rankings", 2010; cut at the slates' depth and scaled to 1.
    """
    depth = min(before.shape[1], after.shape[1])
    before, after = before[:, :depth], after[:, :depth]
    longest = np.maximum((before >= 0).sum(axis=1), (after >= 0).sum(axis=1))
    total, weights = np.zeros(len(before)), np.zeros(len(before))
    for d in range(1, depth + 1):
        shared = _among(before[:, :d], after[:, :d]).sum(axis=1)
        weight = np.where(longest >= d, persistence ** (d - 1), 0.0)
        total += weight * shared / np.minimum(np.maximum(longest, 1), d)
        weights += weight
    return np.where(weights > 0, total / np.where(weights > 0, weights, 1.0), np.nan)


def places_by_group(slates: Ints, groups: Bools) -> Floats:
    """Share of all places that a group of items fills; float64 [n_groups], 0 where nothing is shown.

    Args:
        slates: [n_shoppers, depth].
        groups: bool [n_groups, n_items]; an item may be in several groups or none.

    """
    shown = slates[slates >= 0]
    if not len(shown):
        return np.zeros(len(groups))
    counts = np.bincount(shown, minlength=groups.shape[1])
    return np.asarray(groups @ counts / len(shown), np.float64)


def _among(some: Ints, others: Ints) -> Bools:
    """Which places of `some` hold an item that stands anywhere in the same row of `others`."""
    found: Bools = ((some[:, :, None] == others[:, None, :]) & (some >= 0)[:, :, None]).any(axis=2)
    return found
