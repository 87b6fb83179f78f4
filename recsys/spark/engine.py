"""The engine that a run is given to train on a cluster."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.batch.candidates import Block, excluded, repeats_of
from recsys.batch.fit import FittedModels
from recsys.data.training import TrainingData
from recsys.domain.errors import Invalid
from recsys.models.als import Als
from recsys.models.base import Recommender
from recsys.models.loading import AUTO
from recsys.models.progress import Progress
from recsys.spark.cluster import ROWS_AT_A_TIME, Cluster, check
from recsys.spark.models import SparkAls, SparkItemKnn, SparkPopular, scratch
from recsys.spark.parts import as_lists, read_parts, write_parts
from recsys.spark.shoppers import LISTS, RANKED, Known, block_of, columns, rank

FEWEST_PARTS = 8
"""Pieces of work: enough to share out, and little lost with one."""


class SparkEngine:
    """Trains ALS, popularity and item-to-item in a cluster, and ranks there; see `recsys.batch.engine.Engine`."""

    name = "spark"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def contenders(self, model: str) -> tuple[Recommender, ...]:
        """Give popularity and ALS; raises `Invalid` where another model is asked for."""
        _check_model(model)
        return SparkPopular(self._cluster), SparkAls(self._cluster)

    def fit_all(
        self, winner: Recommender, data: TrainingData, *, seed: int, progress: Progress
    ) -> FittedModels:
        """Fit on everything; the winner is always ALS."""
        _ = winner
        fits = SparkPopular(self._cluster), SparkItemKnn(self._cluster), SparkAls(self._cluster)
        popular, item_knn, als = fits
        progress.step("Fitting popular", 1)
        fitted_popular = popular.fit(data, seed=seed, progress=progress)
        progress.step("Fitting item-knn", 1)
        fitted_item_knn = item_knn.fit(data, seed=seed, progress=progress)
        progress.step("Fitting als", 1)
        fitted = als.fit(data, seed=seed, progress=progress)
        return FittedModels(fitted, fitted_popular, fitted_item_knn, fitted)

    def shopper_blocks(
        self, data: TrainingData, models: FittedModels, order: NDArray[np.int64]
    ) -> Iterator[Block]:
        """Rank for all shoppers in the executors; blocks come in the given order."""
        als = models.als
        if not len(order):
            return
        asked: dict[str, pa.Array] = {"row": pa.array(np.arange(len(order), dtype=np.int64))}
        vectors = als.shopper_vectors[order].astype("<f4")
        asked["vector"] = as_lists(vectors, np.ones(len(order), np.int64))
        lists = {
            "weights": data.weights,
            "owned": data.owned,
            "exclude": excluded(data),
            "again": repeats_of(data),
        }
        for name, matrix in lists.items():
            asked |= columns(matrix[order], name)
        parts = max(self._cluster.parts, -(-len(order) // ROWS_AT_A_TIME))
        with scratch(self._cluster, "candidates") as folder:
            write_parts(folder / "in", asked, parts)
            del asked
            known = Known(als.settings, als.item_vectors)
            self._cluster.work(folder / "in", folder / "out", rank, known, RANKED)
            for table in read_parts(folder / "out", ("row", *LISTS), "row"):
                yield block_of(order[table["row"].to_numpy()], table)


def check_spark(master: str, model: str) -> None:
    """Say what stands in the way of training in a cluster, before any work; raises `Invalid`."""
    _check_model(model)
    check(master)


def _check_model(model: str) -> None:
    if model not in (AUTO, Als().name):
        raise Invalid("model", f"Spark trains als, not {model!r}; leave out --model or --engine.")


@contextmanager
def spark_engine(master: str, folder: Path, *, parts: int = FEWEST_PARTS) -> Iterator[SparkEngine]:
    """A cluster for one run.

    Args:
        master: as Spark names it, such as ``local[2]`` or ``spark://host:7077``.
        folder: holds what passes between driver and executors while the run lasts; all of them reach it under this path.
        parts: into how many pieces work is cut at least.

    Raises `Invalid` where pyspark, Java or the master is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    own = Path(tempfile.mkdtemp(dir=folder, prefix="spark-")).absolute()
    own.chmod(0o755)
    try:
        with Cluster(master, own, parts=parts) as cluster:
            yield SparkEngine(cluster)
    finally:
        shutil.rmtree(own, ignore_errors=True)
