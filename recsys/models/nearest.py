"""The best of sparse rows: for item-to-item products that would not fit into memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.models.base import TopK
from recsys.models.topk import MEMORY_BUDGET, NOTHING

_BYTES_PER_STORED = 40
"""A stored product: its value, its column, and both again with their sorting order while the best are picked."""


def bounded_rows(most_stored: NDArray[np.integer], budget: int = MEMORY_BUDGET) -> Iterator[slice]:
    """Cut rows into slices whose sparse product stays within `budget` bytes (at least a row each).

    `most_stored` [n_rows] bounds how many values each row of the product holds.
    """
    room = max(1, budget // _BYTES_PER_STORED)
    ends = np.cumsum(most_stored, dtype=np.int64)
    start = 0
    while start < len(ends):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + room, side="right")))
        yield slice(start, stop)
        start = stop


def best_stored(scores: csr_matrix, k: int) -> TopK:
    """Find the k highest stored values of every row that are above 0; of equal ones the lower column comes first."""
    n = scores.shape[0]
    items = np.full((n, k), -1, np.int32)
    best = np.full((n, k), NOTHING, np.float32)
    kept = _candidates(scores, k)
    row = np.repeat(np.arange(n), np.diff(scores.indptr))[kept]
    column, value = scores.indices[kept], scores.data[kept]
    order = np.lexsort((column, -value, row))
    starts = np.searchsorted(row, np.arange(n))
    place = np.arange(len(row)) - starts[row]
    kept = place < k
    items[row[kept], place[kept]] = column[order][kept]
    best[row[kept], place[kept]] = value[order][kept]
    return TopK(items, best)


def _candidates(scores: csr_matrix, k: int) -> NDArray[np.bool_]:
    """Mark the positive values that are not below the k-th of their row: sorting what remains is much less work."""
    kept = scores.data > 0
    for row in np.flatnonzero(np.diff(scores.indptr) > 2 * k).tolist():
        here = slice(scores.indptr[row], scores.indptr[row + 1])
        values = scores.data[here]
        kept[here] &= values >= np.partition(values, len(values) - k)[len(values) - k]
    return kept
