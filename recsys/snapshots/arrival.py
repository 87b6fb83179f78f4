"""Opening a snapshot for serving: one whose files changed since they were verified is verified again first.

The stamp of `verify` says that a manifest was checked. Beside it stand the size and the time of last change of every
file as they were then, so that whoever maps the snapshot sees with a few looks at the folder, and without reading the
arrays, whether anything was cut off, written over or put back since. What a disk changes without a write is found by
`verify` alone.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from recsys.snapshots.errors import SnapshotDamaged, SnapshotUnusable, SnapshotUnverified
from recsys.snapshots.fetching import Fetcher
from recsys.snapshots.layout import STAMP
from recsys.snapshots.mapped import Snapshot
from recsys.snapshots.verify import Looks, looks_of, verified_looks, verify

_LOCK = ".verifying"


def changed(folder: Path) -> bool:
    """Whether a file of a stamped snapshot changed since; snapshots that older versions verified don't tell."""
    noted = verified_looks(folder)
    return noted is not None and noted != looks_of(folder)


@dataclass(slots=True)
class Arrivals:
    """Opens snapshots for one process.

    `in_background`: verify on a thread of its own, which may take minutes, and meanwhile tell `SnapshotUnverified`;
    else in the call. `fetcher` gets what this machine has not, or has only damaged, from where machines share snapshots.
    """

    in_background: bool = False
    fetcher: Fetcher | None = None
    _refused: dict[Path, tuple[Looks, SnapshotUnusable]] = field(default_factory=dict)
    _thread: threading.Thread | None = None

    def open(self, folder: Path) -> Snapshot:
        """Map a snapshot that is whole.

        Raises:
            SnapshotDamaged: for one that is not. The same files are not read again to find that out.
            SnapshotUnverified: while it is being verified.
        """
        looks, refused = looks_of(folder), self._refused.get(folder)
        if refused is not None and refused[0] == looks:
            raise refused[1]
        if (folder / STAMP).exists() and not changed(folder):
            return self._mapped(folder, looks)
        if self.fetcher is not None:
            self.fetcher.check(folder)
        if not self.in_background:
            self._verify(folder, looks)
            return self.open(folder)
        self._begin(folder, looks)
        raise SnapshotUnverified(f"The snapshot {folder} has changed or is new here, and is being verified.")

    def prepare(self, folder: Path) -> None:
        """Fetch in the background what will perhaps be opened, so that it is there by then; nothing else waits for it."""
        if self.fetcher is None or not self.in_background or (folder / STAMP).exists():
            return
        with suppress(SnapshotUnusable):
            self.fetcher.check(folder)
            self._begin(folder, looks_of(folder))

    def _begin(self, folder: Path, looks: Looks) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(
                target=self._verify_quietly, args=(folder, looks), name="recsys-verify", daemon=True
            )
            self._thread.start()

    def _mapped(self, folder: Path, looks: Looks) -> Snapshot:
        try:
            return Snapshot.open(folder)
        except SnapshotDamaged as fault:
            self._refused[folder] = (looks, fault)
            raise

    def _verify(self, folder: Path, looks: Looks) -> None:
        if self.fetcher is not None and not (folder / STAMP).exists():
            # What is wrong with it the fetcher remembers, for as long as it does not try again.
            self.fetcher(folder)
            return
        try:
            with _one_at_a_time(folder):
                if changed(folder) or not (folder / STAMP).exists():
                    verify(folder)
        except SnapshotUnusable as fault:
            # One that can be fetched again is: without its stamp it counts as not there.
            if self.fetcher is None:
                self._refused[folder] = (looks, fault)
            raise
        except OSError as error:
            raise SnapshotDamaged(str(folder), f"it cannot be verified ({error})") from error

    def _verify_quietly(self, folder: Path, looks: Looks) -> None:
        """What came of it, the next call to `open` tells."""
        try:
            self._verify(folder, looks)
        except SnapshotUnusable as fault:
            if self.fetcher is None:
                self._refused[folder] = (looks, fault)


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Of several workers one reads everything; the others find its stamp."""
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
