"""Approximate search for candidates, beside the exact product: seconds, what is found again, and what it is worth.

The index is that of faiss, `pip install faiss-cpu`: items in lists by k-means, of which some are looked through.
"""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from batches import work
from recsys.data.training import TrainingData
from recsys.evaluation.metrics import find_hits, ndcg, recall

K, SHOWN, SPARE = 200, 20, 200
"""Candidates a shopper, items judged, and how many more are asked for, so that owned ones can be left out."""
LISTS, TURNS = 512, 3
LOOKED_THROUGH = (4, 16, 64)

Lists = NDArray[np.int64]


def beside_exact(data: TrainingData, test: csr_matrix) -> dict[str, Any]:
    """Measure exact and approximate candidates by the same vectors; `test`: what was wanted later."""
    vectors = work.fit_ours(data)
    index, built = _index(vectors[1])
    seconds: dict[int, list[float]] = {lists: [] for lists in (0, *LOOKED_THROUGH)}
    found: dict[int, NDArray[Any]] = {}
    for _ in range(TURNS):
        for lists, taken in seconds.items():
            begun = time.perf_counter()
            found[lists] = _searched(index, lists, vectors, data)
            taken.append(time.perf_counter() - begun)
    lines = [
        _line(_name(lists), found[lists], found[0], test, statistics.median(taken))
        for lists, taken in seconds.items()
    ]
    return {
        "candidates": K,
        "factors": work.FACTORS,
        "turns": TURNS,
        "index_built_s": round(built, 2),
        "searches": lines,
    }


def _name(lists: int) -> str:
    return f"{lists} of {LISTS} lists" if lists else "exact"


def _searched(index: Any, lists: int, vectors: work.Vectors, data: TrainingData) -> NDArray[Any]:
    """Candidates of everybody: exact ones for 0 lists."""
    if not lists:
        return work.ours(vectors, data).items
    index.nprobe = lists
    return _without_owned(index.search(vectors[0], K + SPARE)[1], data)


def _index(items: NDArray[np.float32]) -> tuple[Any, float]:
    import faiss

    begun = time.perf_counter()
    coarse = faiss.IndexFlatIP(items.shape[1])
    index = faiss.IndexIVFFlat(coarse, items.shape[1], LISTS, faiss.METRIC_INNER_PRODUCT)
    index.train(items)
    index.add(items)
    return index, time.perf_counter() - begun


def _without_owned(near: Lists, data: TrainingData) -> Lists:
    kept = np.full((len(near), K), -1, np.int64)
    owned = data.owned
    for row, items in enumerate(near):
        mine = owned.indices[owned.indptr[row] : owned.indptr[row + 1]]
        new = items[(items >= 0) & ~np.isin(items, mine)][:K]
        kept[row, : len(new)] = new
    return kept


def _line(
    name: str, items: NDArray[Any], exact: NDArray[Any], test: csr_matrix, seconds: float
) -> dict[str, Any]:
    again = [np.isin(right[right >= 0], mine).mean() for mine, right in zip(items, exact, strict=True)]
    asked = np.flatnonzero(np.diff(test.indptr))
    truth = test[asked]
    hits = find_hits(items[asked][:, :SHOWN].astype(np.int32), truth.indptr, truth.indices, test.shape[1])
    relevant = np.diff(truth.indptr)
    return {
        "search": name,
        "seconds": round(seconds, 2),
        "found_again": round(float(np.mean(again)), 4),
        "recall@20": round(float(recall(hits, relevant, SHOWN).mean()), 4),
        "ndcg@20": round(float(ndcg(hits, relevant, SHOWN).mean()), 4),
    }
