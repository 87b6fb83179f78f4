"""The one place that knows pyspark: a session on a cluster, its ALS, its sums, and our own work sent to its executors."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.domain.errors import Invalid, RecsysError
from recsys.spark.java import require_java

MASTER = re.compile(r"local(\[(\d+|\*)(,\d+)?\])?|spark://[^\s]+:\d+|yarn|k8s://\S+")
ROWS_AT_A_TIME = 2_000
"""Rows of a batch that executors work on at once."""

SECONDS_TO_ANSWER = 10.0
"""How long a master may take to answer before it counts as away."""

Batches = Iterator[pa.RecordBatch]
Work = Callable[[Batches, Any], Batches]


def check(master: str) -> None:
    """Say what is missing before any work: pyspark, Java, a master that can be named and reached; raises `Invalid`."""
    if MASTER.fullmatch(master) is None:
        raise Invalid("master", f"give local[N], spark://host:port, yarn or k8s://…, not {master!r}")
    if importlib.util.find_spec("pyspark") is None:
        raise Invalid("engine", "pyspark is not installed; pip install 'recsys[spark]' brings it.")
    require_java()
    if master.startswith("spark://"):
        # A standalone master may be a list for failover: one that answers is enough.
        hosts = master.removeprefix("spark://").split(",")
        if not any(_answers(each) for each in hosts):
            raise Invalid("master", f"nothing answers at {master}; is the cluster running?")


def _answers(place: str) -> bool:
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host, int(port)), SECONDS_TO_ANSWER).close()
    except (OSError, ValueError):
        return False
    return True


class Cluster:
    """A Spark session; use as a context manager, which ends it.

    Args:
        master: where the cluster is, as Spark names it.
        folder: for what passes between driver and executors; every executor must reach it under the same path.
        parts: into how many pieces work is cut.

    Whatever else may be set stands in Spark's own `spark-defaults.conf` (SPARK_CONF_DIR).
    """

    def __init__(self, master: str, folder: Path, *, parts: int) -> None:
        check(master)
        self.folder, self.parts = folder, parts
        self._master = master
        self._session: Any = None

    def __enter__(self) -> Self:
        from pyspark.sql import SparkSession

        local = self._master.startswith("local")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        if local:
            # Driver and executors are one process, which Spark would give 1 GB; a setting of Spark's own goes before.
            os.environ.setdefault("SPARK_DRIVER_MEMORY", "4g")
        settings: dict[str, str] = {
            "spark.sql.execution.arrow.maxRecordsPerBatch": str(ROWS_AT_A_TIME),
            "spark.sql.files.minPartitionNum": str(self.parts),
            "spark.sql.files.openCostInBytes": "0",
            "spark.sql.shuffle.partitions": str(self.parts),
            "spark.sql.parquet.compression.codec": "zstd",
            "spark.ui.showConsoleProgress": "false",
        } | ({"spark.ui.enabled": "false"} if local else {})
        builder = SparkSession.builder.master(self._master).appName("recsys train")
        for name, value in settings.items():
            builder = builder.config(name, value)
        with _plain_errors():
            self._session = builder.getOrCreate()
            self._session.sparkContext.setLogLevel("OFF" if local else "ERROR")
            self._session.sparkContext.setCheckpointDir((self.folder / "checkpoints").as_uri())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            self._session.stop()

    @property
    def version(self) -> str:
        """Version of Spark."""
        return str(self._session.version)

    def als(
        self, ratings: Path, *, factors: int, regularisation: float, alpha: float, iterations: int, seed: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Fit Spark's ALS with implicit preferences on ``user``, ``item``, ``rating``.

        Returns the items that have a vector, int64 [n], and their vectors, float32 [n, factors].
        """
        from pyspark.ml.recommendation import ALS

        # A block a core: with more, small data spends its time on handing vectors around.
        blocks = max(2, self._session.sparkContext.defaultParallelism)
        estimator = ALS(
            rank=factors,
            maxIter=iterations,
            regParam=regularisation,
            implicitPrefs=True,
            alpha=alpha,
            userCol="user",
            itemCol="item",
            ratingCol="rating",
            numUserBlocks=blocks,
            numItemBlocks=blocks,
            seed=seed,
        )
        with _plain_errors():
            table = estimator.fit(self._read(ratings)).itemFactors.toArrow()
        ids = table["id"].to_numpy().astype(np.int64)
        vectors = table["features"].combine_chunks().flatten().to_numpy().astype(np.float32)
        return ids, vectors.reshape(len(ids), factors)

    def sums(self, source: Path, by: Sequence[str], value: str) -> pa.Table:
        """Sum a column by the values of others: a table of `by` and ``total``."""
        from pyspark.sql import functions

        with _plain_errors():
            grouped = self._read(source).groupBy(*by).agg(functions.sum(value).alias("total"))
            table: pa.Table = grouped.toArrow()
        return table

    def work(self, source: Path, target: Path, work: Work, shared: Any, schema: str) -> None:
        """Let executors work on Parquet files, batch by batch, and write what comes out of it.

        Spark commits whole tasks: what a lost executor left behind is not seen, its tasks run again elsewhere.

        Args:
            source, target: folders; the target must not exist. Its files stand in folders ``part=N``.
            work: a function of a module, called with an iterator of batches and `shared`.
            shared: anything that can be pickled; sent to every executor once.
            schema: columns that come out, in Spark's words; ``part`` must be among them.

        """
        with _plain_errors():
            everywhere = self._session.sparkContext.broadcast(shared)

            def task(batches: Batches) -> Batches:
                return work(batches, everywhere.value)

            worked = self._read(source).mapInArrow(task, schema)
            worked.write.partitionBy("part").parquet(target.as_uri())
            everywhere.destroy()

    def _read(self, source: Path) -> Any:
        return self._session.read.parquet(source.as_uri())


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Say in a sentence what Spark says in pages."""
    from py4j.protocol import Py4JError, Py4JNetworkError
    from pyspark.errors import PySparkException

    try:
        yield
    except Py4JNetworkError as error:
        raise RecsysError(
            "Spark's driver ended; look at what it said last (memory is the usual reason)."
        ) from error
    except (Py4JError, PySparkException) as error:
        raise RecsysError(f"Spark gave up: {_first_cause(str(error))}") from error


def _first_cause(words: str) -> str:
    """The line that names the cause: the last of a Python traceback, else the first that says something."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    python = [line for line in lines if re.match(r"\w+(\.\w+)*(Error|Exception): ", line)]
    return (python or lines or ["it did not say why."])[0][:500]
