"""A verified snapshot, memory-mapped: what serving reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from recsys.snapshots.errors import SnapshotDamaged, SnapshotUnverified, WrongIdentityKey
from recsys.snapshots.identity import HashTable, key_fingerprint
from recsys.snapshots.layout import (
    KINDS,
    SOLD,
    STAMP,
    Manifest,
    NeighbourKind,
    Stamp,
    VectorSpace,
    array_path,
    arrays_of,
    read_manifest,
)

Int32s = NDArray[np.int32]
Floats = NDArray[np.float32]


class Ranked(NamedTuple):
    """A shopper's list, best first.

    Attributes:
        items: int32 [n], indices into `Snapshot.item_ids`.
        scores: float32 [n], in (0, 1), descending.
        because: int32 [n, 2], the owned items that contributed most; -1 = nothing.
        shares: float32 [n, 2], what share of the score each contributed, (0, 1]; 0 where `because` is -1.

    """

    items: Int32s
    scores: Floats
    because: Int32s
    shares: Floats


class RankedLists(NamedTuple):
    """All shoppers' lists of one kind end to end, for readers of single values: memoryviews, which give plain numbers.

    Attributes:
        offsets: row i stands at `offsets[i]:offsets[i + 1]`.
        items, scores: one a place.
        because, shares: two a place, so that those of place p are at 2 p and 2 p + 1.

    """

    offsets: memoryview
    items: memoryview
    scores: memoryview
    because: memoryview
    shares: memoryview


class Neighbours(NamedTuple):
    """What stands beside an item, best first.

    Attributes:
        items: int32 [n], indices into `Snapshot.item_ids`.
        scores: float32 [n], in (0, 1), descending; below 0.0001 where the kind is `SIMILAR`.
        kinds: int8 [n], one of `layout.NeighbourKind` each.

    """

    items: Int32s
    scores: Floats
    kinds: NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One run's snapshot; all arrays are read-only views of the files. Rows are those given by `shopper`."""

    run_id: str
    model: str
    created_at: datetime
    cutoff: datetime | None
    item_ids: Sequence[str]
    item_index: Mapping[str, int]
    markets: Sequence[str]
    n_shoppers: int
    vector_space: VectorSpace
    item_vectors: Floats
    _identity: str
    _market_index: Mapping[str, int]
    _arrays: Mapping[str, NDArray[Any]]
    _offsets: Mapping[str, memoryview]
    _hashes: HashTable
    _markets: memoryview
    candidate_lists: RankedLists
    owned_items: memoryview

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """Map a snapshot that `verify` has stamped.

        Raises `SnapshotUnverified` without a stamp for exactly this manifest, `SnapshotDamaged` where a file is missing.
        """
        manifest, digest = read_manifest(folder)
        _check_stamp(folder, digest)
        try:
            arrays = {name: _map(array_path(folder, name)) for name in arrays_of(manifest)}
        except (OSError, ValueError) as error:
            raise SnapshotDamaged(str(folder), f"an array cannot be mapped ({error})") from error
        return cls.of(manifest, arrays)

    @classmethod
    def of(cls, manifest: Manifest, arrays: Mapping[str, NDArray[Any]]) -> Snapshot:
        """What a manifest and the arrays of `layout.ARRAYS` say."""
        raw, offsets = arrays["item_bytes"].tobytes(), arrays["item_offsets"].tolist()
        ids = tuple(raw[start:end].decode() for start, end in pairwise(offsets))
        return cls(
            run_id=manifest.run_id,
            model=manifest.model,
            created_at=datetime.fromisoformat(manifest.created_at),
            cutoff=datetime.fromisoformat(manifest.cutoff) if manifest.cutoff else None,
            item_ids=ids,
            item_index={item_id: index for index, item_id in enumerate(ids)},
            markets=manifest.markets,
            n_shoppers=manifest.n_shoppers,
            vector_space=manifest.vectors,
            item_vectors=arrays["item_vectors"],
            _identity=manifest.identity,
            _market_index={market: index for index, market in enumerate(manifest.markets)},
            _arrays=arrays,
            # A memoryview gives a plain integer in half the time of an array.
            _offsets={
                name: memoryview(array.data) for name, array in arrays.items() if name.endswith("_indptr")
            },
            _hashes=HashTable(arrays["shopper_high"], arrays["shopper_low"]),
            _markets=arrays["shopper_market"].data,
            candidate_lists=_ranked_lists(arrays, "candidates"),
            owned_items=arrays["owned_items"].data,
        )

    def check_key(self, key: bytes) -> None:
        """Raise `WrongIdentityKey` where the shoppers were hashed with another key: nobody would be found."""
        if key_fingerprint(key) != self._identity:
            raise WrongIdentityKey(
                f"The run {self.run_id} was trained under another RECSYS_SECRET_KEY, so its shoppers cannot be found; "
                "set the key that was used then, or train again."
            )

    def shopper(self, hashed: bytes) -> int | None:
        """Row of a shopper by `identity.shopper_hash(key, user_id)`; None for one unseen in training."""
        return self._hashes.find(hashed)

    def candidates(self, row: int) -> Ranked:
        """New items for a shopper, up to 200."""
        return self._ranked("candidates", row)

    def repeats(self, row: int) -> Ranked:
        """Items that the shopper bought before and is likely to buy again, up to 50."""
        return self._ranked("repeats", row)

    def owned(self, row: int) -> Int32s:
        """Items that the shopper has bought, ascending: int32 [n]."""
        return self._list("owned", "items", row)

    def owned_numbers(self, row: int) -> memoryview:
        """The same as `owned`, for readers of single values."""
        offsets = self._offsets["owned_indptr"]
        return self.owned_items[offsets[row] : offsets[row + 1]]

    def candidates_between(self, row: int) -> tuple[int, int]:
        """Where the candidates of a shopper stand in `everybodys_candidates`."""
        offsets = self.candidate_lists.offsets
        return offsets[row], offsets[row + 1]

    @property
    def everybodys_candidates(self) -> Ranked:
        """The candidates of all shoppers end to end; `because` and `shares` are flat, two for each candidate."""
        return Ranked(*(self._arrays[f"candidates_{part}"].reshape(-1) for part in Ranked._fields))

    @property
    def everybodys_owned(self) -> Int32s:
        """What all shoppers own, end to end."""
        return self._arrays["owned_items"]

    def starts(self, name: str) -> NDArray[np.int64]:
        """Where the lists of all shoppers begin among everybody's: int64 [n + 1]; `name` is candidates or owned."""
        return self._arrays[f"{name}_indptr"]

    def home_market(self, row: int) -> str | None:
        """Market that the shopper was last seen in."""
        market = self._markets[row]
        return self.markets[market] if market >= 0 else None

    def neighbours(self, item: int) -> Neighbours:
        """What stands beside `item`, best first, up to 100."""
        items, scores = self._list("neighbours", "items", item), self._list("neighbours", "scores", item)
        if KINDS in self._arrays:
            return Neighbours(items, scores, self._list("neighbours", "kinds", item))
        # Before there were kinds, all neighbours were of this one.
        return Neighbours(items, scores, np.full(len(items), NeighbourKind.BOUGHT, np.int8))

    def popular(self, market: str | None) -> tuple[Int32s, Floats]:
        """Items bought in a market (up to 1,000), or with None overall (all), most popular first, with scores in (0, 1).

        An unknown market gives empty arrays.
        """
        if market is not None and market not in self._market_index:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        row = 0 if market is None else self._market_index[market] + 1
        return self._list("popular", "items", row), self._list("popular", "scores", row)

    @property
    def folds(self) -> bool:
        """Whether the run wrote down what items say by themselves."""
        return "fold_indptr" in self._arrays

    def fold(self, item: int) -> tuple[Int32s, Floats]:
        """What having `item` says of other items, in the winner's own units, which may be negative; see `folds`."""
        return self._list("fold", "items", item), self._list("fold", "scores", item)

    @property
    def gram(self) -> NDArray[np.float64]:
        """Y'Y of `item_vectors`: float64 [d, d]; see `folds`."""
        return self._arrays["fold_gram"]

    def trending(self, market: str | None) -> tuple[Int32s, Floats]:
        """Items that sell more than the time before let expect, in a market or with None overall; as `popular`.

        Empty arrays for an unknown market, and where the run wrote none.
        """
        unknown = market is not None and market not in self._market_index
        if unknown or "trending_indptr" not in self._arrays:
            return np.empty(0, np.int32), np.empty(0, np.float32)
        row = 0 if market is None else self._market_index[market] + 1
        return self._list("trending", "items", row), self._list("trending", "scores", row)

    def sold(self, item_id: str) -> tuple[int, ...]:
        """Units sold in each of the weeks before `cutoff`, the latest first; empty where the run counted none."""
        item, counted = self.item_index.get(item_id), self._arrays.get(SOLD)
        return () if item is None or counted is None else tuple(counted[item].tolist())

    @property
    def shopper_vectors(self) -> Floats:
        """The vectors of all shoppers: float32 [n, d]; all zero for one that has none."""
        return self._arrays["shopper_vectors"]

    def shopper_vector(self, row: int) -> Floats | None:
        """Vector whose dot product with `item_vectors` orders any items for the shopper: float32 [d], or None."""
        vector: Floats = self._arrays["shopper_vectors"][row]
        return vector if vector.any() else None

    def _list(self, name: str, part: str, row: int) -> NDArray[Any]:
        offsets = self._offsets[f"{name}_indptr"]
        values: NDArray[Any] = self._arrays[f"{name}_{part}"][offsets[row] : offsets[row + 1]]
        return values

    def _ranked(self, name: str, row: int) -> Ranked:
        offsets, arrays = self._offsets[f"{name}_indptr"], self._arrays
        start, end = offsets[row], offsets[row + 1]
        return Ranked(
            arrays[f"{name}_items"][start:end],
            arrays[f"{name}_scores"][start:end],
            arrays[f"{name}_because"][start:end],
            arrays[f"{name}_shares"][start:end],
        )


def _ranked_lists(arrays: Mapping[str, NDArray[Any]], name: str) -> RankedLists:
    parts = (arrays[f"{name}_{part}"].reshape(-1).data for part in Ranked._fields)
    return RankedLists(arrays[f"{name}_indptr"].data, *parts)


def _check_stamp(folder: Path, digest: str) -> None:
    try:
        stamp = msgspec.json.decode((folder / STAMP).read_bytes(), type=Stamp)
    except (OSError, msgspec.DecodeError) as error:
        raise SnapshotUnverified(f"The snapshot {folder} has not been verified yet.") from error
    if stamp.manifest_sha256 != digest:
        raise SnapshotUnverified(f"The snapshot {folder} has changed since it was verified; verify it again.")


def _map(path: Path) -> NDArray[Any]:
    # The plain view keeps the mapping alive and slices faster than numpy's memmap class.
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray))
