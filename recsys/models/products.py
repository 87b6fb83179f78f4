"""The best k dot products of vectors, without ever holding all of them: matrix products into buffers that are used again."""

from __future__ import annotations

from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.models.topk import MEMORY_BUDGET, NOTHING, Ranked, nothing, share_out, top_k, worth

ROWS_AT_A_TIME = 256
"""Rows of a block: with fewer a matrix product spends its time on fetching the items' vectors."""

COLUMNS_AT_A_TIME = MEMORY_BUDGET // (4 * ROWS_AT_A_TIME)
"""Items of a block: its float32 scores fill the memory budget of a core."""

Floats = NDArray[np.float32]


def top_products(
    left: Floats,
    right: Floats,
    k: int,
    exclude: csr_matrix | None = None,
    *,
    unknown: NDArray[np.bool_] | None = None,
    workers: int | None = None,
) -> Ranked:
    """Find the best k of `left @ right.T` in every row; as `topk.top_k`, and the same for any number of workers.

    Args:
        left: float32 [n, factors]; a row of zeros stands for a shopper of whom nothing is known, and gets no items.
        right: float32 [n_items, factors].
        k: at least 1.
        exclude: [n, n_items]; whatever is stored in it is never taken.
        unknown: bool [n_items], items that are never taken; None for none.
        workers: threads; None takes one a core where there is enough to do.

    """
    n, n_items = len(left), len(right)
    items, best = nothing(n, k)
    if not n or not n_items:
        return items, best
    pieces = [slice(start, min(n, start + ROWS_AT_A_TIME)) for start in range(0, n, ROWS_AT_A_TIME)]
    together = min(len(pieces), workers or worth(n * n_items))
    size = min(n, ROWS_AT_A_TIME) * min(n_items, COLUMNS_AT_A_TIME)
    buffers: SimpleQueue[Floats] = SimpleQueue()
    for _ in range(together):
        buffers.put(np.empty(size, np.float32))

    def one(rows: slice) -> None:
        buffer = buffers.get()
        without = None if exclude is None else exclude[rows]
        try:
            items[rows], best[rows] = _ranked(left[rows], right, k, without, unknown, buffer)
        finally:
            buffers.put(buffer)

    share_out(one, pieces, together)
    return items, best


def _ranked(
    left: Floats,
    right: Floats,
    k: int,
    exclude: csr_matrix | None,
    unknown: NDArray[np.bool_] | None,
    buffer: Floats,
) -> Ranked:
    """Rank a block of rows, some items at a time, where there are too many for the buffer."""
    nobody = ~left.any(axis=1)
    items, best = np.full((len(left), 0), -1, np.int32), np.full((len(left), 0), NOTHING, np.float32)
    for start in range(0, len(right), COLUMNS_AT_A_TIME):
        part = slice(start, min(len(right), start + COLUMNS_AT_A_TIME))
        scores = buffer[: len(left) * (part.stop - start)].reshape(len(left), -1)
        np.matmul(left, right[part].T, out=scores)
        scores[nobody] = NOTHING
        if unknown is not None and unknown[part].any():
            scores[:, unknown[part]] = NOTHING
        whole = part.stop - start == len(right)
        without = exclude if exclude is None or whole else exclude[:, part]
        found, values = top_k(scores, k, without)
        items = np.concatenate((items, np.where(found >= 0, found + np.int32(start), found)), axis=1)
        best = np.concatenate((best, values), axis=1)
        items, best = _cut(items, best, k)
    return items, best


def _cut(items: NDArray[np.int32], best: Floats, k: int) -> Ranked:
    """Keep the best k of two lists end to end; of equal scores the first, which is the lower item."""
    if items.shape[1] <= k:
        return items, best
    place, values = top_k(best, k)
    return np.where(place >= 0, np.take_along_axis(items, np.maximum(place, 0), axis=1), np.int32(-1)), values
