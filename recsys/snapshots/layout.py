"""What a snapshot's folder holds: the arrays by name, their types and shapes, and the manifest.

Every array is one ``.npy`` file. Lists of different lengths are kept as in a CSR matrix: ``<list>_indptr`` holds the
offsets, and the values of row i stand at ``indptr[i]:indptr[i + 1]``. Shopper rows are in the order of their hashed ids.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import msgspec

from recsys.snapshots.errors import SnapshotDamaged

FORMAT: Final = 3
"""Raised whenever an older reader could misread a newer folder. What is written has this one."""

READABLE: Final = (1, 2, 3)
"""Formats that still read, so that a home goes on serving after an upgrade.

1 had no `neighbours_kinds`, 1 and 2 had none of the `OPTIONAL` arrays.
"""

MANIFEST: Final = "manifest.json"
STAMP: Final = "verified.json"

MAX_CANDIDATES: Final = 200
MAX_REPEATS: Final = 50
MAX_NEIGHBOURS: Final = 100
MAX_POPULAR: Final = 1_000
CONTRIBUTORS: Final = 2


class NeighbourKind(IntEnum):
    """Why an item stands beside another: by the same shoppers, in the same orders, or alike in tags and title."""

    BOUGHT = 0
    TOGETHER = 1
    SIMILAR = 2


KINDS: Final = "neighbours_kinds"


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """Type and shape of one array.

    Attributes:
        dtype: numpy's name for the type, little-endian.
        rows: what the first axis counts: ``shoppers``, ``items``, ``places``, ``factors``, ``lists`` (free), or with ``+1`` for offsets.
        width: length of the second axis; 0 for a one-dimensional array, -1 for the number of dimensions of vectors.

    """

    dtype: str
    rows: str
    width: int = 0


def _lists(name: str, rows: str, *, reasons: bool = False) -> dict[str, ArraySpec]:
    parts = {
        f"{name}_indptr": ArraySpec("<i8", f"{rows}+1"),
        f"{name}_items": ArraySpec("<i4", "lists"),
        f"{name}_scores": ArraySpec("<f4", "lists"),
    }
    if reasons:
        parts[f"{name}_because"] = ArraySpec("<i4", "lists", CONTRIBUTORS)
        parts[f"{name}_shares"] = ArraySpec("<f4", "lists", CONTRIBUTORS)
    return parts


ARRAYS: Final[dict[str, ArraySpec]] = {
    "item_bytes": ArraySpec("|u1", "lists"),
    "item_offsets": ArraySpec("<i8", "items+1"),
    "shopper_high": ArraySpec("<u8", "shoppers"),
    "shopper_low": ArraySpec("<u8", "shoppers"),
    "shopper_market": ArraySpec("<i2", "shoppers"),
    "owned_indptr": ArraySpec("<i8", "shoppers+1"),
    "owned_items": ArraySpec("<i4", "lists"),
    **_lists("candidates", "shoppers", reasons=True),
    **_lists("repeats", "shoppers", reasons=True),
    **_lists("neighbours", "items"),
    # One of `NeighbourKind` beside every neighbour.
    KINDS: ArraySpec("|i1", "lists"),
    # Row 0 is the whole shop, row m + 1 the market m.
    **_lists("popular", "places"),
    "shopper_vectors": ArraySpec("<f4", "shoppers", -1),
    "item_vectors": ArraySpec("<f4", "items", -1),
}
"""Every array that a snapshot must have."""

TRENDING: Final = "trending"
FOLD: Final = "fold"
SOLD: Final = "sold_weeks"
SOLD_WEEKS: Final = 4

OPTIONAL: Final[dict[str, dict[str, ArraySpec]]] = {
    # As `popular`: what sells now, against what the time before let expect.
    TRENDING: _lists(TRENDING, "places"),
    # What each item says of its owner's taste, in the winning model's own units; and Y'Y of the item vectors.
    FOLD: _lists(FOLD, "items") | {"fold_gram": ArraySpec("<f8", "factors", -1)},
    # Units sold of each item in the weeks before the cut-off, the latest first.
    SOLD: {SOLD: ArraySpec("<i4", "items", SOLD_WEEKS)},
}
"""Groups of arrays that a snapshot may have, each whole or not at all.

Nothing else may be in the folder but the manifest and the stamp.
"""

SPECS: Final[dict[str, ArraySpec]] = ARRAYS | {k: v for group in OPTIONAL.values() for k, v in group.items()}
"""Every array by its name."""


class ArrayEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One array as the manifest records it: type, shape, and the file's length in bytes and SHA-256."""

    dtype: str
    shape: tuple[int, ...]
    bytes: int
    sha256: str


class VectorSpace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the vectors were made; `alpha` and `regularization` let a new shopper be folded in."""

    factors: int
    alpha: float
    regularization: float


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the folder claims to be.

    Times are RFC 3339 in UTC; `identity` is the fingerprint of the key that hashed the shoppers' ids, not the key.
    """

    format: int
    run_id: str
    model: str
    created_at: str
    cutoff: str | None
    n_shoppers: int
    n_items: int
    markets: tuple[str, ...]
    identity: str
    vectors: VectorSpace
    arrays: dict[str, ArrayEntry]

    def count(self, rows: str) -> int | None:
        """Length of the first axis that `ArraySpec.rows` asks for; None where it is free."""
        counts = {
            "shoppers": self.n_shoppers,
            "items": self.n_items,
            "places": len(self.markets) + 1,
            "factors": self.vectors.factors,
        }
        name, plus, one = rows.partition("+")
        return counts[name] + (int(one) if plus else 0) if name in counts else None


def arrays_of(manifest: Manifest) -> dict[str, ArraySpec]:
    """Arrays that belong into a folder, by its format and by the optional groups that its manifest begins to list."""
    arrays = {name: spec for name, spec in ARRAYS.items() if manifest.format >= 2 or name != KINDS}
    for group in OPTIONAL.values() if manifest.format >= 3 else ():
        if not group.keys().isdisjoint(manifest.arrays):
            arrays |= group
    return arrays


class Stamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Says that `verify` found the folder whole; holds the SHA-256 of the manifest that it checked."""

    manifest_sha256: str


def array_path(folder: Path, name: str) -> Path:
    """File of an array."""
    return folder / f"{name}.npy"


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """Read the manifest; gives it with its SHA-256.

    Raises `SnapshotDamaged` where there is none, where it does not read, or where a newer version wrote it.
    """
    try:
        raw = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise SnapshotDamaged(str(folder), f"{MANIFEST} cannot be read ({error.strerror})") from error
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise SnapshotDamaged(str(folder), f"{MANIFEST} does not read: {error}") from error
    if manifest.format not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise SnapshotDamaged(str(folder), f"its format is {manifest.format}, this version reads {known}")
    return manifest, hashlib.sha256(raw).hexdigest()
