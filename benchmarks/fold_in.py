"""How well a shopper unseen in training is served from a list of items alone.

Some shoppers are held out: the model learns without them, a run writes its snapshot, and serving's own fold-in ranks
for them from the items that they have in the training part. That is measured against the same model which learned from
them too. Both are asked for the test items, over all items that the shopper does not have.

    python benchmarks/fold_in.py            short: the bundled shop
    python benchmarks/fold_in.py --long     Gowalla, and the result of the repository
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from datasets import GOWALLA, ONLINE_RETAIL, datasets_folder, online_retail
from rankings.questions import NEW, UNSEEN, Problem, fixed_split, last_days
from recsys.batch.fit import FittedModels
from recsys.batch.machine import machine, versions
from recsys.batch.question import Question, measure_lists, rank
from recsys.batch.snapshot import Label, write_snapshot
from recsys.data.id_map import IdMap
from recsys.data.training import TrainingData, restrict
from recsys.domain.ids import ItemId
from recsys.models.als import Als, FittedAls
from recsys.models.base import Fitted, Recommender
from recsys.models.blend import Blend
from recsys.models.item_knn import ItemKnn
from recsys.models.popular import Popular
from recsys.models.progress import Silent
from recsys.models.rp3beta import RP3beta
from recsys.models.spectral import IdealFilter, LinearFilter, Spectral
from recsys.models.user_knn import UserKnn
from recsys.slates.folding import fold_in
from recsys.snapshots.mapped import Snapshot
from recsys.snapshots.verify import verify

RESULTS = Path(__file__).resolve().parent / "results"
SEED, K, HELD_OUT = 20261126, 20, 2_000
NOW = datetime(2026, 11, 26, tzinfo=UTC)
WANTED = 0.9

MODELS: dict[str, Recommender] = {
    "item-knn": ItemKnn(),
    "rp3beta": RP3beta(beta=0.1),
    "linear-filter": LinearFilter(),
    "spectral": Spectral(),
    "user-knn": UserKnn(),
    "blend": Blend((RP3beta(beta=0.1), UserKnn(), IdealFilter()), (1.0, 0.6, 0.4)),
    "als": Als(regularization=5.0, alpha=60.0),
}
"""With the settings that `auto` found on Gowalla's training part where it was tuned there, else with their own."""


def held_out(question: Question, rng: np.random.Generator) -> Question:
    """Some of the shoppers who are asked about."""
    chosen = np.sort(rng.permutation(len(question.rows))[:HELD_OUT])
    return Question(
        question.rows[chosen], question.exclude[chosen], question.truth[chosen], question.sizes[chosen]
    )


def without(data: TrainingData, rows: NDArray[np.int32]) -> TrainingData:
    """The data as if these shoppers had never come."""
    return restrict(data, ~np.isin(data.events.user, rows), cutoff=data.cutoff)


def folded(snapshot: Snapshot, data: TrainingData, question: Question) -> NDArray[np.int32]:
    """What serving ranks for the shoppers from their items alone: int32 [n, K], -1 where a list has ended."""
    lists = np.full((len(question.rows), K), -1, np.int32)
    for place, row in enumerate(question.rows.tolist()):
        has = data.owned.indices[data.owned.indptr[row] : data.owned.indptr[row + 1]]
        found = fold_in(snapshot, [ItemId(data.items.ids[item]) for item in has.tolist()])
        best = found.ranked.items[:K] if found is not None else ()
        lists[place, : len(best)] = best
    return lists


def run_of(folder: Path, data: TrainingData, models: FittedModels) -> Snapshot:
    """The snapshot that a run writes, without its shoppers: nobody is looked up here."""
    nobody = replace(data, users=IdMap.of(()))
    write_snapshot(folder, Label(folder.name, NOW, b"benchmark"), nobody, models, Silent())
    verify(folder)
    return Snapshot.open(folder)


def recall(lists: NDArray[np.int32], data: TrainingData, question: Question) -> float:
    """Mean recall at K."""
    return measure_lists(lists, data, question, [K], seed=SEED).values[f"recall@{K}"]


def measure(problem: Problem, question: Question, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One line a model."""
    data, others = problem.data, without(problem.data, question.rows)
    quiet = Silent()
    popular = Popular().fit(others, seed=SEED, progress=quiet)
    item_knn = ItemKnn().fit(others, seed=SEED, progress=quiet)
    # Vectors play a part where they win, and then the winner brings its own.
    few = Als(factors=16, iterations=3).fit(others, seed=SEED, progress=quiet)
    for name in names:
        inside: Fitted = MODELS[name].fit(data, seed=SEED, progress=quiet)
        known = recall(rank(inside, question, K, quiet), data, question)
        winner: Fitted = MODELS[name].fit(others, seed=SEED, progress=quiet)
        als = winner if isinstance(winner, FittedAls) else few
        with TemporaryDirectory() as folder:
            snapshot = run_of(Path(folder) / name, others, FittedModels(winner, popular, item_knn, als))
            new = recall(folded(snapshot, data, question), data, question)
            size = sum(path.stat().st_size for path in (Path(folder) / name).glob("fold_*.npy"))
        yield {
            "model": name,
            f"recall@{K}_in_training": round(known, 5),
            f"recall@{K}_folded_in": round(new, 5),
            "share": round(new / known, 4) if known else None,
            "fold_arrays_mib": round(size / 2**20, 1),
        }


def problem_of(name: str) -> tuple[Problem, Question]:
    """Read a data set; of the bundled shop, what shoppers bought in its last days that they did not have."""
    if name == ONLINE_RETAIL.name:
        problem = last_days(online_retail())
        return problem, problem.questions[NEW]
    files = GOWALLA.find(datasets_folder())
    if files is None:
        raise SystemExit("gowalla is not here: RECSYS_DATASETS names no folder that has it.")
    problem = fixed_split(*files)
    return problem, problem.questions[UNSEEN]


def main() -> None:
    """Run, print, and with --long write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help="Gowalla; writes the result and the log")
    parser.add_argument("--models", nargs="+", choices=tuple(MODELS), default=tuple(MODELS))
    parser.add_argument("--output", type=Path, default=RESULTS / "fold-in.json")
    parser.add_argument("--log", type=Path, default=RESULTS / "test-evaluations.jsonl")
    options = parser.parse_args()
    name = GOWALLA.name if options.long else ONLINE_RETAIL.name
    problem, asked = problem_of(name)
    question = held_out(asked, np.random.default_rng(SEED))
    result: dict[str, Any] = {
        "benchmark": "fold-in",
        "dataset": name,
        "split": problem.split,
        "held_out_shoppers": len(question.rows),
        "seed": SEED,
        "wanted_share": WANTED,
        "results": [],
        "versions": versions(),
        "machine": machine(),
    }
    look = {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "dataset": name, "question": "fold-in"}
    for line in measure(problem, question, options.models):
        print(json.dumps(line), flush=True)
        result["results"].append(line)
        if options.long:
            # After each model: a run that is cut short leaves what it has measured.
            options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            with options.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(look | line) + "\n")


if __name__ == "__main__":
    main()
