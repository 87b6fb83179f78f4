"""The shops that the batch is measured on: a public one where it is at hand, and synthetic ones of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from datasets import GOWALLA
from recsys.data.id_map import IdMap
from recsys.data.pairs import read_pairs, to_interactions
from recsys.data.training import Events, TrainingData, build_training_data
from recsys.data.weighting import UNKNOWN_TIME, Weighting

MEAN_ACTIVITY = 27
"""Mean number of items of a synthetic shopper, that of Gowalla."""

GOWALLA_SIZE = (29_858, 40_981)
POPULARITY_EXPONENT, ACTIVITY_SPREAD = 0.8, 0.8


def public_or_like_it(folder: Path | None) -> tuple[str, TrainingData]:
    """Give Gowalla's training part where it is at hand, else a synthetic shop of its size; and what it is called."""
    found = GOWALLA.find(folder)
    if found is None:
        return "synthetic, of Gowalla's size", synthetic(*GOWALLA_SIZE, seed=1)
    return "gowalla (train)", build_training_data(to_interactions(read_pairs(found[0], "train")), ())


def synthetic(n_users: int, n_items: int, *, seed: int) -> TrainingData:
    """Make a shop of 0/1 purchases without times.

    The popularity of the item of rank r falls as r^-0.8; the number of purchases of a shopper is log-normal with mean
    27. Every third purchase is drawn from all items, the others from the fiftieth of them that is to the shopper's taste.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.lognormal(-(ACTIVITY_SPREAD**2) / 2, ACTIVITY_SPREAD, n_users) * MEAN_ACTIVITY
    counts = np.clip(drawn.astype(np.int64), 1, n_items // 4)
    chance = np.arange(1, n_items + 1, dtype=np.float64) ** -POPULARITY_EXPONENT
    rank = np.searchsorted(np.cumsum(chance) / chance.sum(), rng.random(int(counts.sum()))).astype(np.int32)
    n_tastes = max(1, n_items // 50)
    taste = np.repeat(rng.integers(0, n_tastes, n_users).astype(np.int32), counts)
    narrowed = np.minimum(rank // 50 * 50 + taste % 50, n_items - 1)
    item = np.where(rng.random(len(rank), dtype=np.float32) < 1 / 3, np.minimum(rank, n_items - 1), narrowed)
    ends = np.concatenate(([0], np.cumsum(counts)))
    weights = csr_matrix((np.ones(len(item), np.float32), item, ends), shape=(n_users, n_items))
    weights.sum_duplicates()
    weights.data[:] = 1.0
    return _training_data(weights)


def of_pairs(user: NDArray[np.integer], item: NDArray[np.integer]) -> TrainingData:
    """Make training data of pairs of numbers, which count from 0."""
    shape = (int(user.max()) + 1, int(item.max()) + 1)
    return _training_data(csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=shape))


def _training_data(weights: csr_matrix) -> TrainingData:
    n_users, n_items = weights.shape
    owned = csr_matrix((np.ones(weights.nnz, np.bool_), weights.indices, weights.indptr), shape=weights.shape)
    return TrainingData(
        users=IdMap.of(f"u{number:08}" for number in range(n_users)),
        items=IdMap.of(f"i{number:08}" for number in range(n_items)),
        weights=weights,
        owned=owned,
        last_bought=np.full(weights.nnz, UNKNOWN_TIME, np.int64),
        times_bought=np.ones(weights.nnz, np.int32),
        markets=(),
        user_market=np.full(n_users, -1, np.int16),
        cutoff=None,
        events=_no_events(),
        weighting=Weighting(),
    )


def _no_events() -> Events:
    return Events(
        user=np.zeros(0, np.int32),
        item=np.zeros(0, np.int32),
        kind=np.zeros(0, np.int8),
        timestamp=np.zeros(0, np.int64),
        order=np.zeros(0, np.int32),
        market=np.zeros(0, np.int16),
        quantity=np.zeros(0, np.float32),
        weight=np.zeros(0, np.float32),
    )
