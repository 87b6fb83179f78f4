"""What a batch costs: candidates beside the bare matrix product and implicit, learning beside implicit, and growth.

Times of one run are taken in turns, so that whatever else the machine does falls on all alike, and ratios are medians
over these turns. Memory is the peak of a process of its own. The data is Gowalla's training part where RECSYS_DATASETS
names a folder that has it, else a synthetic shop of its size.

    python benchmarks/batch.py                     short: three turns, shops of up to 10,000 shoppers
    python benchmarks/batch.py --long              nine turns, shops of up to a million shoppers
    python benchmarks/batch.py --output FILE       keep the result
    python benchmarks/batch.py --part NAME --output FILE
                                                   measure a part again: times, memory, growth or peers
    python benchmarks/batch.py --part peers --environments FOLDER --output FILE
                                                   RecTools and LensKit, in environments made below the folder
    python benchmarks/batch.py --part large --output FILE
                                                   ALS and item-kNN for a million shoppers and 100,000 items
    python benchmarks/batch.py --page              docs/batch-speed.md and its plot from the result that stands there
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from batches import work
from batches.page import page, plot
from batches.peer import peak_mib
from batches.peers import ENVIRONMENTS, beside_peers
from batches.shops import public_or_like_it, synthetic
from datasets import datasets_folder
from recsys.batch.machine import machine, versions
from recsys.data.training import TrainingData

SHORT_ROUNDS, LONG_ROUNDS = 3, 9
PARTS = ("memory", "growth", "times")
SHORT_MOST, LONG_MOST = 10_000, 1_000_000
SIZES = ((3_000, 10_000), (10_000, 20_000), (30_000, 40_000), (100_000, 60_000), (1_000_000, 100_000))
"""Numbers of shoppers and items of the synthetic shops."""

ROOT = Path(__file__).resolve().parent.parent
RESULT, PAGE, PLOT = (
    ROOT / name
    for name in ("benchmarks/results/batch.json", "docs/batch-speed.md", "docs/images/batch-growth.svg")
)

MEMORY_OF: Mapping[str, Callable[[TrainingData], object]] = {
    "data alone": work.random_vectors,
    "bare product": lambda data: work.bare(work.random_vectors(data)),
    "top 200, ours": lambda data: work.ours(work.random_vectors(data), data),
    "top 200, implicit": lambda data: work.by_implicit(work.random_vectors(data), data),
    "ALS fit, ours": work.fit_ours,
    "ALS fit, implicit": work.fit_implicit,
    "item-kNN fit, ours": work.fit_item_knn,
}


def in_turns(rounds: int, pieces: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each piece of work in each round, after one round that fills caches."""
    seconds: dict[str, list[float]] = {name: [] for name in pieces}
    for number in range(rounds + 1):
        for name, run in pieces.items():
            begun = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - begun)
    return seconds


def beside(seconds: Mapping[str, Sequence[float]], floor: str) -> dict[str, Any]:
    """Median and lowest seconds of each piece, and the median and the range of its ratio to the floor, round by round."""
    found = {}
    for name, times in seconds.items():
        ratios = [mine / its for mine, its in zip(times, seconds[floor], strict=True)]
        found[name] = {
            "seconds": round(statistics.median(times), 3),
            "lowest_seconds": round(min(times), 3),
            "ratio": round(statistics.median(ratios), 2),
            "ratio_range": [round(min(ratios), 2), round(max(ratios), 2)],
        }
    return found


def agreement(vectors: work.Vectors, data: TrainingData) -> float:
    """Share of our candidates that implicit gives too, over every tenth shopper."""
    mine, theirs = work.ours(vectors, data).items, work.by_implicit(vectors, data)
    shares = [
        np.isin(one[one >= 0], other).mean() for one, other in zip(mine[::10], theirs[::10], strict=True)
    ]
    return round(float(np.mean(shares)), 5)


def measure(rounds: int) -> dict[str, Any]:
    """Compare candidates and learning."""
    title, data = public_or_like_it(datasets_folder())
    fits = in_turns(
        max(1, rounds // 3),
        {"implicit": lambda: work.fit_implicit(data), "ours": lambda: work.fit_ours(data)},
    )
    vectors = work.fit_ours(data)
    pieces: dict[str, Callable[[], object]] = {
        "bare product": lambda: work.bare(vectors),
        "ours": lambda: work.ours(vectors, data),
        "implicit": lambda: work.by_implicit(vectors, data),
    }
    return {
        "data": {
            "title": title,
            "shoppers": len(data.users),
            "items": len(data.items),
            "pairs": data.owned.nnz,
        },
        "rounds": rounds,
        "top_200": beside(in_turns(rounds, pieces), "bare product"),
        "agreement_with_implicit": agreement(vectors, data),
        "als_fit": beside(fits, "implicit"),
    }


def child(*arguments: str) -> Any:
    """Run one piece of work in a process of its own, and give what it prints."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout)


def growth(most: int) -> list[dict[str, Any]]:
    """Time and memory of a whole batch over synthetic shops of growing size, up to so many shoppers."""
    return [child("--grow", str(users), str(items)) for users, items in SIZES if users <= most]


def grown(n_users: int, n_items: int) -> dict[str, Any]:
    """Measure one size, in this process."""
    data = synthetic(n_users, n_items, seed=n_users)
    sizes = {"shoppers": n_users, "items": n_items, "pairs": data.owned.nnz}
    before = peak_mib()
    seconds = work.whole_batch(data, time.perf_counter)
    return sizes | seconds | {"peak_mib": peak_mib(), "of_which_data_mib": before}


def large(n_users: int, n_items: int) -> dict[str, Any]:
    """Learn ALS-64 and item-kNN, and rank the best 200 by ALS for everybody, in this process."""
    data = synthetic(n_users, n_items, seed=n_users)
    sizes = {"shoppers": n_users, "items": n_items, "pairs": data.owned.nnz}
    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    vectors = work.fit_ours(data)
    seconds["als_fit_s"], begun = round(time.perf_counter() - begun, 1), time.perf_counter()
    work.ours(vectors, data)
    seconds["top_200_s"], begun = round(time.perf_counter() - begun, 1), time.perf_counter()
    work.fit_item_knn(data)
    seconds["item_knn_fit_s"] = round(time.perf_counter() - begun, 1)
    return sizes | seconds | {"peak_mib": peak_mib()}


def memory(name: str) -> dict[str, float]:
    """Do one piece of work in this process, and give its peak memory."""
    _, data = public_or_like_it(datasets_folder())
    before = peak_mib()
    MEMORY_OF[name](data)
    return {"peak_mib": peak_mib(), "of_which_reading_mib": before}


def peers(folder: Path, names: Sequence[str]) -> dict[str, Any]:
    """Measure our batch beside those of the peers, whose environments are or come to be in the folder."""
    return beside_peers(public_or_like_it(datasets_folder())[1], folder, names)


def benchmark(arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts that are asked for, and put them into the result that stands, if there is one."""
    rounds = LONG_ROUNDS if arguments.long else SHORT_ROUNDS
    most = arguments.most or (LONG_MOST if arguments.long else SHORT_MOST)
    result: dict[str, Any] = {"benchmark": "batch", "machine": machine(), "versions": versions()}
    if arguments.part:
        result = json.loads(arguments.output.read_text(encoding="utf-8")) | result
    wanted = arguments.part or PARTS
    if "memory" in wanted:
        result["memory"] = {name: child("--memory", name) for name in MEMORY_OF}
    if "growth" in wanted:
        result["growth"] = growth(most)
    if "peers" in wanted:
        result["peers"] = peers(arguments.environments, arguments.peer or tuple(ENVIRONMENTS))
    if "large" in wanted:
        result["large"] = child("--large", *map(str, SIZES[-1]))
    if "times" in wanted:
        result |= measure(rounds)
    return result


def report(result: Mapping[str, Any]) -> None:
    """Print the result for people."""
    print(f"{result['data']['title']}: {result['data']['shoppers']:,} × {result['data']['items']:,}")
    for title, part in (("Top 200 of all shoppers", "top_200"), ("ALS fit", "als_fit")):
        print(title)
        for name, each in result[part].items():
            low, high = each["ratio_range"]
            print(f"  {name:14}{each['seconds']:9.2f} s{each['ratio']:8.2f} ×  ({low:.2f} to {high:.2f})")
    print("Peak memory")
    for name, each in result["memory"].items():
        print(f"  {name:22}{each['peak_mib']:8,.0f} MiB")
    print("A whole batch: fit of three models, top 200 with reasons, snapshot")
    for each in result["growth"]:
        whole = each["fit_s"] + each["snapshot_s"]
        print(f"  {each['shoppers']:>9,} shoppers{whole:9.1f} s{each['peak_mib']:8,.0f} MiB")
    for name, each in result.get("peers", {}).items():
        print(
            f"  {name:10} fit {each['fit_s']:.1f} s, rank {each['rank_s']:.1f} s, ndcg@20 {each['ndcg@20']:.4f}"
        )


def write_page() -> None:
    """Write the page and its plot from the result that stands in the repository."""
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    PAGE.write_text(page(result), encoding="utf-8")
    PLOT.write_text(plot(result), encoding="utf-8")


def in_child(arguments: argparse.Namespace) -> dict[str, Any]:
    """Do the one piece of work that this process was started for."""
    if arguments.memory:
        return memory(arguments.memory)
    return grown(*arguments.grow) if arguments.grow else large(*arguments.large)


def asked() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true", help="more turns, and growth up to a million shoppers")
    parser.add_argument("--most", type=int, help="shoppers of the largest synthetic shop")
    parser.add_argument("--part", action="append", choices=(*PARTS, "peers", "large"), help="this part alone")
    parser.add_argument("--environments", type=Path, help="folder of the peers' environments")
    parser.add_argument("--peer", action="append", choices=ENVIRONMENTS, help="this peer, not all of them")
    parser.add_argument("--output", type=Path, help="where the result goes, as JSON")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--memory", help=argparse.SUPPRESS, choices=MEMORY_OF)
    parser.add_argument("--grow", help=argparse.SUPPRESS, nargs=2, type=int)
    parser.add_argument("--large", help=argparse.SUPPRESS, nargs=2, type=int)
    arguments = parser.parse_args()
    if arguments.part and not (arguments.output and arguments.output.is_file()):
        parser.error("--part adds to a result: give the file that holds one as --output.")
    if "peers" in (arguments.part or ()) and not arguments.environments:
        parser.error("--part peers needs --environments.")
    return arguments


def main() -> None:
    """Measure and report; with --output keep the result."""
    arguments = asked()
    if arguments.page:
        write_page()
    elif arguments.memory or arguments.grow or arguments.large:
        print(json.dumps(in_child(arguments)))
    else:
        result = benchmark(arguments)
        report(result)
        if arguments.output:
            arguments.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
