"""The pieces of work that are compared: ours, implicit's, and the bare matrix product beneath both."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from recsys.batch.fit import fit_all
from recsys.batch.snapshot import Label, write_snapshot
from recsys.data.training import TrainingData
from recsys.models.als import Als, FittedAls
from recsys.models.base import TopK
from recsys.models.item_knn import ItemKnn
from recsys.models.progress import Silent

K, FACTORS, SEED = 200, 64, 3
BARE_ROWS = 1024
"""Rows of a block of the bare product, and one buffer for all of them: the fastest of the ways tried."""

Vectors = tuple[NDArray[np.float32], NDArray[np.float32]]


def bare(vectors: Vectors) -> None:
    """Multiply all shoppers' vectors with all items', in single precision, with BLAS on all cores; nothing is kept."""
    left, right = vectors
    buffer = np.empty((min(BARE_ROWS, len(left)), len(right)), np.float32)
    for start in range(0, len(left), BARE_ROWS):
        block = left[start : start + BARE_ROWS]
        np.matmul(block, right.T, out=buffer[: len(block)])


def ours(vectors: Vectors, data: TrainingData) -> TopK:
    """Rank the best 200 new items for every shopper with our ALS."""
    everyone = np.arange(len(data.users))
    return FittedAls(Als(factors=FACTORS), vectors, data).top_k(everyone, K, data.owned)


def by_implicit(vectors: Vectors, data: TrainingData) -> NDArray[np.int32]:
    """Rank the same with implicit's `recommend`, BLAS on one thread, as it asks for: its own threads use the cores."""
    model = AlternatingLeastSquares(factors=FACTORS)
    model.user_factors, model.item_factors = vectors
    with threadpool_limits(1, "blas"):
        everyone = np.arange(len(data.users))
        items, _ = model.recommend(everyone, data.weights, N=K, filter_already_liked_items=True)
    return np.asarray(items, np.int32)


def fit_ours(data: TrainingData) -> Vectors:
    """Fit ALS with 64 factors as a run does."""
    fitted = Als(factors=FACTORS).fit(data, seed=SEED, progress=Silent())
    return fitted.shopper_vectors, fitted.item_vectors


def fit_implicit(data: TrainingData) -> Vectors:
    """Fit the same by calling implicit directly."""
    settings = Als(factors=FACTORS)
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=FACTORS,
            regularization=settings.regularization,
            alpha=settings.alpha,
            iterations=settings.iterations,
            random_state=SEED,
        )
        model.fit(data.weights, show_progress=False)
    return model.user_factors, model.item_factors


def fit_item_knn(data: TrainingData) -> None:
    """Fit item-kNN as a run does."""
    ItemKnn().fit(data, seed=SEED, progress=Silent())


def whole_batch(data: TrainingData, clock: Callable[[], float]) -> dict[str, float]:
    """Fit, rank, explain and write a snapshot with ALS as the model, as `recsys train --model als` does after measuring.

    Gives the seconds of fitting (popularity, item-kNN and ALS) and of the rest.
    """
    begun = clock()
    fitted = fit_all(Als(), data, seed=SEED, progress=Silent())
    middle = clock()
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as folder:
        label = Label("benchmark", datetime(2026, 1, 1, tzinfo=UTC), b"benchmark")
        write_snapshot(Path(folder) / "benchmark", label, data, fitted, Silent())
        return {"fit_s": round(middle - begun, 2), "snapshot_s": round(clock() - middle, 2)}


def random_vectors(data: TrainingData) -> Vectors:
    """Vectors that cost nothing to find, where only memory is measured."""
    rng = np.random.default_rng(SEED)
    return (
        rng.standard_normal((len(data.users), FACTORS), dtype=np.float32),
        rng.standard_normal((len(data.items), FACTORS), dtype=np.float32),
    )
