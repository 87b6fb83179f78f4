"""The best k of many scores: exact, deterministic, on every core, in blocks of bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

NOTHING = -np.inf
"""Score of an item of which a model knows nothing for this shopper: it is never recommended."""

MEMORY_BUDGET = 64 * 2**20
"""Bytes that dense work over all items may take at a time, on each core."""

WORTH_THREADS = 100_000
"""Stored weights from which on learning with all cores beats the cost of keeping threads in step."""

WORTH_CORES = 2_000_000
"""Scores from which on ranking with all cores beats the cost of starting threads."""

_BYTES_PER_SCORE = 20
"""A score in float32, a sort key in uint64 where everything is tied, a mark in bool, and what a model needs on the way."""

_SCORES_AT_A_TIME = 1_000_000
"""Scores that are ranked in one go: 4 MB."""

_LOWEST = np.finfo(np.float32).min
_SIGN_FREE = np.int32(0x7FFFFFFF)
_PAST_THE_END = np.uint64(0xFFFFFFFFFFFFFFFF)

Ranked = tuple[NDArray[np.int32], NDArray[np.float32]]
"""Items int32 [n, k] and scores float32 [n, k], best first; -1 and `NOTHING` where a row is exhausted."""


def threads(weights: csr_matrix) -> int:
    """Give implicit's number of threads for learning from a matrix: 0 means one a core. Results do not depend on it."""
    return 0 if weights.nnz >= WORTH_THREADS else 1


def cores() -> int:
    """Give the number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def blocks(n: int, n_items: int, budget: int = MEMORY_BUDGET) -> Iterator[slice]:
    """Cut n rows into slices whose dense scores over all items stay within `budget` bytes (at least a row each)."""
    size = max(1, budget // (_BYTES_PER_SCORE * max(1, n_items)))
    for start in range(0, n, size):
        yield slice(start, min(n, start + size))


def rank(
    score: Callable[[slice], NDArray[np.float32]],
    shape: tuple[int, int],
    k: int,
    exclude: csr_matrix | None = None,
    *,
    workers: int | None = None,
) -> Ranked:
    """Score and rank rows block by block, several blocks at a time; as `top_k` on the scores of all rows.

    The blocks are the same whatever the number of workers, and each is scored with BLAS on one thread, so the answer
    does not depend on that number either.

    Args:
        score: gives float32 [rows of the slice, n_items]; called from several threads unless `workers` is 1.
        shape: number of rows and of items.
        k: at least 1.
        exclude: as in `top_k`, for all rows.
        workers: threads; None takes one a core where there is enough to do.

    """
    n, n_items = shape
    items, best = nothing(n, k)

    def one(block: slice) -> None:
        items[block], best[block] = top_k(score(block), k, None if exclude is None else exclude[block])

    share_out(one, list(blocks(n, n_items)), workers or worth(n * n_items))
    return items, best


def share_out(work: Callable[[slice], None], pieces: Sequence[slice], workers: int) -> None:
    """Do all pieces of work, several at a time, with BLAS on one thread each.

    Pieces side by side use the cores better than BLAS does within one, and both at once would fight for them.
    """
    with threadpool_limits(1, "blas"):
        if min(len(pieces), workers) <= 1:
            for piece in pieces:
                work(piece)
            return
        with ThreadPoolExecutor(min(len(pieces), workers)) as pool:
            # Going through the results raises what went wrong in a thread.
            for _ in pool.map(work, pieces):
                pass


def worth(n_scores: int) -> int:
    """Give the number of threads that so many scores are worth."""
    return cores() if n_scores >= WORTH_CORES else 1


def nothing(n: int, k: int) -> Ranked:
    """Give n lists without an item."""
    return np.full((n, k), -1, np.int32), np.full((n, k), NOTHING, np.float32)


def top_k(scores: NDArray[np.float32], k: int, exclude: csr_matrix | None = None) -> Ranked:
    """Find the best k items of every row; of equal scores the lower item index comes first.

    A row's items are dealt into groups. As many groups as items are wanted have a best score at or above the k-th best
    of these best scores, so no item below it can be among the best k. What is left, little more than k, is sorted.

    Args:
        scores: float32 [n, n_items] without NaN; `NOTHING` is never taken. Not changed.
        k: at least 1.
        exclude: [n, n_items]; whatever is stored in it is never taken.

    Returns:
        items int32 [n, k] and scores float32 [n, k], best first; -1 and `NOTHING` where a row is exhausted.

    """
    n, n_items = scores.shape
    items, best = nothing(n, k)
    if not scores.size:
        return items, best
    # Several passes follow: they run over so few rows that most of them stay in the processor's cache.
    step = max(1, _SCORES_AT_A_TIME // n_items)
    for start in range(0, n, step):
        piece = slice(start, start + step)
        items[piece], best[piece] = _top_k(scores[piece], k, None if exclude is None else exclude[piece])
    return items, best


def _top_k(scores: NDArray[np.float32], k: int, exclude: csr_matrix | None) -> Ranked:
    n_groups = _groups(k)
    gone = np.zeros(len(scores), np.intp) if exclude is None else np.diff(exclude.indptr)
    # A row that lost many items would need a rank so low that it keeps too much; there a masked copy is cheaper.
    heavy = gone > n_groups // 4
    level = _level(scores, n_groups, np.where(heavy, 1, k + gone))
    level[heavy] = np.inf
    kept = scores >= level[:, None]
    if exclude is not None:
        kept[np.repeat(np.arange(len(scores)), gone), exclude.indices] = False
    items, best = _sorted(scores, kept, k)
    if exclude is not None and heavy.any():
        items[heavy], best[heavy] = _top_k(_without(scores[heavy], exclude[heavy]), k, None)
    return items, best


def _without(scores: NDArray[np.float32], exclude: csr_matrix) -> NDArray[np.float32]:
    allowed = scores.copy()
    allowed[np.repeat(np.arange(len(scores)), np.diff(exclude.indptr)), exclude.indices] = NOTHING
    return allowed


def _groups(k: int) -> int:
    """Choose a number of groups: a power of two with room for k items and as many again that are excluded."""
    return 1 << (2 * k + 64).bit_length()


def _level(scores: NDArray[np.float32], n_groups: int, ranks: NDArray[np.intp]) -> NDArray[np.float32]:
    """Give each row a finite score that at least `ranks` of its items reach, unless fewer are known: float32 [n]."""
    n, n_items = scores.shape
    each, rest = divmod(n_items, n_groups)
    if each < 2:
        return np.full(n, _LOWEST, np.float32)
    whole = each * n_groups
    # Items a group apart are compared, so that the maximum runs along neighbours in memory.
    tops = scores[:, :whole].reshape(n, each, n_groups).max(axis=1)
    np.maximum(tops[:, :rest], scores[:, whole:], out=tops[:, :rest])
    tops.sort(axis=1)
    level: NDArray[np.float32] = tops[np.arange(n), n_groups - ranks]
    return np.maximum(level, _LOWEST)


def _sorted(scores: NDArray[np.float32], kept: NDArray[np.bool_], k: int) -> Ranked:
    """Sort what was kept of each row, and cut it at k."""
    n, n_items = scores.shape
    found = _marked(kept)
    ends = np.searchsorted(found, np.arange(n + 1) * n_items)
    counts = np.diff(ends)
    keys = _keys(scores.ravel()[found], found - np.repeat(np.arange(n) * n_items, counts))
    first = np.full((n, k), _PAST_THE_END)
    # Rows with hundreds of equal scores at the cut are sorted one by one, so that the others need no such width.
    long = counts > 16 * k + 256
    width = int(counts[~long].max(initial=0))
    if width:
        table = np.full((n, width), _PAST_THE_END)
        short = keys[~np.repeat(long, counts)] if long.any() else keys
        table[np.arange(width) < np.where(long, 0, counts)[:, None]] = short
        table.sort(axis=1)
        first[:, : min(width, k)] = table[:, :k]
    for row in np.flatnonzero(long):
        first[row] = np.sort(keys[ends[row] : ends[row + 1]])[:k]
    return _unlocked(first)


def _marked(kept: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Find the flat positions of the few marks, looking at eight at a time first."""
    flat = kept.ravel()
    whole = flat.size // 8 * 8
    words = flat[:whole].view(np.uint64)
    eights = np.flatnonzero(words != 0)
    inside = np.flatnonzero(words[eights].view(np.bool_))
    found = eights[inside >> 3] * 8 + (inside & 7)
    return np.concatenate((found, whole + np.flatnonzero(flat[whole:])))


def _keys(values: NDArray[np.float32], columns: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Make one number of score and column: the best score has the lowest, of equal scores the lowest column.

    The bits of floats that are positive grow with them, those of negative ones shrink: flipping all bits but the sign
    of the positive ones makes a higher float a lower unsigned number.
    """
    # Adding 0 turns -0.0 into 0.0, which it equals.
    bits = (values + np.float32(0)).view(np.int32)
    turned = (bits ^ (~(bits >> 31) & _SIGN_FREE)).view(np.uint32)
    return (turned.astype(np.uint64) << np.uint64(32)) | columns.astype(np.uint64)


def _unlocked(keys: NDArray[np.uint64]) -> Ranked:
    """Undo `_keys`."""
    there = keys != _PAST_THE_END
    turned = (keys >> np.uint64(32)).astype(np.uint32).view(np.int32)
    values = (turned ^ (~(turned >> 31) & _SIGN_FREE)).view(np.float32)
    items = np.where(there, keys.astype(np.uint32).view(np.int32), np.int32(-1))
    return items, np.where(there, values, np.float32(NOTHING))
