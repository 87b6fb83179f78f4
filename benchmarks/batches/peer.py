"""One peer library's batch, run by its own interpreter: fit ALS with 64 factors, rank the best 200 for every shopper.

    python peer.py ours|rectools|lenskit PAIRS.npz LISTS.npy

PAIRS holds `user` and `item`, one entry a purchase; LISTS gets the items int32 [n_users, 200], -1 where a list has
ended. Prints seconds, peak memory and versions as JSON. Imports are by name, for each environment has one library alone.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

K, FACTORS, ALPHA, REGULARIZATION, ITERATIONS = 200, 64, 41.0, 0.1, 15
"""The same for all: LensKit's own weight of 40 for a purchase, on top of the 1 that everything has, and its own regularisation."""

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def by_ours(pairs: Pairs) -> tuple[Callable[[], Any], Callable[[Any], NDArray[np.int32]]]:
    """Give our fit and our ranking."""
    shops = importlib.import_module("batches.shops")
    work = importlib.import_module("batches.work")
    data = shops.of_pairs(*pairs)
    settings = importlib.import_module("recsys.models.als").Als(FACTORS, REGULARIZATION, ALPHA, ITERATIONS)
    silent = importlib.import_module("recsys.models.progress").Silent()

    def fit() -> Any:
        fitted = settings.fit(data, seed=3, progress=silent)
        return fitted.shopper_vectors, fitted.item_vectors

    return fit, lambda fitted: work.ours(fitted, data).items


def by_rectools(pairs: Pairs) -> tuple[Callable[[], Any], Callable[[Any], NDArray[np.int32]]]:
    """Give RecTools' fit and ranking: its wrapper around implicit's ALS."""
    pandas = importlib.import_module("pandas")
    tools = importlib.import_module("rectools.models")
    implicit = importlib.import_module("implicit.als")
    dataset_of = importlib.import_module("rectools.dataset").Dataset
    frame = pandas.DataFrame(
        {"user_id": pairs[0], "item_id": pairs[1], "weight": 1.0, "datetime": "2026-01-01"}
    )
    dataset = dataset_of.construct(frame)
    settings = {
        "factors": FACTORS,
        "alpha": ALPHA,
        "regularization": REGULARIZATION,
        "iterations": ITERATIONS,
    }
    model = tools.ImplicitALSWrapperModel(
        implicit.AlternatingLeastSquares(**settings, random_state=3, num_threads=os.cpu_count())
    )

    def rank(fitted: Any) -> NDArray[np.int32]:
        users = np.unique(pairs[0])
        found = fitted.recommend(users=users, dataset=dataset, k=K, filter_viewed=True)
        return lists(found["user_id"].to_numpy(), found["item_id"].to_numpy(), found["rank"].to_numpy())

    return lambda: model.fit(dataset), rank


def by_lenskit(pairs: Pairs) -> tuple[Callable[[], Any], Callable[[Any], NDArray[np.int32]]]:
    """Give LensKit's fit and ranking: its implicit-feedback ALS in its top-n pipeline."""
    pandas = importlib.import_module("pandas")
    frame = pandas.DataFrame({"user_id": pairs[0], "item_id": pairs[1]})
    dataset = importlib.import_module("lenskit.data").from_interactions_df(frame)
    scorer = importlib.import_module("lenskit.als").ImplicitMFScorer(
        embedding_size=FACTORS, epochs=ITERATIONS, weight=ALPHA - 1, regularization=REGULARIZATION
    )
    pipeline = importlib.import_module("lenskit.pipeline").topn_pipeline(scorer)
    batch = importlib.import_module("lenskit.batch")

    def fit() -> Any:
        pipeline.train(dataset)
        return pipeline

    def rank(fitted: Any) -> NDArray[np.int32]:
        found = batch.recommend(fitted, np.unique(pairs[0]).tolist(), K, n_jobs=os.cpu_count()).to_df()
        return lists(found["user_id"].to_numpy(), found["item_id"].to_numpy(), found["rank"].to_numpy())

    return fit, rank


def lists(users: NDArray[Any], items: NDArray[Any], ranks: NDArray[Any]) -> NDArray[np.int32]:
    """Put ranked rows into a table; ranks begin at 1."""
    table = np.full((int(users.max()) + 1, K), -1, np.int32)
    table[users.astype(np.int64), ranks.astype(np.int64) - 1] = items
    return table


def peak_mib() -> float:
    """Largest resident size of this process, in MiB.

    Linux hands getrusage's figure down from the process that started this one, so its own account is read where it is.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 2**10, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


PEERS = {
    "ours": (by_ours, "recsys"),
    "rectools": (by_rectools, "rectools"),
    "lenskit": (by_lenskit, "lenskit"),
}


def main() -> None:
    """Do the batch and say what it cost."""
    name, source, target = sys.argv[1:]
    with np.load(source) as held:
        pairs = held["user"], held["item"]
    prepare, package = PEERS[name]
    begun = time.perf_counter()
    fit, rank = prepare(pairs)
    prepared = time.perf_counter()
    fitted = fit()
    learned = time.perf_counter()
    np.save(target, rank(fitted))
    done = time.perf_counter()
    seconds = {"prepare_s": prepared - begun, "fit_s": learned - prepared, "rank_s": done - learned}
    rounded = {key: round(value, 2) for key, value in seconds.items()}
    versions = {"version": version(package), "numpy": version("numpy")}
    print(json.dumps(rounded | {"peak_mib": peak_mib()} | versions))


if __name__ == "__main__":
    main()
