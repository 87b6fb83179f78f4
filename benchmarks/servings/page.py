"""The page about serving speed, written from the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
PAGE = _ROOT / "docs" / "serving-speed.md"
SERVING = _ROOT / "benchmarks" / "results" / "serving.json"
SCALE = _ROOT / "benchmarks" / "results" / "serving-scale.json"
NEVER_MEASURED = "Not measured yet."

_NAMES = {
    "recsys": "recsys, one worker",
    "nginx": "nginx, the same bytes as files, a worker a core",
    "fastapi-redis": "FastAPI + Redis, the list read and returned",
    "fastapi-redis-raw": "FastAPI + Redis, the text passed on unread",
    "flask-implicit": "Flask calling implicit's `recommend`",
}

_HEAD = """# Serving speed

What one answer costs, beside servers that do less, and what many shoppers cost beside few.
This page is written by `python benchmarks/serving.py --page` from `benchmarks/results/serving.json` and `serving-scale.json`; measure again with `python benchmarks/serving.py --full` and `python benchmarks/serving_scale.py --full`.

The answer: `GET /v1/recommendations`, 20 of 200 candidates for one shopper, merged afresh under 2,000 vetoes, 3 pins, one theme's slot filled by the shopper's vector, with provenance and reasons for each item, the key checked, a signed `recommendation_id` and a cursor. No answer is kept.
"""

_HOW = """
## How it is done

1. What no shopper changes is compiled once for a place, a market and a stretch of time, and kept until the catalog, the rules or the takedowns move (`recsys/slates/scene.py`): one byte an item that says whether it may be shown, the pins resolved, the boosts as factors. 2,000 vetoes or 20 cost a request the same.
2. A request walks the candidates only as far as its slots go (`recsys/slates/lean.py`). Tests hold every slate equal to `recsys/domain/merge.py`.
3. What an item says of itself is encoded once a catalog; an answer is put together from such texts and its own numbers (`recsys/serving/item_texts.py`).
4. What nearly all requests ask is laid and written by compiled loops (`recsys/slates/loops.py`, `recsys/serving/page_text.py`), and nothing on the way lets go of Python's lock ([why](decisions/compiled-answers.md)).
5. One thread of a worker reads, answers and sends, what came together in one go; what takes its time runs in others ([why](decisions/event-loop.md)).
6. A shopper is found in the mapped table by where the hash must stand, and by how far away the hash there is (`recsys/snapshots/identity.py`).
7. Good answers are counted in the log, one line a second; each error has its line.
"""


def write_page() -> None:
    """Write the page."""
    PAGE.write_text(page(_read(SERVING), _read(SCALE)), encoding="utf-8")


def page(serving: dict[str, Any] | None, scale: dict[str, Any] | None) -> str:
    """The page that says what the results hold."""
    parts = [_HEAD, "\n## Beside other servers\n\n", NEVER_MEASURED if serving is None else _servers(serving)]
    parts += ["\n## Many shoppers\n\n", NEVER_MEASURED if scale is None else _scale(scale), _HOW]
    return "".join(parts)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return result


def _servers(result: dict[str, Any]) -> str:
    machine, half = result["machine"], result["half_load"]
    rows = [
        f"| {_NAMES[name]} | {each['requests_per_second']:,} | {_ratio(result, name)} | {each['p50_ms']} | "
        f"{each['p99_ms']} | {each['cpu_us_a_request']:.0f} |"
        for name, each in result["servers"].items()
    ]
    return (
        f"{_machine(machine)} wrk with 8 connections, {result['shoppers_asking']:,} different shoppers, "
        f"{result['answer_bytes']:,} bytes an answer. All are asked in turns; a ratio is the median of the ratios within "
        "a turn, with the lowest and the highest behind it.\n\n"
        "| | requests a second | recsys is … times that | p50 ms | p99 ms | processor µs a request |\n|---|---|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nAt half load ({half['requests_per_second']:,} requests a second): p50 {half['p50_ms']} ms, "
        f"p99 {half['p99_ms']} ms, {half['errors']} errors.\n"
    )


def _ratio(result: dict[str, Any], name: str) -> str:
    found = result["ratios"].get(name)
    if found is None:
        return ""
    return f"{found['median']:.3f} ({min(found['rounds']):.3f} – {max(found['rounds']):.3f})"


def _scale(result: dict[str, Any]) -> str:
    sizes, latency = result["shoppers"], result["latency"]
    rows = [
        f"| {sizes[name]:,} | {latency[name]['requests_per_second']:,} | {latency[name]['p50_ms']} | {latency[name]['p99_ms']} |"
        for name in ("small", "large")
    ]
    return (
        f"{_machine(result['machine'])} {result['candidates_each']} candidates each, {result['snapshot_gigabytes']} GB of "
        "snapshot for the larger shop. Both are asked in turns at the same steady rate, by shoppers drawn from all.\n\n"
        "| shoppers | requests a second | p50 ms | p99 ms |\n|---|---|---|---|\n"
        + "\n".join(rows)
        + f"\n\nThe larger shop's p50 is {result['p50_ratio']['median']:.2f} times the smaller one's. From the "
        f"start of a server to its first answer it takes {result['ready_seconds']['small']} seconds with the smaller shop "
        f"and {result['ready_seconds']['large']} with the larger one. A further worker has "
        f"{result['private_mb_of_a_further_worker']} MB of its own; the rest is mapped and shared.\n"
    )


def _machine(machine: dict[str, Any]) -> str:
    return (
        f"Measured on {machine['cores']} cores ({machine['system']}) with Python {machine['python']}, uvloop "
        f"{machine['uvloop']}, nginx {machine['nginx']}, Redis {machine['redis-server']}, FastAPI {machine['fastapi']}; "
        f"other load on the machine before the run: {machine['load_before']}."
    )
