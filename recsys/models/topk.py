"""The best k of many scores: pure, deterministic, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

NOTHING = -np.inf
"""Score of an item of which a model knows nothing for this shopper: it is never recommended."""

MEMORY_BUDGET = 64 * 2**20
"""Bytes that dense work over all items may take at a time."""

WORTH_THREADS = 100_000
"""Stored weights from which on learning with all cores beats the cost of keeping threads in step."""

_BYTES_PER_SCORE = 20
"""A score in float32, its index in int64 while partitioning, and a copy of both on the way."""


def threads(weights: csr_matrix) -> int:
    """Give implicit's number of threads for learning from a matrix: 0 means one a core. Results do not depend on it."""
    return 0 if weights.nnz >= WORTH_THREADS else 1


def blocks(n: int, n_items: int, budget: int = MEMORY_BUDGET) -> Iterator[slice]:
    """Cut n rows into slices whose dense scores over all items stay within `budget` bytes (at least a row each)."""
    size = max(1, budget // (_BYTES_PER_SCORE * max(1, n_items)))
    for start in range(0, n, size):
        yield slice(start, min(n, start + size))


def top_k(
    scores: NDArray[np.float32], k: int, exclude: csr_matrix | None = None
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Find the best k items of every row; of equal scores the lower item index comes first.

    Args:
        scores: float32 [n, n_items]; `NOTHING` is never taken. Not changed.
        k: at least 1.
        exclude: [n, n_items]; whatever is stored in it is never taken.

    Returns:
        items int32 [n, k] and scores float32 [n, k], best first; -1 and `NOTHING` where a row is exhausted.

    """
    n, n_items = scores.shape
    items = np.full((n, k), -1, np.int32)
    best = np.full((n, k), NOTHING, np.float32)
    width = min(k, n_items)
    if not n or not width:
        return items, best
    allowed = _without(scores, exclude)
    chosen = _best_columns(allowed, width)
    values = np.take_along_axis(allowed, chosen, axis=1)
    found = values > NOTHING
    items[:, :width] = np.where(found, chosen, -1)
    best[:, :width] = np.where(found, values, NOTHING)
    return items, best


def _without(scores: NDArray[np.float32], exclude: csr_matrix | None) -> NDArray[np.float32]:
    if exclude is None or not exclude.nnz:
        return scores
    allowed = scores.copy()
    rows = np.repeat(np.arange(len(scores)), np.diff(exclude.indptr))
    allowed[rows, exclude.indices] = NOTHING
    return allowed


def _best_columns(scores: NDArray[np.float32], width: int) -> NDArray[np.intp]:
    """Columns of the `width` highest scores a row, best first, ties by column: intp [n, width]."""
    n_items = scores.shape[1]
    if width == n_items:
        return np.argsort(-scores, axis=1, kind="stable")
    chosen = np.argpartition(scores, n_items - width, axis=1)[:, n_items - width :]
    chosen.sort(axis=1)
    values = np.take_along_axis(scores, chosen, axis=1)
    lowest = values.min(axis=1)
    # argpartition keeps any of several scores equal to the lowest one taken; only such rows need the exact way.
    level = (scores == lowest[:, None]).sum(axis=1) > (values == lowest[:, None]).sum(axis=1)
    level &= lowest > NOTHING
    for row in np.flatnonzero(level):
        above = np.flatnonzero(scores[row] > lowest[row])
        tied = np.flatnonzero(scores[row] == lowest[row])[: width - len(above)]
        chosen[row] = np.sort(np.concatenate((above, tied)))
    values = np.take_along_axis(scores, chosen, axis=1)
    return np.take_along_axis(chosen, np.argsort(-values, axis=1, kind="stable"), axis=1)
