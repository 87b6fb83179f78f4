"""What Spark as a trainer costs: the fit and 200 candidates with their reasons for every shopper, beside Spark's own `ALS.fit`.

Spark's own fit is measured before and after ours, for a Java that has just begun is slow; ours is held against the quicker.
NDCG@20 on the published test part is that of the vectors, beside the ALS of one machine with the same settings.

    python benchmarks/spark.py                                     seeded synthetic data, local[2]
    python benchmarks/spark.py --long --output FILE                gowalla, or a shop of its size; keep the result as JSON
    python benchmarks/spark.py --long --check                      fail where it costs or misses more than is promised
    python benchmarks/spark.py --master spark://host:7077          a cluster

Needs `pip install recsys[spark]` and Java 17 or newer; says so and stops where they are missing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa

from batches.shops import GOWALLA_SIZE
from batches.shops import synthetic as shop_of
from datasets import GOWALLA, datasets_folder
from recsys.batch.fit import FittedModels
from recsys.batch.machine import machine, versions
from recsys.batch.question import Question, measure, question_of_pairs
from recsys.data.pairs import read_pairs, to_interactions
from recsys.data.schema import interactions_table
from recsys.data.training import TrainingData, build_training_data
from recsys.domain.errors import Invalid
from recsys.models.als import Als
from recsys.models.item_knn import ItemKnn
from recsys.models.popular import Popular
from recsys.models.progress import Silent
from recsys.models.validation import ask
from recsys.spark.cluster import Cluster, check
from recsys.spark.engine import SparkEngine
from recsys.spark.models import SWEEPS, SparkAls
from recsys.spark.parts import write_parts
from recsys.spark.translation import ALPHA, ratings, regularisation

SEED = 0
MOST_TIMES, MOST_GAP = 3.0, 0.02
"""Promised: fit and candidates take at most so many times Spark's own fit, and NDCG@20 is so near to that of one machine."""


class Watch:
    """Seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Measure what happens within."""
        start = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - start, 2)
        print(f"{name}: {self.seconds[name]:.1f} s", flush=True)


def gowalla() -> tuple[str, TrainingData, Question]:
    """The published split, or a synthetic shop of its size where it is not here; with its name."""
    paths = GOWALLA.find(datasets_folder())
    if paths is None:
        user, item = shop_of(*GOWALLA_SIZE, seed=1).weights.nonzero()
        return "synthetic, of Gowalla's size", *held_back(user.tolist(), item.tolist())
    data = build_training_data(to_interactions(read_pairs(paths[0], "train", lambda _: None)), ())
    return GOWALLA.title, data, question_of_pairs(data, read_pairs(paths[1], "test", lambda _: None))[0]


def held_back(user: Sequence[int], item: Sequence[int]) -> tuple[TrainingData, Question]:
    """The data of pairs of numbers without a part of it, and the question about that part."""
    ids = {"user_id": [f"u{each:05}" for each in user], "item_id": [f"i{each:05}" for each in item]}
    held = ask(build_training_data(interactions_table(ids), ()), seed=SEED).question
    if held is None:
        raise Invalid("data", "too little to measure anything")
    return held.train, Question(held.rows, held.exclude, held.truth, np.diff(held.truth.indptr))


def synthetic(
    shoppers: int = 2_000, items: int = 1_000, groups: int = 20
) -> tuple[str, TrainingData, Question]:
    """Shoppers with a taste each, who choose by chance; a fifth of what they have is held back."""
    rng = np.random.default_rng(SEED)
    taste, kind = rng.integers(groups, size=shoppers), rng.integers(groups, size=items)
    rows: list[tuple[int, int]] = []
    for shopper in range(shoppers):
        liked = np.where(kind == taste[shopper], 8.0, 1.0) / (1 + np.arange(items) % 50)
        chosen = rng.choice(items, 20, replace=False, p=liked / liked.sum())
        rows += [(shopper, item) for item in chosen.tolist()]
    return "synthetic", *held_back([each for each, _ in rows], [each for _, each in rows])


def alone(cluster: Cluster, data: TrainingData, watch: Watch, name: str) -> None:
    """Spark's own fit, with the settings that we give it, and nothing else; its seconds under `name`."""
    folder, settings = cluster.folder / name, Als()
    user = np.repeat(np.arange(len(data.users), dtype=np.int32), np.diff(data.weights.indptr))
    item = data.weights.indices.astype(np.int32)
    rated = {"user": user, "item": item, "rating": ratings(data.weights.data, settings)}
    write_parts(folder, {column: pa.array(values) for column, values in rated.items()}, cluster.parts)
    with watch.of(name):
        cluster.als(
            folder,
            factors=settings.factors,
            regularisation=regularisation(data.weights, settings),
            alpha=ALPHA,
            iterations=settings.iterations,
            seed=SEED,
        )


def work(master: str, data: TrainingData, question: Question) -> dict[str, Any]:
    """Measure; gives plain values."""
    watch = Watch()
    with watch.of("one_machine_fit"):
        ours = Als().fit(data, seed=SEED, progress=Silent())
    with Cluster(master, Path(mkdtemp(prefix="recsys-spark-")), parts=8) as cluster:
        alone(cluster, data, watch, "als_fit_alone_before")
        with watch.of("fit"):
            fitted = SparkAls(cluster).fit(data, seed=SEED, progress=Silent())
        popular = Popular().fit(data, seed=SEED, progress=Silent())
        item_knn = ItemKnn().fit(data, seed=SEED, progress=Silent())
        models, order = FittedModels(fitted, popular, item_knn, fitted), np.arange(len(data.users))
        ranked = 0
        with watch.of("candidates_and_reasons"):
            for block in SparkEngine(cluster).shopper_blocks(data, models, order):
                ranked += len(block.rows)
        alone(cluster, data, watch, "als_fit_alone_after")
        version = cluster.version
    if ranked != len(data.users):
        raise Invalid("data", f"{ranked} shoppers were ranked")
    ndcg = {
        name: measure(model, data, question, (20,), seed=SEED, progress=Silent()).values["ndcg@20"]
        for name, model in (("one_machine", ours), ("spark", fitted))
    }
    seconds = watch.seconds
    total = seconds["fit"] + seconds["candidates_and_reasons"]
    bare = min(seconds["als_fit_alone_before"], seconds["als_fit_alone_after"])
    return {
        "shoppers": len(data.users),
        "items": len(data.items),
        "pairs": int(data.weights.nnz),
        "seconds": seconds,
        "times_als_fit_alone": round(total / bare, 3),
        "ndcg@20": ndcg,
        "spark_over_one_machine": round(ndcg["spark"] / ndcg["one_machine"], 4),
        "iterations": {"spark": Als().iterations, "ours": SWEEPS},
        "master": master,
        "versions": versions() | {"spark": version, "java": java()},
        "machine": machine(),
    }


def java() -> str:
    """First line of what the Java that Spark starts says of itself."""
    home = os.environ.get("JAVA_HOME")
    command = str(Path(home) / "bin" / "java") if home else "java"
    said = subprocess.run([command, "-version"], capture_output=True, text=True, check=True).stderr
    return said.splitlines()[0]


def broken(result: dict[str, Any]) -> list[str]:
    """What a result breaks of what is promised, in words."""
    times, share = result["times_als_fit_alone"], result["spark_over_one_machine"]
    return [
        *([f"It takes {times} times Spark's fit alone."] if times > MOST_TIMES else []),
        *([f"NDCG@20 is {share} times that of one machine."] if abs(share - 1) > MOST_GAP else []),
    ]


def main() -> None:
    """Measure, print, and keep the result where asked."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--long", action="store_true")
    asked.add_argument("--master", default="local[2]")
    asked.add_argument("--output", type=Path)
    asked.add_argument("--check", action="store_true")
    given = asked.parse_args()
    try:
        check(given.master)
    except Invalid as missing:
        print(missing)
        sys.exit(1 if given.check else 0)
    title, data, question = gowalla() if given.long else synthetic()
    result = {"data": title} | work(given.master, data, question)
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    print(text)
    if given.output:
        given.output.write_text(text, encoding="utf-8")
    if given.check and (wrong := broken(result)):
        sys.exit(" ".join(wrong))


if __name__ == "__main__":
    main()
