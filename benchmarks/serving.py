"""How many answers a second one worker gives, beside nginx, FastAPI with Redis, and Flask calling implicit.

Starts everything itself: a synthetic shop (30,000 shoppers, 200 candidates each, 2,000 vetoes, 3 pins, a theme's slot),
our endpoint with one worker, nginx serving the very bytes of the answers as files, FastAPI reading the finished answers
from Redis, and Flask that ranks in the request. Everybody is asked in turns, several rounds, the same shoppers;
ratios are medians over the rounds of ratios within a round, so that other load on the machine weighs on both sides.

    python benchmarks/serving.py [--full | --page] [--output FILE]

Needs wrk, nginx and redis-server (Debian's packages of those names); as root they are installed where missing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from servings.contestants import (
    answer,
    asking,
    fastapi_redis,
    flask_implicit,
    nginx,
    ours,
    peer_versions,
    raw_of,
)
from servings.load import Measured, Target, full_load, half_load
from servings.page import write_page
from servings.shop import Size, make_shop

RESULTS = Path(__file__).resolve().parent / "results" / "serving.json"
PACKAGES = {"wrk": "wrk", "nginx": "nginx-light", "redis-server": "redis-server"}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    shoppers: int
    asking: int
    rounds: int
    seconds: int


FULL = Plan(shoppers=30_000, asking=2_000, rounds=7, seconds=6)
SHORT = Plan(shoppers=3_000, asking=1_000, rounds=2, seconds=2)


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """Start everything, ask in turns, and compare."""
    served = make_shop(folder / "shop", Size(plan.shoppers))
    shoppers = [number * plan.shoppers // plan.asking for number in range(plan.asking)]
    with ExitStack() as stack:
        endpoint = stack.enter_context(ours(served, folder, shoppers))
        bodies = {shopper: answer(endpoint, asking(shopper)) for shopper in shoppers}
        _check(bodies[shoppers[0]])
        targets = [endpoint, *(stack.enter_context(each) for each in (
            nginx(bodies, _sub(folder, "nginx")),
            fastapi_redis(bodies, _sub(folder, "fastapi")),
            flask_implicit(shoppers[:1_000], _sub(folder, "flask")),
        ))]  # fmt: skip
        targets.append(raw_of(targets[2]))
        for each in targets:
            full_load(each, folder, 1)
        rounds = [
            {each.name: full_load(each, folder, plan.seconds) for each in targets} for _ in range(plan.rounds)
        ]
        halves = [
            half_load(endpoint, folder, plan.seconds, statistics.median(r["recsys"].rate for r in rounds) / 2)
            for _ in range(plan.rounds)
        ]
    size = round(statistics.mean(map(len, bodies.values())))
    return {**_compared(targets, rounds, halves), "answer_bytes": size, "shoppers_asking": len(shoppers)}


def _compared(
    targets: Sequence[Target], rounds: Sequence[dict[str, Measured]], halves: Sequence[Measured]
) -> dict[str, Any]:
    figures = {
        each.name: {
            "requests_per_second": round(statistics.median(r[each.name].rate for r in rounds)),
            "p50_ms": round(statistics.median(r[each.name].p50_ms for r in rounds), 3),
            "p99_ms": round(statistics.median(r[each.name].p99_ms for r in rounds), 3),
            "cpu_us_a_request": round(statistics.median(r[each.name].cpu_us for r in rounds), 1),
            "errors": sum(r[each.name].errors for r in rounds),
        }
        for each in targets
    }
    ratios = {
        each.name: [round(r["recsys"].rate / r[each.name].rate, 3) for r in rounds] for each in targets[1:]
    }
    return {
        "servers": figures,
        "ratios": {
            name: {"median": round(statistics.median(found), 3), "rounds": found}
            for name, found in ratios.items()
        },
        "half_load": {
            "requests_per_second": round(statistics.median(each.rate for each in halves)),
            "p50_ms": round(statistics.median(each.p50_ms for each in halves), 3),
            "p99_ms": round(statistics.median(each.p99_ms for each in halves), 3),
            "errors": sum(each.errors for each in halves),
        },
    }


def _check(body: bytes) -> None:
    """The answer must be the one that was asked for: 20 items, 3 pins, a theme, reasons."""
    items = json.loads(body)["items"]
    sources = [each["source"] for each in items]
    if len(items) != 20 or sources.count("pin") != 3 or sources.count("theme") != 1:
        sys.exit(f"The answer is not the one to be measured: {sources}")
    if not all(each["reason"]["text"] for each in items):
        sys.exit("An item has no reason.")


def machine() -> dict[str, Any]:
    """Where the figures were measured, without naming the host, and with what."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{
            name: version(name)
            for name in ("recsys", "granian", "numpy", "numba", "msgspec", "flask", "implicit")
        },
        "nginx": _said(["nginx", "-v"]).rpartition("/")[2],
        "redis-server": _said(["redis-server", "--version"]).partition("v=")[2].partition(" ")[0],
        "wrk": _said(["wrk", "-v"]).split()[1],
        **peer_versions(),
        **{name: version(name) for name in ("uvloop", "httptools")},
    }


def _said(command: Sequence[str]) -> str:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}
    )
    return (done.stdout + done.stderr).strip()


def install_missing() -> None:
    """Install what is missing from Debian's packages, or leave with what to install."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    missing = [package for name, package in PACKAGES.items() if shutil.which(name, path=path) is None]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.exit(f"Missing: install the packages {', '.join(missing)} (apt-get install {' '.join(missing)}).")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *missing]):
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


def _sub(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def main() -> None:
    """Run, print, write the result and the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--full", action="store_true", help="what is published: 30,000 shoppers, seven rounds"
    )
    parser.add_argument(
        "--output", type=Path, help="where the JSON goes; with --full, to results/ and the page too"
    )
    parser.add_argument(
        "--page", action="store_true", help="only write docs/serving-speed.md from the results"
    )
    options = parser.parse_args()
    if options.page:
        write_page()
        return
    plan = FULL if options.full else SHORT
    install_missing()
    with tempfile.TemporaryDirectory(prefix="serving-") as name:
        folder = Path(name)
        # nginx drops its rights and must still get in.
        folder.chmod(0o755)
        before = machine()
        result = {"benchmark": "serving", "machine": before, **measure(plan, folder)}
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    output = options.output or (RESULTS if options.full else None)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
    if options.full:
        write_page()


if __name__ == "__main__":
    main()
