"""What one answer costs in one process, by the compiled loops and by the general way: the same requests, in turns.

The shop is that of `serving.py`: 20 of 200 candidates, 2,000 vetoes, 3 pins, a theme's slot, reasons, the key checked.
No server stands before it, so nothing is handed from thread to thread.

    python benchmarks/answer.py [--short] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from servings.contestants import asking
from servings.shop import Served, Size, make_shop

from recsys.batch.machine import machine, versions
from recsys.services.shop import open_shop
from recsys.serving.application import Application
from recsys.serving.http import Environ
from recsys.serving.logs import configure_log
from recsys.serving.warming import compile_loops
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder

SHOPPERS, ASKING = 3_000, 1_000


def requests(served: Served) -> list[Environ]:
    """A request of each of many shoppers."""
    step, found = SHOPPERS // ASKING, []
    for shopper in range(0, SHOPPERS, step):
        path, _, query = asking(shopper).partition("?")
        named = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
        found.append({**named, "HTTP_X_API_KEY": served.key})
    return found


def micros(application: Application, asked: Sequence[Environ]) -> float:
    """Microseconds an answer takes."""
    told: list[str] = []
    begun = time.perf_counter()
    for each in asked:
        application(each, lambda status, _headers: told.append(status))
    taken = time.perf_counter() - begun
    if set(told) != {"200 OK"}:
        raise SystemExit(f"Not all answers were good: {set(told)}")
    return taken / len(asked) * 1e6


def measure(served: Served, rounds: int) -> dict[str, Any]:
    """Both ways in turns."""
    settings = Settings.from_environment({**os.environ, **served.environment})
    shop = open_shop(settings)
    live = LiveHolder(shop.database, settings)
    live.catch_up()
    application, asked = Application(shop, live), requests(served)
    compile_loops()
    found: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds + 1):
        for compiled, times in found.items():
            with patch("recsys.serving.lanes.COMPILES", new=compiled):
                times.append(micros(application, asked))
    shop.database.close()
    # The first round compiles scenes and encodes items.
    quick, general = found[True][1:], found[False][1:]
    return {
        "answer_us": {
            "compiled": round(statistics.median(quick), 1), "general": round(statistics.median(general), 1)
        },
        "compiled_to_general": round(
            statistics.median(one / other for one, other in zip(quick, general, strict=True)), 3
        ),
    }  # fmt: skip


def main() -> None:
    """Run, print, write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="three rounds in place of fifteen")
    parser.add_argument("--output", type=Path, help="where the JSON goes; by default only to the terminal")
    options = parser.parse_args()
    configure_log("warning")
    with tempfile.TemporaryDirectory(prefix="answer-") as name:
        found = measure(make_shop(Path(name), Size(SHOPPERS)), 3 if options.short else 15)
    result = {"benchmark": "answer", "machine": machine(), "versions": versions(), **found}
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if options.output is not None:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
