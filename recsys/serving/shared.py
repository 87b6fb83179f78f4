"""Memory that all workers of one server see: numbers, a share of them for each worker.

The server makes it before its workers are forked. It is no file, so that a full disk cannot touch it. A
worker claims its share by a lock that the system takes back when the process ends, however it ends;
whoever claims the share next goes on counting where it stood.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

MOST_WORKERS = 128
"""Twice the most that a server starts: while they are replaced, old and new ones live side by side."""

_DOUBLE = 8


class Shared:
    """`common` numbers for all, and `own` numbers a worker; every number is a double, at first 0."""

    def __init__(self, *, common: int, own: int) -> None:
        self._descriptor = _memory()
        size = _DOUBLE * (common + own * MOST_WORKERS)
        os.ftruncate(self._descriptor, size)
        self._numbers = memoryview(mmap.mmap(self._descriptor, size)).cast("d")
        self._own = own
        self._claimed: int | None = None
        self.common = self._numbers[:common]
        self._shares = self._numbers[common:]

    def claim(self) -> memoryview[float]:
        """The share of this process, from now until its end."""
        for worker in range(MOST_WORKERS):
            if self._lock(worker):
                self._claimed = worker
                return self._share(worker)
        raise RuntimeError(f"more than {MOST_WORKERS} workers share one memory")

    def all(self) -> Iterator[memoryview[float]]:
        """The shares of all workers that ever were."""
        return (self._share(worker) for worker in range(MOST_WORKERS))

    def living(self) -> Iterator[memoryview[float]]:
        """The shares of the workers that live."""
        for worker in range(MOST_WORKERS):
            if worker == self._claimed:
                yield self._share(worker)
            elif self._lock(worker):
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, worker)
            else:
                yield self._share(worker)

    def _share(self, worker: int) -> memoryview[float]:
        return self._shares[worker * self._own :][: self._own]

    def _lock(self, worker: int) -> bool:
        """Take the lock of a share unless another process has it; record locks belong to a process."""
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, worker)
        except OSError:
            return False
        return True


def _memory() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("recsys-workers")
    descriptor, path = tempfile.mkstemp()
    Path(path).unlink()
    return descriptor
