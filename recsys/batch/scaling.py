"""Turning raw scores into scores in (0, 1)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.01, 0.99


def to_unit(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """Bring each row of scores into [0.01, 0.99] without changing its order.

    score = 0.01 + 0.98 (raw - low) / (high - low), where high is the row's best raw score and low is 0, or the row's
    worst where that is negative. For positive raw scores a score of half the size thus stays (nearly) half the size,
    which is what a boost by a factor needs. Scores are comparable within a row, not between rows.

    Args:
        scores: [n, k]; -inf where a list has ended, which gives 0.

    """
    there = np.isfinite(scores)
    raw = np.where(there, scores, 0.0).astype(np.float64)
    low = raw.min(axis=1, initial=0.0, keepdims=True)
    high = np.where(there, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    span = np.where(np.isfinite(high), high, 0.0) - low
    share = np.divide(raw - low, span, out=np.ones_like(raw), where=span > 0)
    return np.where(there, LOWEST + (HIGHEST - LOWEST) * np.clip(share, 0.0, 1.0), 0.0).astype(np.float32)
