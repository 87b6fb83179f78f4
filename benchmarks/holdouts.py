"""What data without times should hold back: hold-outs that tell settings apart as the real test part does.

The times of the shops are hidden from the hold-outs, and the real test part is what came in the last 30 days; Gowalla has
no times to hide. A hold-out is good where the settings that rank best on it are those that rank best on the test part.

    python benchmarks/holdouts.py                         the bundled shop
    python benchmarks/holdouts.py --long --output FILE    all data sets that are here; keep the result as JSON
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from datasets import DATASETS, GOWALLA, ONLINE_RETAIL
from ranking import present, problem_of
from rankings.questions import NEW, UNSEEN
from recsys.batch.machine import machine, versions
from recsys.batch.question import Question, measure
from recsys.data.training import TrainingData
from recsys.evaluation.splits import UNKNOWN_TIME, split_at_random
from recsys.models.als import Als
from recsys.models.base import Fitted, Recommender
from recsys.models.blend import Blend
from recsys.models.blending import evened, find_weights, pool
from recsys.models.item_knn import ItemKnn
from recsys.models.progress import Silent
from recsys.models.rp3beta import RP3beta
from recsys.models.selection import DECISIVE, K, Validation, judge
from recsys.models.spectral import IdealFilter, LinearFilter
from recsys.models.user_knn import UserKnn
from recsys.models.validation import AT_MOST, MOST, leanings, question_of

SETTINGS: tuple[Recommender, ...] = (
    ItemKnn(),
    LinearFilter(),
    RP3beta(beta=0.1),
    RP3beta(beta=0.5),
    UserKnn(),
    UserKnn(target=0.0, other=0.8),
    IdealFilter(256),
    Als(64, 5.0, 10.0, popularity=0.5),
)
HOLDOUTS: Mapping[str, float] = {"at random": 0.0, "half in blocks": 0.5, "all in blocks": 1.0}
SHOPPERS, SEED = 4_000, 0

Figures = NDArray[np.float64]


def compare(data: TrainingData, question: Question) -> dict[str, Any]:
    """Give the figures of the settings on the test part and on each hold-out, and how well they agree."""
    some = _some(question)
    test = np.array([_measured(model, data, some) for model in SETTINGS])
    found: dict[str, Any] = {
        "popularity": popularity(data, question),
        "test": _rounded(test),
        "hold_outs": {},
    }
    for name, share in HOLDOUTS.items():
        asked = _held_out(data, share)
        fitted = [model.fit(asked.train, seed=SEED, progress=Silent()) for model in SETTINGS]
        held = np.array([judge(each, asked).values[DECISIVE] for each in fitted])
        agreement = float(np.corrcoef(held, test)[0, 1])
        lost = float(1 - test[held.argmax()] / test.max())
        found["hold_outs"][name] = {
            "figures": _rounded(held),
            "correlation": round(agreement, 3),
            "lost_by_its_choice": round(lost, 4),
            "blends": blends(fitted, asked, data, some),
        }
    return found


def blends(
    fitted: Sequence[Fitted], asked: Validation, data: TrainingData, question: Question
) -> dict[str, dict[str, float]]:
    """Give the figures on the hold-out and on the test part of the best weights there, and of the evened ones."""
    candidates = pool(fitted, asked)
    best = find_weights(candidates)
    found = {}
    for name, (weights, reached) in (("best weights", best), ("evened", evened(candidates, *best))):
        blend = Blend(SETTINGS, tuple(weights.tolist()))
        found[name] = {"hold-out": round(reached, 4), "test": round(_measured(blend, data, question), 4)}
    return found


def popularity(data: TrainingData, question: Question) -> dict[str, float]:
    """Mean number of owners (in the training part) of the items of training pairs and of test pairs."""
    owners = np.asarray(csr_matrix(data.owned, dtype=np.int64).sum(axis=0)).ravel()
    of_train, of_test = owners[data.owned.indices].mean(), owners[question.truth.indices].mean()
    return {"training pairs": round(float(of_train), 1), "test pairs": round(float(of_test), 1)}


def _held_out(data: TrainingData, share: float) -> Validation:
    rng = np.random.default_rng(SEED)
    events = replace(data.events, timestamp=np.full(len(data.events), UNKNOWN_TIME))
    scales = leanings(data, rng) if share else None
    split = split_at_random(
        events.user, events.item, share=AT_MOST, rng=rng, leanings=scales, in_blocks=share
    )
    return question_of(replace(data, events=events), split, MOST, rng)


def _measured(model: Recommender, data: TrainingData, question: Question) -> float:
    fitted = model.fit(data, seed=SEED, progress=Silent())
    return measure(fitted, data, question, (K,), seed=SEED, progress=Silent()).values[DECISIVE]


def _some(question: Question) -> Question:
    if len(question.rows) <= SHOPPERS:
        return question
    kept = np.sort(np.random.default_rng(SEED).choice(len(question.rows), SHOPPERS, replace=False))
    return Question(question.rows[kept], question.exclude[kept], question.truth[kept], question.sizes[kept])


def _rounded(figures: Figures) -> list[float]:
    return [round(float(each), 4) for each in figures]


def main() -> None:
    """Compare on every data set that is here."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help="every data set, not the bundled shop alone")
    parser.add_argument("--output", type=Path, help="where the result goes, as JSON")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "holdouts", "metric": DECISIVE}
    result |= {"settings": [repr(each) for each in SETTINGS], "datasets": {}}
    for name, files in present(tuple(DATASETS) if options.long else (ONLINE_RETAIL.name,)):
        problem = problem_of(name, files)
        found = compare(problem.data, problem.questions[UNSEEN if name == GOWALLA.name else NEW])
        result["datasets"][name] = found
        print(name, found["popularity"])
        for title, each in found["hold_outs"].items():
            told = ", ".join(f"{blend} {at['test']:.4f}" for blend, at in each["blends"].items())
            print(
                f"  {title:16} correlation {each['correlation']:6.3f}, its choice loses {each['lost_by_its_choice']:.1%}; blends on the test part: {told}"
            )
    if options.output:
        result |= {"machine": machine(), "versions": versions()}
        options.output.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
