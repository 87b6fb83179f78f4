"""What weights of a blend do that are fitted to a hold-out, and what evened ones do, on the real test part.

For each data set the hold-out is asked twice where it can be: at random, as for data without times (the shops' times are
then hidden from it), and by time. The test part of the shops is what came in the last 30 days.

    python benchmarks/blends.py                         the bundled shop
    python benchmarks/blends.py --long --output FILE    all data sets that are here; keep the result as JSON
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from datasets import DATASETS, GOWALLA, ONLINE_RETAIL
from ranking import present, problem_of
from rankings.questions import NEW, UNSEEN
from recsys.batch.machine import machine, versions
from recsys.batch.question import Question, measure
from recsys.data.training import TrainingData
from recsys.evaluation.splits import UNKNOWN_TIME
from recsys.models.als import Als
from recsys.models.base import Recommender
from recsys.models.blend import Blend
from recsys.models.blending import evened, find_weights, pool
from recsys.models.item_knn import ItemKnn
from recsys.models.progress import Silent
from recsys.models.rp3beta import RP3beta
from recsys.models.selection import DECISIVE, K
from recsys.models.spectral import IdealFilter, LinearFilter
from recsys.models.user_knn import UserKnn
from recsys.models.validation import ask

SETTINGS: tuple[Recommender, ...] = (
    ItemKnn(),
    LinearFilter(),
    RP3beta(beta=0.1),
    UserKnn(),
    UserKnn(target=0.0, other=0.8),
    IdealFilter(256),
    Als(64, 5.0, 10.0, popularity=0.5),
)
SHOPPERS, SEED = 4_000, 0


def compare(data: TrainingData, question: Question) -> dict[str, Any]:
    """Give what the best weights and the evened ones reach, on each hold-out and on the test part."""
    some = _some(question)
    found: dict[str, Any] = {"popularity": popularity(data, question), "hold_outs": {}}
    hidden = replace(data.events, timestamp=np.full(len(data.events), UNKNOWN_TIME))
    for held, source in (("random", replace(data, events=hidden)), ("time", data)):
        asked = ask(source, seed=SEED)
        if asked.question is None or asked.kind != held:
            continue
        fitted = [model.fit(asked.question.train, seed=SEED, progress=Silent()) for model in SETTINGS]
        candidates = pool(fitted, asked.question)
        best = find_weights(candidates)
        found["hold_outs"][held] = {
            name: {
                "weights": [round(each, 3) for each in weights.tolist()],
                "hold-out": round(reached, 4),
                "test": round(_measured(Blend(SETTINGS, tuple(weights.tolist())), data, some), 4),
            }
            for name, (weights, reached) in (("best weights", best), ("evened", evened(candidates, *best)))
        }
    return found


def popularity(data: TrainingData, question: Question) -> dict[str, float]:
    """Mean number of owners (in the training part) of the items of training pairs and of test pairs."""
    owners = np.asarray(csr_matrix(data.owned, dtype=np.int64).sum(axis=0)).ravel()
    of_train, of_test = owners[data.owned.indices].mean(), owners[question.truth.indices].mean()
    return {"training pairs": round(float(of_train), 1), "test pairs": round(float(of_test), 1)}


def _measured(model: Recommender, data: TrainingData, question: Question) -> float:
    fitted = model.fit(data, seed=SEED, progress=Silent())
    return measure(fitted, data, question, (K,), seed=SEED, progress=Silent()).values[DECISIVE]


def _some(question: Question) -> Question:
    if len(question.rows) <= SHOPPERS:
        return question
    kept = np.sort(np.random.default_rng(SEED).choice(len(question.rows), SHOPPERS, replace=False))
    return Question(question.rows[kept], question.exclude[kept], question.truth[kept], question.sizes[kept])


def main() -> None:
    """Compare on every data set that is here."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help="every data set, not the bundled shop alone")
    parser.add_argument("--output", type=Path, help="where the result goes, as JSON")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "blends", "metric": DECISIVE}
    result |= {"settings": [repr(each) for each in SETTINGS], "datasets": {}}
    for name, files in present(tuple(DATASETS) if options.long else (ONLINE_RETAIL.name,)):
        problem = problem_of(name, files)
        found = compare(problem.data, problem.questions[UNSEEN if name == GOWALLA.name else NEW])
        result["datasets"][name] = found
        print(name, found["popularity"])
        for held, blends in found["hold_outs"].items():
            for title, each in blends.items():
                print(
                    f"  hold-out by {held:6} {title:12} hold-out {each['hold-out']:.4f}, test part {each['test']:.4f}"
                )
    if options.output:
        result |= {"machine": machine(), "versions": versions()}
        options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
