"""Outside ids and the contiguous rows or columns that stand for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class IdMap:
    """Outside ids, sorted byte for byte, each standing at its index.

    `ids`: the ids, unique and sorted (code point order, which is the order of their UTF-8 bytes).
    """

    ids: tuple[str, ...]
    _index: dict[str, int] = field(repr=False)

    @classmethod
    def of(cls, ids: Iterable[str]) -> IdMap:
        """Map of the distinct `ids`, whatever their order."""
        ordered = tuple(sorted(set(ids)))
        return cls(ordered, {outside: row for row, outside in enumerate(ordered)})

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, outside: object) -> bool:
        return outside in self._index

    def __getitem__(self, index: int) -> str:
        return self.ids[index]

    def index(self, outside: str) -> int:
        """Index of one id, -1 when it is unknown."""
        return self._index.get(outside, -1)

    def to_index(self, ids: Sequence[str]) -> NDArray[np.int32]:
        """Indices of `ids`: int32 [len(ids)], -1 where an id is unknown."""
        return np.fromiter((self._index.get(outside, -1) for outside in ids), np.int32, len(ids))

    def to_ids(self, indices: Iterable[int]) -> list[str]:
        """Outside ids of `indices`, in their order; indices are 0 … len - 1."""
        return [self.ids[index] for index in indices]
