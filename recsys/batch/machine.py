"""Where figures were measured: machine, versions and memory, without naming the host."""

from __future__ import annotations

import os
import platform
import resource
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

PARTS = ("recsys", "numpy", "scipy", "implicit", "pyarrow")


def machine() -> dict[str, Any]:
    """System, number of cores and, where the system tells, memory in GiB."""
    described: dict[str, Any] = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
    }
    if "SC_PHYS_PAGES" in os.sysconf_names:
        described["memory_gib"] = round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1)
    return described


def versions() -> dict[str, str]:
    """Versions of Python and of the parts that decide what comes out."""
    return {"python": platform.python_version()} | {part: version(part) for part in PARTS}


def peak_memory_mib() -> float:
    """Largest resident size of this process so far, in MiB.

    Linux hands getrusage's figure down from the process that started this one, so its own account is read where it is.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 2**10, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes everywhere but on macOS, which counts bytes.
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)
