"""Verifying a snapshot once, on arrival: checksums, types, shapes, offsets, ranges and orders.

What passes leaves a stamp in the folder; whoever maps the snapshot later only compares the stamp.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from recsys.snapshots.errors import SnapshotDamaged
from recsys.snapshots.layout import (
    FOLD,
    KINDS,
    MANIFEST,
    MAX_CANDIDATES,
    MAX_NEIGHBOURS,
    MAX_POPULAR,
    MAX_REPEATS,
    SPECS,
    STAMP,
    TRENDING,
    Manifest,
    NeighbourKind,
    Stamp,
    array_path,
    arrays_of,
    file_sha256,
    read_manifest,
)
from recsys.snapshots.write import write_durably

Arrays = dict[str, NDArray[Any]]

Looks = dict[str, tuple[int, int]]
_LOOKS = ".verified-files.json"

BLOCK = 4_000_000
"""Values looked at together, so that a large snapshot needs little memory."""


def verify(folder: Path) -> Stamp:
    """Check everything about a snapshot and leave the stamp.

    Raises `SnapshotDamaged` with the first fault found; then no stamp is left, and an older one is taken away. Until
    then an older one stays, for those who serve the snapshot meanwhile.
    """
    try:
        looks, digest = looks_of(folder), _checked(folder)
    except Exception:
        (folder / STAMP).unlink(missing_ok=True)
        raise
    # First what the stamp is good for: a stamp without it is believed whatever became of the files.
    write_durably(folder / _LOOKS, msgspec.json.encode(looks))
    stamp = Stamp(digest)
    write_durably(folder / STAMP, msgspec.json.encode(stamp))
    return stamp


def looks_of(folder: Path) -> Looks:
    """Size in bytes and time of last change (nanoseconds since 1970) of the manifest and every array, by name."""
    found: Looks = {}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if path.suffix == ".npy" or path.name == MANIFEST:
                with suppress(FileNotFoundError):
                    status = path.stat()
                    found[path.name] = (status.st_size, status.st_mtime_ns)
    return found


def verified_looks(folder: Path) -> Looks | None:
    """What `looks_of` gave when the snapshot was verified; None where that was done by a version that noted nothing."""
    try:
        return msgspec.json.decode((folder / _LOOKS).read_bytes(), type=Looks)
    except (OSError, msgspec.DecodeError):
        return None


def _checked(folder: Path) -> str:
    """The SHA-256 of the manifest, once everything about the snapshot is found to be right."""
    manifest, digest = read_manifest(folder)
    try:
        _check_files(folder, manifest)
        arrays = {name: _open_checked(folder, manifest, name) for name in arrays_of(manifest)}
        _check_items(arrays)
        _check_shoppers(arrays, manifest)
        _check_lists(arrays, manifest)
        for name in ("shopper_vectors", "item_vectors"):
            _all_numbers(arrays, name)
    except ValueError as fault:
        raise SnapshotDamaged(str(folder), str(fault)) from fault
    return digest


def _check_files(folder: Path, manifest: Manifest) -> None:
    names = set(arrays_of(manifest))
    expected = {array_path(folder, name).name for name in names} | {MANIFEST}
    there = {path.name for path in folder.iterdir() if not path.name.startswith(".")} - {STAMP}
    if missing := sorted(expected - there):
        raise ValueError(f"{missing[0]} is missing")
    if surplus := sorted(there - expected):
        raise ValueError(f"{surplus[0]} does not belong there")
    if set(manifest.arrays) != names:
        raise ValueError("the manifest does not list the arrays of this format")
    for name, entry in manifest.arrays.items():
        path = array_path(folder, name)
        if path.stat().st_size != entry.bytes or file_sha256(path) != entry.sha256:
            raise ValueError(f"{path.name} differs from its checksum")


def _open_checked(folder: Path, manifest: Manifest, name: str) -> NDArray[Any]:
    mapped = np.load(array_path(folder, name), mmap_mode="r", allow_pickle=False)
    array = np.asarray(mapped.view(np.ndarray))
    spec = SPECS[name]
    width = {0: (), -1: (manifest.vectors.factors,)}.get(spec.width, (spec.width,))
    rows = manifest.count(spec.rows)
    shape = (len(array) if rows is None and array.ndim else rows, *width)
    if array.dtype != np.dtype(spec.dtype) or array.shape != shape:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, not {np.dtype(spec.dtype)} {shape}")
    return array


def _all(array: NDArray[Any], holds: Any, fault: str) -> None:
    step = max(1, BLOCK // max(1, array[:1].size))
    for start in range(0, len(array), step):
        if not holds(array[start : start + step]):
            raise ValueError(fault)


def _check_offsets(name: str, indptr: NDArray[Any], length: int, most: int | None = None) -> None:
    lengths = np.diff(indptr)
    if not len(indptr) or indptr[0] != 0 or indptr[-1] != length or (lengths < 0).any():
        raise ValueError(f"the offsets of {name} do not fit its values")
    if most is not None and len(lengths) and lengths.max() > most:
        raise ValueError(f"{name} holds a list of more than {most}")


def _check_indices(name: str, items: NDArray[Any], n: int, lowest: int = 0) -> None:
    _all(
        items, lambda block: bool(((block >= lowest) & (block < n)).all()), f"{name} points outside the items"
    )


def _check_items(arrays: Arrays) -> None:
    offsets = arrays["item_offsets"]
    _check_offsets("item_offsets", offsets, len(arrays["item_bytes"]))
    raw = arrays["item_bytes"].tobytes()
    ids = [raw[start:end] for start, end in pairwise(offsets.tolist())]
    if any(first >= second for first, second in pairwise(ids)):
        raise ValueError("the item ids are not sorted and unique")
    # A decoding error is a ValueError and is reported like the other faults.
    raw.decode()


def _check_shoppers(arrays: Arrays, manifest: Manifest) -> None:
    high, low = arrays["shopper_high"], arrays["shopper_low"]
    ascending = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    if not ascending.all():
        raise ValueError("the shoppers' hashes are not sorted and unique")
    market = arrays["shopper_market"]
    if ((market < -1) | (market >= len(manifest.markets))).any():
        raise ValueError("shopper_market points outside the markets")
    _check_offsets("owned", arrays["owned_indptr"], len(arrays["owned_items"]))
    _check_indices("owned_items", arrays["owned_items"], manifest.n_items)


def _check_lists(arrays: Arrays, manifest: Manifest) -> None:
    n = manifest.n_items
    longest = {
        "candidates": MAX_CANDIDATES,
        "repeats": MAX_REPEATS,
        "neighbours": MAX_NEIGHBOURS,
        "popular": None,
    }
    if f"{TRENDING}_items" in arrays:
        longest[TRENDING] = MAX_POPULAR
    for name, most in longest.items():
        indptr, items, scores = (arrays[f"{name}_{part}"] for part in ("indptr", "items", "scores"))
        _check_offsets(name, indptr, len(items), most)
        _check_indices(f"{name}_items", items, n)
        if len(scores) != len(items):
            raise ValueError(f"{name}_scores and {name}_items differ in length")
        _all(scores, _is_score, f"{name}_scores holds a score outside (0, 1)")
        if not _best_first(indptr, scores):
            raise ValueError(f"{name}_scores is not best first")
    for name in ("candidates", "repeats"):
        _check_reasons(arrays, name, n)
    if KINDS in arrays:
        _check_kinds(arrays)
    if f"{FOLD}_items" in arrays:
        _check_fold(arrays, n)


def _check_kinds(arrays: Arrays) -> None:
    kinds = arrays[KINDS]
    if len(kinds) != len(arrays["neighbours_items"]):
        raise ValueError(f"{KINDS} and neighbours_items differ in length")
    known = [each.value for each in NeighbourKind]
    _all(kinds, lambda block: bool(np.isin(block, known).all()), f"{KINDS} holds an unknown kind")


def _check_fold(arrays: Arrays, n_items: int) -> None:
    items, scores = arrays["fold_items"], arrays["fold_scores"]
    _check_offsets(FOLD, arrays["fold_indptr"], len(items))
    _check_indices("fold_items", items, n_items)
    if len(scores) != len(items):
        raise ValueError("fold_scores and fold_items differ in length")
    for name in ("fold_scores", "fold_gram"):
        _all_numbers(arrays, name)


def _all_numbers(arrays: Arrays, name: str) -> None:
    _all(
        arrays[name], lambda block: bool(np.isfinite(block).all()), f"{name} holds a value that is no number"
    )


def _check_reasons(arrays: Arrays, name: str, n_items: int) -> None:
    because, shares = arrays[f"{name}_because"], arrays[f"{name}_shares"]
    if not len(because) == len(shares) == len(arrays[f"{name}_items"]):
        raise ValueError(f"the reasons of {name} differ in length from its items")
    _check_indices(f"{name}_because", because, n_items, -1)
    _all(shares, lambda block: bool(((block >= 0) & (block <= 1)).all()), f"{name}_shares leaves 0 to 1")


def _is_score(block: NDArray[Any]) -> bool:
    return bool(((block > 0) & (block < 1)).all())


def _best_first(indptr: NDArray[Any], scores: NDArray[Any]) -> bool:
    rises = np.flatnonzero(scores[1:] > scores[:-1]) + 1
    # A score may only rise where a new list begins.
    return bool(np.isin(rises, indptr).all())
