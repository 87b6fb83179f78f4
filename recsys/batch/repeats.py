"""What a shopper is likely to buy again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.batch.scaling import HIGHEST, LOWEST
from recsys.data.training import TrainingData, to_microseconds
from recsys.data.weighting import MICROSECONDS_PER_DAY, UNKNOWN_TIME

HALF_LIFE_DAYS = 90.0
"""Age at which the last purchase counts half."""


def repeat_scores(data: TrainingData) -> csr_matrix:
    """Score every pair of shopper and item bought: float32 [n_users, n_items], stored values in [0.01, 0.99].

    score = (n - 1/2) / (n + 1) * 2^(-age / 90 days), with n the number of orders that hold the item and age the days
    since the last of them (0 without a time). The first factor estimates how often buying the item led to buying it
    again: n - 1 of n times, drawn towards one in four while n is small. It depends on no model, so it stays
    comparable from run to run, and it lies on the scale of the candidates, whose best new item has 0.99.
    """
    n = data.times_bought.astype(np.float64)
    score = (n - 0.5) / (n + 1.0) * _freshness(data)
    values = np.clip(score, LOWEST, HIGHEST).astype(np.float32)
    return csr_matrix((values, data.owned.indices, data.owned.indptr), shape=data.owned.shape)


def _freshness(data: TrainingData) -> NDArray[np.float64]:
    if data.cutoff is None:
        return np.ones(len(data.last_bought))
    timed = data.last_bought != UNKNOWN_TIME
    age = np.where(timed, to_microseconds(data.cutoff) - np.where(timed, data.last_bought, 0), 0)
    return np.asarray(np.exp2(-np.maximum(age, 0) / (HALF_LIFE_DAYS * MICROSECONDS_PER_DAY)), np.float64)
