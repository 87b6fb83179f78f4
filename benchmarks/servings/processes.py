"""Memory of worker processes, as Linux tells it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_FIGURE = re.compile(r"^(\w+):\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes of one process.

    `private_mb` is what it alone has and must keep; `mapped_mb` are pages of files that it has mapped and that the
    system may drop, shared or not.
    """

    private_mb: float
    mapped_mb: float


def memory_of(process: int) -> Memory:
    """The memory of a process by its number."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
    kilobytes = {name: int(value) for name, value in _FIGURE.findall(text)}
    private = kilobytes["Private_Dirty"] + kilobytes.get("SwapPss", 0)
    mapped = kilobytes["Rss"] - kilobytes["Anonymous"]
    return Memory(round(private / 1000, 1), round(mapped / 1000, 1))


def workers_of(port: int, count: int) -> list[int]:
    """The worker processes behind a port: the youngest processes that listen on it."""
    listing = subprocess.run(["ss", "-ltnpH", f"sport = :{port}"], capture_output=True, text=True, check=True)
    found = sorted({int(each) for each in re.findall(r"pid=(\d+)", listing.stdout)})
    return found[-count:]


def cpu_seconds(processes: Sequence[int]) -> float:
    """Processor time, user and system, that some processes and all below them have spent so far."""
    return sum(map(_cpu_of, {each for process in processes for each in _with_children(process)}))


def _with_children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    children = [int(each) for task in tasks for each in task.read_text(encoding="utf-8").split()]
    return [process, *(each for child in children for each in _with_children(child))]


def _cpu_of(process: int) -> float:
    figures = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(figures[11]) + int(figures[12])) / os.sysconf("SC_CLK_TCK")
