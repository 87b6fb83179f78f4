"""The three models of every snapshot, fitted by a cluster; what comes out are the models that one machine fits."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.als import Als, FittedAls
from recsys.models.item_knn import FittedItemKnn, ItemKnn, bm25, without_self
from recsys.models.popular import FittedPopular, Popular, Popularity
from recsys.models.progress import Progress
from recsys.spark.cluster import Cluster
from recsys.spark.items import NEAR, Weighed, nearest, similarity
from recsys.spark.parts import from_lists, read_parts, write_parts
from recsys.spark.shoppers import VECTORS, Known, columns, solve
from recsys.spark.translation import ALPHA, item_scale, ratings, regularisation

SWEEPS = 5
"""Iterations by our own objective after Spark's: they take out what Spark's cannot express (see the decision)."""

_numbers = itertools.count(1)


@contextmanager
def scratch(cluster: Cluster, name: str) -> Iterator[Path]:
    """A folder for one piece of work, which goes with it."""
    folder = cluster.folder / f"{next(_numbers):03}-{name}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class SparkAls:
    """Spark's ALS with the settings of ours; the vectors are then solved anew by our objective."""

    cluster: Cluster = field(repr=False)
    settings: Als = field(default_factory=Als)

    @property
    def name(self) -> str:
        """Name in leaderboards and snapshots: that of the same model on one machine."""
        return self.settings.name

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedAls:
        """Fit in the cluster; items and shoppers without a weight have no vector."""
        n_users, n_items = data.weights.shape
        vectors = np.zeros((n_items, self.settings.factors), np.float32)
        shoppers = np.zeros((n_users, self.settings.factors), np.float32)
        if data.weights.nnz:
            self._fit_items(data.weights, vectors, seed)
            by_item = csr_matrix(data.weights.T)
            self._solve(data.weights, vectors, shoppers)
            for _ in range(SWEEPS):
                self._solve(by_item, shoppers, vectors)
                self._solve(data.weights, vectors, shoppers)
        progress.advance()
        return FittedAls(self.settings, (shoppers, vectors), data)

    def _fit_items(self, weights: csr_matrix, vectors: NDArray[np.float32], seed: int) -> None:
        settings = self.settings
        with scratch(self.cluster, "ratings") as folder:
            user = np.repeat(np.arange(weights.shape[0], dtype=np.int32), np.diff(weights.indptr))
            rated = {
                "user": pa.array(user),
                "item": pa.array(weights.indices.astype(np.int32)),
                "rating": pa.array(ratings(weights.data, settings)),
            }
            write_parts(folder, rated, self.cluster.parts)
            items, found = self.cluster.als(
                folder,
                factors=settings.factors,
                regularisation=regularisation(weights, settings),
                alpha=ALPHA,
                iterations=settings.iterations,
                seed=seed,
            )
        vectors[items] = found * np.float32(item_scale(weights))

    def _solve(self, weights: csr_matrix, given: NDArray[np.float32], wanted: NDArray[np.float32]) -> None:
        """Fill in the vectors of one side, given those of the other; `weights` is [len(wanted), len(given)]."""
        known = Known(self.settings, given)
        with scratch(self.cluster, "vectors") as folder:
            asked = {"row": pa.array(np.arange(len(wanted), dtype=np.int64)), **columns(weights, "weights")}
            write_parts(folder / "in", asked, self.cluster.parts)
            self.cluster.work(folder / "in", folder / "out", solve, known, VECTORS)
            for table in read_parts(folder / "out", ("row", "vector"), "row"):
                found, _ = from_lists(table["vector"], "<f4", self.settings.factors)
                wanted[table["row"].to_numpy()] = found


@dataclass(frozen=True, slots=True)
class SparkPopular:
    """Popularity, summed in the cluster."""

    cluster: Cluster = field(repr=False)
    settings: Popular = field(default_factory=Popular)

    @property
    def name(self) -> str:
        """Name in leaderboards and snapshots: that of the same model on one machine."""
        return self.settings.name

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedPopular:
        """Sum the weights by market and item."""
        _ = seed
        shape = (len(data.markets), len(data.items))
        # The last row is of shoppers whose market nobody knows: they count overall.
        total = np.zeros((shape[0] + 1, shape[1]))
        if data.weights.nnz:
            with scratch(self.cluster, "popular") as folder:
                market = np.repeat(data.user_market, np.diff(data.weights.indptr)).astype(np.int32)
                said = {"market": market, "item": data.weights.indices.astype(np.int32)}
                written = {name: pa.array(values) for name, values in said.items()}
                weight = pa.array(data.weights.data.astype(np.float64))
                write_parts(folder, {**written, "weight": weight}, self.cluster.parts)
                table = self.cluster.sums(folder, ("market", "item"), "weight")
            total[table["market"].to_numpy(), table["item"].to_numpy()] = table["total"].to_numpy()
        progress.advance()
        overall = total.sum(axis=0)
        in_market = csr_matrix(total[:-1].astype(np.float32))
        known = Popularity(
            overall / max(float(overall.sum()), np.finfo(float).tiny), in_market, self.settings.lean
        )
        return FittedPopular(known, data.user_market)


@dataclass(frozen=True, slots=True)
class SparkItemKnn:
    """Item-to-item, by products of blocks of items in the cluster."""

    cluster: Cluster = field(repr=False)
    settings: ItemKnn = field(default_factory=ItemKnn)

    @property
    def name(self) -> str:
        """Name in leaderboards and snapshots: that of the same model on one machine."""
        return self.settings.name

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedItemKnn:
        """Find every item's nearest neighbours; the result does not depend on chance."""
        _ = seed
        weighed = bm25(data.weights, self.settings.k1, self.settings.b).astype(np.float32)
        # One neighbour more, because an item is its own nearest.
        known = Weighed(csr_matrix(weighed), self.settings.neighbours + 1)
        with scratch(self.cluster, "items") as folder:
            rows = {"row": pa.array(np.arange(len(data.items), dtype=np.int64))}
            write_parts(folder / "in", rows, self.cluster.parts)
            self.cluster.work(folder / "in", folder / "out", nearest, known, NEAR)
            found = read_parts(folder / "out", ("row", "near_items", "near_values"), "row")
            near = without_self(similarity(found, len(data.items)))
        progress.advance()
        return FittedItemKnn(near, data.weights, data.owned)
