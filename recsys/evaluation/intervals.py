"""How far a mean over shoppers can be trusted: intervals by resampling the shoppers; numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.95
RESAMPLES = 1_000


class Interval(NamedTuple):
    """A mean and the bounds of its interval."""

    mean: float
    low: float
    high: float


def bootstrap(
    values: NDArray[np.float64],
    *,
    rng: np.random.Generator,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
) -> Interval:
    """Interval of the mean of `values` by the percentile bootstrap; for a difference, give differences by shopper.

    Shoppers are drawn with replacement, `resamples` times; the bounds cut off (1 - level) / 2 of the means on each
    side. Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.

    Args:
        values: [n], one number a shopper, n at least 1.
        rng: the source of chance.
        level: in (0, 1).
        resamples: how often to draw.

    """
    n = len(values)
    means = np.array([values[rng.integers(n, size=n)].mean() for _ in range(resamples)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))
