"""How well the models rank: a published split, and real shops with a split in time.

Everything is chosen on a validation part cut from the training part; every look at a test part is added to a log.

    python benchmarks/ranking.py            short: small budgets, nothing of docs/ changes
    python benchmarks/ranking.py --long     the results and the page of the repository
    python benchmarks/ranking.py --page     docs/ranking.md and its plots from the results that stand there
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from datasets import (
    COMPLETE_JOURNEY,
    DATASETS,
    GOWALLA,
    complete_journey,
    datasets_folder,
    online_retail,
)
from rankings.contestants import chosen, for_repeats
from rankings.measuring import KS, measure_all
from rankings.page import table_of, write_page
from rankings.questions import REPEATS, Problem, fixed_split, last_days
from recsys.batch.evaluate import plain
from recsys.batch.machine import machine, peak_memory_mib, versions
from recsys.cli.progress import Bars
from recsys.models.loading import AUTO

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
LOG = RESULTS / "test-evaluations.jsonl"
SEED = 0
SHORT_BUDGET, LONG_BUDGET = 20.0, 300.0
SHORT_MODELS = {GOWALLA.name: ("item-knn", "als")}
"""In the short version a large set is not tuned on: its models keep the settings that they have by themselves."""


def problem_of(name: str, files: Sequence[Path]) -> Problem:
    """Read a data set and split it."""
    if name == GOWALLA.name:
        return fixed_split(*files)
    if name == COMPLETE_JOURNEY.name:
        return last_days(complete_journey(*files))
    return last_days(online_retail())


def run(name: str, models: Sequence[str], budget: float, files: Sequence[Path], log: Path) -> dict[str, Any]:
    """Measure the models on a data set, and give the result as plain values."""
    with Bars() as bars:
        bars.step(f"Reading {name}", 1)
        problem = problem_of(name, files)
        contestants = chosen(models, problem.data, budget=budget, seed=SEED, progress=bars)
        if AUTO in models and REPEATS in problem.questions:
            contestants += for_repeats(problem.data, budget=budget, seed=SEED, progress=bars)

        def record(look: dict[str, Any]) -> None:
            append(log, {"at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", "dataset": name} | look)

        answers = measure_all(problem, contestants, seed=SEED, progress=bars, record=record)
    dataset = DATASETS[name]
    return {
        "benchmark": f"ranking-{name}",
        "dataset": {"title": dataset.title, "origin": dataset.origin, "licence": dataset.licence},
        "split": problem.split,
        "counts": problem.counts,
        "seed": SEED,
        "tuning_budget_seconds": budget if AUTO in models else None,
        "depths": list(KS),
        **plain(answers),
        "peak_memory_mib": peak_memory_mib(),
        "versions": versions(),
        "machine": machine(),
    }


def append(log: Path, look: dict[str, Any]) -> None:
    """Add a look at a test part to the log, one line of JSON."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(look, ensure_ascii=False) + "\n")


def present(names: Sequence[str]) -> Iterator[tuple[str, Sequence[Path]]]:
    """Give the data sets that are here with their files, and say which are not."""
    folder = datasets_folder()
    for name in names:
        files = DATASETS[name].find(folder)
        if files is None:
            print(
                f"{name} is left out: RECSYS_DATASETS names no folder that has it (see benchmarks/datasets.py)."
            )
        elif folder is not None and DATASETS[name].damaged(folder):
            print(f"{name} is left out: its files are not the published ones (see benchmarks/datasets.py).")
        else:
            yield name, files


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help="full budgets; writes results and page")
    parser.add_argument("--short", action="store_true", help="small budgets (the default)")
    parser.add_argument("--page", action="store_true", help="only write the page from the results")
    parser.add_argument("--datasets", nargs="+", choices=tuple(DATASETS), default=tuple(DATASETS))
    parser.add_argument("--models", nargs="+", metavar="MODEL", help="auto, names, or module:Class")
    parser.add_argument("--budget", type=float, help="seconds of tuning a data set, of all models together")
    parser.add_argument("--log", type=Path, default=LOG, help="where looks at test parts are added")
    parser.add_argument("--output", type=Path, help="folder of the results (--long: benchmarks/results)")
    options = parser.parse_args()
    if options.page:
        write_page(RESULTS, ROOT / "docs")
        return
    output = options.output or (RESULTS if options.long else None)
    budget = options.budget or (LONG_BUDGET if options.long else SHORT_BUDGET)
    for name, files in present(options.datasets):
        models = options.models or ((AUTO, "spectral") if options.long else SHORT_MODELS.get(name, (AUTO,)))
        result = run(name, models, budget, files, options.log)
        print(table_of(result))
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            text = json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False)
            (output / f"ranking-{name}.json").write_text(text + "\n", encoding="utf-8")
    if options.long and output == RESULTS:
        write_page(RESULTS, ROOT / "docs")


if __name__ == "__main__":
    main()
