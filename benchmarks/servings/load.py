"""Load from wrk: as much as a server takes, or half of that, with a different shopper in every request."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servings.processes import cpu_seconds

_RESULT = re.compile(r"RESULT requests=(\d+) us=(\d+) errors=(\d+) p50=([\d.]+) p99=([\d.]+)")

_SCRIPT = """
local paths, sent, delays = {{}}, {{}}, {most_delay}
for line in io.lines("{paths}") do paths[#paths + 1] = line end
local place, threads = 0, 0
function setup(thread) thread:set("number", threads); threads = threads + 1 end
function init(args)
  for i, path in ipairs(paths) do sent[i] = wrk.format("GET", path, {{["X-API-Key"] = "{key}", ["Host"] = "shop"}}) end
  place = number * 977
  math.randomseed(42 + number)
end
function request() place = place % #sent + 1; return sent[place] end
{delay}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT requests=%d us=%d errors=%d p50=%.1f p99=%.1f\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
"""
_DELAY = "function delay() return math.random(0, delays) end"


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked: a port, a path a shopper, a key; and the processes that answer, with all below them."""

    name: str
    port: int
    paths: Sequence[str]
    key: str
    processes: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: requests a second, errors, latencies in milliseconds, processor time of the servers a request."""

    rate: float
    errors: int
    p50_ms: float
    p99_ms: float
    cpu_us: float


def wrk() -> str:
    """Where wrk is; leaves with what to install where it is not."""
    found = shutil.which("wrk")
    if found is None:
        sys.exit("wrk is missing: apt-get install wrk")
    return found


def full_load(target: Target, folder: Path, seconds: int, connections: int = 8) -> Measured:
    """As many requests as the server takes over some connections."""
    return _run(target, folder, seconds, connections, most_delay=0)


def half_load(target: Target, folder: Path, seconds: int, rate: float) -> Measured:
    """About `rate` requests a second, spread at random over 64 connections."""
    connections = 64
    # A connection waits half of the longest delay on average, and about a millisecond for the answer.
    delay = max(1, round(2 * (1000 * connections / rate - 1)))
    return _run(target, folder, seconds, connections, most_delay=delay)


def _run(target: Target, folder: Path, seconds: int, connections: int, *, most_delay: int) -> Measured:
    paths, script = folder / f"{target.name}.paths", folder / f"{target.name}.lua"
    paths.write_text("\n".join(target.paths) + "\n", encoding="utf-8")
    delay = _DELAY if most_delay else ""
    script.write_text(
        _SCRIPT.format(paths=paths, key=target.key, most_delay=most_delay, delay=delay), encoding="utf-8"
    )
    command = [wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    before = cpu_seconds(target.processes)
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{target.port}/"], capture_output=True, text=True, check=False
    )
    found = _RESULT.search(done.stdout)
    if found is None:
        sys.exit(f"wrk said nothing that can be read: {done.stdout}{done.stderr}")
    requests, micros, errors, p50, p99 = map(float, found.groups())
    spent = (cpu_seconds(target.processes) - before) / requests * 1e6
    return Measured(requests / micros * 1e6, int(errors), p50 / 1000, p99 / 1000, spent)
