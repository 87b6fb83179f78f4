"""How a process that serves gets a snapshot that its machine has not: by a process of its own.

Gigabytes are then received, hashed and looked through beside the answers and not between them, the worker does not grow
by what talks to S3, and a storage that hangs can be given up.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from recsys.snapshots.errors import SnapshotDamaged, SnapshotUnfetched, SnapshotUnusable
from recsys.snapshots.storing import DAMAGED, FETCHED

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 30.0
_PATIENCE_SECONDS = 6 * 3600


@dataclass(slots=True)
class Fetcher:
    """Fetches from the store `url`; what failed is tried again after a pause that grows from 1 to 30 seconds."""

    url: str
    clock: Callable[[], float] = monotonic
    _failed: dict[Path, tuple[float, float, SnapshotUnusable]] = field(default_factory=dict)

    def __call__(self, folder: Path) -> None:
        """Fetch the snapshot named as the folder.

        Raises:
            SnapshotDamaged: what the store has is not whole.
            SnapshotUnfetched: it cannot be reached.
        """
        self.check(folder)
        try:
            self._fetch(folder)
        except SnapshotUnusable as fault:
            pause = (
                min(2 * self._failed[folder][1], _LONGEST_PAUSE) if folder in self._failed else _FIRST_PAUSE
            )
            self._failed[folder] = (self.clock() + pause, pause, fault)
            raise
        self._failed.pop(folder, None)

    def check(self, folder: Path) -> None:
        """Raise what the last try raised, while its pause lasts."""
        until, _, fault = self._failed.get(folder, (0.0, 0.0, None))
        if fault is not None and self.clock() < until:
            raise fault

    def forget(self, snapshots: Path, keep: Collection[str]) -> None:
        """Remove what was fetched and is held no more; who has it mapped keeps it until letting go."""
        for mark in snapshots.glob(f"*/{FETCHED}"):
            if mark.parent.name not in keep:
                shutil.rmtree(mark.parent, ignore_errors=True)

    def _fetch(self, folder: Path) -> None:
        command = [sys.executable, "-m", "recsys.snapshots.storing", self.url, str(folder)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SnapshotUnfetched(f"The snapshot {folder.name} cannot be fetched ({error}).") from error
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        if done.returncode == DAMAGED:
            raise SnapshotDamaged(f"{self.url}/snapshots/{folder.name}", said)
        if done.returncode:
            raise SnapshotUnfetched(f"The snapshot {folder.name} cannot be fetched: {said}")
