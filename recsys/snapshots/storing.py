"""Snapshots in a store that several machines share: put by a run, got by replicas, pruned by policy.

The shards of a snapshot are its array files. They are put first and the manifest last, so that a snapshot without
manifest does not exist; it goes in the opposite order. What is got lies under a hidden name until it is verified.
"""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from recsys.domain.errors import Conflict, RecsysError
from recsys.object_store import ObjectStore
from recsys.snapshots.errors import SnapshotDamaged
from recsys.snapshots.layout import MANIFEST, SPECS, STAMP, array_path, read_manifest
from recsys.snapshots.verify import verify
from recsys.snapshots.write import write_durably

FETCHED: Final = ".fetched"
"""Marks a folder that was got from the store, and can be got again."""

DAMAGED: Final = 3
"""Exit code of a fetch that found the snapshot in the store damaged; 1 for all else that goes wrong."""

_BELOW = "snapshots"
_AT_ONCE = 4


def put(store: ObjectStore, folder: Path) -> None:
    """Put a snapshot, named as its folder.

    Raises:
        Conflict: when the store has a snapshot of that name.
    """
    manifest, _ = read_manifest(folder)
    name = f"{_BELOW}/{folder.name}"
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        paths = [array_path(folder, each) for each in manifest.arrays]
        # Taking what comes of each raises what went wrong.
        list(threads.map(lambda path: store.upload(path, f"{name}/{path.name}"), paths))
    try:
        store.create(f"{name}/{MANIFEST}", (folder / MANIFEST).read_bytes())
    except FileExistsError:
        raise Conflict(
            f"{store.url} has a snapshot “{folder.name}” already; give the run a new id."
        ) from None


def fetch(store: ObjectStore, folder: Path) -> None:
    """Get the snapshot named as `folder`, verify it, and give it that name; the folder must not hold another.

    Of several processes of a machine one fetches, and the others find what it left.

    Raises:
        SnapshotDamaged: when a shard is missing, truncated or altered; nothing is left then.
        Unavailable: when the store does not answer.
    """
    draft = folder.with_name(f".{folder.name}.fetching")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if (folder / STAMP).exists():
            return
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        try:
            _fill(store, folder.name, draft)
            verify(draft)
            write_durably(draft / FETCHED, store.url.encode())
            shutil.rmtree(folder, ignore_errors=True)
            draft.rename(folder)
        except SnapshotDamaged as fault:
            raise SnapshotDamaged(f"{store.url}/{_BELOW}/{folder.name}", fault.fault) from fault
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def stored(store: ObjectStore) -> set[str]:
    """Names of the snapshots of which the store has any file."""
    return {name.split("/")[1] for name in store.names(_BELOW) if name.count("/") > 1}


def discard(store: ObjectStore, name: str) -> None:
    """Remove a snapshot from the store, its manifest first."""
    names = store.names(f"{_BELOW}/{name}")
    store.delete(sorted(names, key=lambda each: not each.endswith(f"/{MANIFEST}")))


def _fill(store: ObjectStore, name: str, draft: Path) -> None:
    try:
        (draft / MANIFEST).write_bytes(store.read(f"{_BELOW}/{name}/{MANIFEST}"))
    except FileNotFoundError:
        raise SnapshotDamaged(str(draft), f"{MANIFEST} is missing") from None
    manifest, _ = read_manifest(draft)
    # A name that no format knows is left for `verify` to complain of, and is no path into other folders.
    paths = [array_path(draft, each) for each in manifest.arrays.keys() & SPECS.keys()]

    def get(path: Path) -> None:
        try:
            store.download(f"{_BELOW}/{name}/{path.name}", path)
        except FileNotFoundError:
            raise SnapshotDamaged(str(draft), f"{path.name} is missing") from None

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(get, paths))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with folder.with_name(f".{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(arguments: list[str]) -> int:
    """`python -m recsys.snapshots.storing STORE FOLDER`: fetch; a fault is one line on stderr."""
    try:
        fetch(ObjectStore(arguments[0]), Path(arguments[1]))
    except SnapshotDamaged as fault:
        print(fault.fault, file=sys.stderr)  # noqa: T201 - the answer to the process that started this one
        return DAMAGED
    except RecsysError as fault:
        print(fault, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
