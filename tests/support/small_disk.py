"""A disk that can be full: a small file system of its own where this process may mount one, else a limit on files."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from support.endpoint import Endpoint

SIZE = 8 * 1024 * 1024
_PIECE = 4096


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Make the folder a disk of `SIZE` bytes until the block ends; False where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and not _run(
        "mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)
    )
    try:
        yield mounted
    finally:
        if mounted:
            _run("umount", "-l", str(folder))


@contextmanager
def full(folder: Path, endpoint: Endpoint, *, mounted: bool, left: int) -> Iterator[None]:
    """Until the block ends only `left` bytes are free on the disk; without one, workers can write no file at all."""
    if mounted:
        filler = folder / "filler"
        _fill(filler, left)
        try:
            yield
        finally:
            filler.unlink()
        return
    # Whatever they write, the log too, fails as if the disk were full.
    workers = [child.pid for child in psutil.Process(endpoint.process.pid).children()]
    _limit(workers, 0)
    try:
        yield
    finally:
        _limit(workers, resource.RLIM_INFINITY)


def _fill(filler: Path, left: int) -> None:
    status = os.statvfs(filler.parent)
    with filler.open("wb") as file, suppress(OSError):
        for _ in range((status.f_bavail * status.f_frsize - left) // _PIECE):
            file.write(bytes(_PIECE))
            file.flush()


def _limit(pids: list[int], size: int) -> None:
    for pid in pids:
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size == resource.RLIM_INFINITY else size, hard))


def _run(*command: str) -> int:
    return subprocess.run(command, capture_output=True, check=False).returncode
