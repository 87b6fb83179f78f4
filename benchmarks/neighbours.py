"""How well neighbours complete an order, and how faithful reasons are, on the bundled shop.

Neighbours learn from all but the last 28 days. Then every item of every order of those days is asked about: which
of its neighbours are in the order too? Scores are averaged within an order first, so that a large one counts once.
The settings of the complements were chosen on the four weeks before. Words are asked about as well, though what
they are for, items that nobody has bought yet, cannot be measured by purchases.

A reason is faithful when the item's score falls further without the items that it names than without as many other
owned items, drawn at random. Models are fitted on everything, with the settings that they have by themselves.

    python benchmarks/neighbours.py [--output FILE] [--log FILE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from datasets import online_retail
from recsys.batch.faithfulness import faithfulness
from recsys.batch.machine import machine, versions
from recsys.batch.neighbours import neighbour_blocks
from recsys.data.bundled import items_path
from recsys.data.items import read_items
from recsys.data.report import Report
from recsys.data.training import TrainingData, build_training_data, restrict
from recsys.evaluation import metrics
from recsys.evaluation.intervals import bootstrap
from recsys.models.base import Fitted
from recsys.models.complements import Complements
from recsys.models.content import Content, ItemText
from recsys.models.item_knn import ItemKnn
from recsys.models.loading import BUILT_IN
from recsys.models.progress import Silent

RESULTS = Path(__file__).resolve().parent / "results"
LAST = timedelta(days=28)
K = 10
SEED = 20261121
SHOPPERS, DEPTH = 1_000, 5


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Items of held-out orders, each asked about: `items` [n], the number of its order, and the others in the order."""

    items: NDArray[np.int32]
    order: NDArray[np.int64]
    others: csr_matrix


def last_orders(data: TrainingData) -> tuple[TrainingData, Question]:
    """Cut off the last days, and ask about their orders of 2 to 200 items that were known before."""
    events = data.events
    before = events.timestamp < events.timestamp.max() - LAST // timedelta(microseconds=1)
    train = restrict(data, before)
    known = np.bincount(train.weights.indices, minlength=len(data.items)) > 0
    after = events.where(~before & (events.order >= 0) & known[events.item])
    shape = (int(after.order.max()) + 1, len(data.items))
    inside = csr_matrix((np.ones(len(after), np.float32), (after.order, after.item)), shape=shape)
    inside.data[:] = 1.0
    sizes = np.diff(inside.indptr)
    inside = csr_matrix(inside[(sizes >= 2) & (sizes <= Complements().largest_order)])
    order = np.repeat(np.arange(inside.shape[0]), np.diff(inside.indptr))
    itself = csr_matrix(
        (np.ones(len(order)), inside.indices, np.arange(len(order) + 1)), shape=(len(order), shape[1])
    )
    others = csr_matrix(inside[order].astype(np.int8) - itself.astype(np.int8))
    others.eliminate_zeros()
    return train, Question(inside.indices, order, others)


def catalog() -> list[ItemText]:
    """Titles and tags of the bundled shop."""
    batches = read_items(items_path(), Report())
    return [ItemText(item.item_id, item.title, item.tags) for batch in batches for item in batch]


def contestants(train: TrainingData, texts: Sequence[ItemText]) -> Iterator[tuple[str, NDArray[np.int32]]]:
    """Lists of neighbours of every item, int32 [n_items, K], by what they come from."""
    columns = np.arange(len(train.items))
    item_knn = ItemKnn().fit(train, seed=SEED, progress=Silent())
    yield "item-knn", item_knn.similar(columns, K).items
    yield "complements", Complements().fit(train).similar(columns, K).items
    yield "words", Content().fit(train.items, texts).similar(columns, K).items
    yield "served", served(train, item_knn, texts)


def served(train: TrainingData, item_knn: Fitted, texts: Sequence[ItemText]) -> NDArray[np.int32]:
    """The first neighbours as a snapshot holds them."""
    found = []
    for block in neighbour_blocks(train, item_knn, texts):
        for end, length in zip(np.cumsum(block.lengths), block.lengths, strict=True):
            first = block.parts["items"][end - length : end][:K]
            found.append(np.pad(first, (0, K - len(first)), constant_values=-1))
    return np.array(found, np.int32)


def completion(
    lists: NDArray[np.int32], question: Question
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """NDCG and precision at K, averaged within each order: float64 [n_orders]."""
    truth = question.others
    hits = metrics.find_hits(lists[question.items], truth.indptr, truth.indices, truth.shape[1])
    relevant = np.diff(truth.indptr)
    lengths = np.bincount(question.order)
    values = (measure(hits, relevant, K) for measure in (metrics.ndcg, metrics.precision))
    ndcg, precision = (np.bincount(question.order, each) / lengths for each in values)
    return ndcg, precision


def complete_orders(data: TrainingData, log: Path) -> dict[str, Any]:
    """Measure every kind of neighbours on the held-out orders, with the difference to item-knn paired by order."""
    train, question = last_orders(data)
    rows, baseline = [], None
    for name, lists in contestants(train, catalog()):
        ndcg, precision = completion(lists, question)
        baseline = ndcg if baseline is None else baseline
        over = bootstrap(ndcg - baseline, rng=np.random.default_rng(SEED))
        append(log, {"dataset": "online-retail", "benchmark": "neighbours", "model": name})
        rows.append(
            {
                "neighbours": name,
                f"ndcg@{K}": round(float(ndcg.mean()), 4),
                f"precision@{K}": round(float(precision.mean()), 4),
                f"ndcg@{K}_over_item_knn": [round(each, 4) for each in over],
            }
        )
    return {
        "orders": int(question.order.max()) + 1,
        "items_asked_about": len(question.items),
        "results": rows,
    }


def append(log: Path, look: dict[str, Any]) -> None:
    """Add a look at held-out orders to the log of such looks, one line of JSON."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"} | look) + "\n")


def faithful(data: TrainingData) -> list[dict[str, Any]]:
    """Measure the reasons of every model that explains."""
    rows = []
    for name, settings in BUILT_IN.items():
        fitted = settings.fit(data, seed=SEED, progress=Silent())
        if fitted.explains:
            rng = np.random.default_rng(SEED)
            found = faithfulness(fitted, data, shoppers=SHOPPERS, depth=DEPTH, rng=rng)
            rows.append({"model": name, "reasons": found.reasons, "faithful": found.share})
    return rows


def main() -> None:
    """Run, print and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "neighbours.json", help="where the JSON goes"
    )
    parser.add_argument(
        "--log", type=Path, default=RESULTS / "test-evaluations.jsonl", help="where looks are added"
    )
    options = parser.parse_args()
    data = build_training_data(online_retail(), ())
    result = {
        "benchmark": "neighbours",
        "seed": SEED,
        "completion_of_orders": complete_orders(data, options.log),
        "faithful_reasons": faithful(data),
        "versions": versions(),
        "machine": machine(),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
