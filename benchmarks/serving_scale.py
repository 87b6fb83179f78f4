"""What five million shoppers cost beside thirty thousand: latency, time to be ready, memory of a further worker.

Two synthetic shops that differ in the number of shoppers alone, one worker each, asked in turns at a steady rate with
shoppers drawn from all of them. Lists are short (40 candidates each, not 200), so that the large snapshot takes 7 GB
of disk and not 25; what a request reads of them is the same. Then the large shop is started again with three workers.

    python benchmarks/serving_scale.py [--full] [--output FILE]

Without --full, 100,000 shoppers stand for the five million.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from serving import install_missing, machine
from servings.contestants import answer, asking, ours
from servings.load import Measured, full_load, half_load
from servings.processes import Memory, memory_of, workers_of
from servings.shop import Served, Size, make_shop

RESULTS = Path(__file__).resolve().parent / "results" / "serving-scale.json"
DEPTH = 40
SMALL, LARGE, SHORT = 30_000, 5_000_000, 100_000
WORKERS = 3
_STARTS = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    shoppers: int
    asking: int
    rounds: int
    seconds: int


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """Build both shops, ask them in turns, then add workers to the large one."""
    began = time.monotonic()
    shops = {
        name: make_shop(folder / name, Size(size, DEPTH))
        for name, size in (("small", SMALL), ("large", plan.shoppers))
    }
    built = time.monotonic() - began
    latencies = _latencies(plan, shops, folder)
    ready = _ready_seconds(shops, folder)
    memory = _memory(plan, shops["large"], folder)
    ratios = [
        large.p50_ms / small.p50_ms
        for small, large in zip(latencies["small"], latencies["large"], strict=True)
    ]
    return {
        "shoppers": {"small": SMALL, "large": plan.shoppers},
        "candidates_each": DEPTH,
        "snapshot_gigabytes": round(_bytes_in(shops["large"].home / "snapshots") / 1e9, 2),
        "build_seconds": round(built, 1),
        "latency": {name: _summary(runs) for name, runs in latencies.items()},
        "p50_ratio": {
            "median": round(statistics.median(ratios), 3),
            "rounds": [round(each, 3) for each in ratios],
        },
        "ready_seconds": ready,
        "memory_of_workers_mb": [asdict(each) for each in memory],
        "private_mb_of_a_further_worker": max(each.private_mb for each in memory),
    }


def _latencies(plan: Plan, shops: dict[str, Served], folder: Path) -> dict[str, list[Measured]]:
    """Latencies at about a quarter of what the small shop takes, in turns."""
    with ExitStack() as stack:
        targets = {}
        for name, served in shops.items():
            (folder / f"{name}-log").mkdir()
            shoppers = drawn(served.shoppers, plan.asking)
            target = stack.enter_context(ours(served, folder / f"{name}-log", shoppers))
            targets[name] = replace(target, name=name)
        rate = min(full_load(each, folder, 2).rate for each in targets.values()) / 4
        found: dict[str, list[Measured]] = {name: [] for name in targets}
        for _ in range(plan.rounds):
            for name, target in targets.items():
                found[name].append(half_load(target, folder, plan.seconds, rate))
        return found


def _ready_seconds(shops: dict[str, Served], folder: Path) -> dict[str, float]:
    """Seconds from the start of a server with one worker to its first answer: the median of some starts, in turns."""
    found: dict[str, list[float]] = {name: [] for name in shops}
    for _ in range(_STARTS):
        for name, served in shops.items():
            began = time.monotonic()
            with ours(served, folder / f"{name}-log", [0]) as target:
                answer(target, asking(0))
                found[name].append(time.monotonic() - began)
    return {name: round(statistics.median(each), 2) for name, each in found.items()}


def _memory(plan: Plan, served: Served, folder: Path) -> list[Memory]:
    """The memory of each of several workers once they have answered for a while."""
    shoppers = drawn(served.shoppers, plan.asking)
    with ours(served, folder / "large-log", shoppers, workers=WORKERS) as target:
        full_load(target, folder, plan.seconds, connections=32)
        return [memory_of(each) for each in workers_of(target.port, WORKERS)]


def drawn(shoppers: int, count: int) -> list[int]:
    """Shoppers from all over the snapshot, the same each time."""
    return random.Random(7).sample(range(shoppers), min(count, shoppers))  # noqa: S311 - a draw for a benchmark


def _summary(runs: Sequence[Measured]) -> dict[str, float]:
    return {
        "requests_per_second": round(statistics.median(each.rate for each in runs)),
        "p50_ms": round(statistics.median(each.p50_ms for each in runs), 3),
        "p99_ms": round(statistics.median(each.p99_ms for each in runs), 3),
        "errors": sum(each.errors for each in runs),
    }


def _bytes_in(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def main() -> None:
    """Run, print, write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--full", action="store_true", help="five million shoppers; takes 8 GB of disk for a while"
    )
    parser.add_argument("--folder", type=Path, help="where the shops are built; a temporary folder otherwise")
    parser.add_argument("--output", type=Path, help="where the JSON goes; with --full, to results/")
    options = parser.parse_args()
    plan = Plan(LARGE, 20_000, 7, 5) if options.full else Plan(SHORT, 2_000, 2, 2)
    install_missing()
    with tempfile.TemporaryDirectory(prefix="serving-scale-", dir=options.folder) as name:
        result = {"benchmark": "serving-scale", "machine": machine(), **measure(plan, Path(name))}
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    output = options.output or (RESULTS if options.full else None)
    if output is not None:
        output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
