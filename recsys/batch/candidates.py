"""What a snapshot says about shoppers: candidates, repeats, and the reasons behind both, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.batch.fit import FittedModels
from recsys.batch.repeats import repeat_scores
from recsys.batch.scaling import to_unit
from recsys.data.dislikes import disliked
from recsys.data.training import TrainingData
from recsys.models.base import Fitted, TopK
from recsys.snapshots.layout import MAX_CANDIDATES, MAX_REPEATS

SHOPPERS_AT_A_TIME = 2_000
"""Shoppers of a block: enough work for every core between two writes, and lists of some 20 MB. Models cut their dense
scores into smaller blocks of their own."""


@dataclass(frozen=True, slots=True, eq=False)
class Lists:
    """Lists of several rows, end to end.

    Attributes:
        lengths: int64 [n_rows].
        parts: the values of all lists by part: ``items``, ``scores``, and for shoppers ``because`` and ``shares``.

    """

    lengths: NDArray[np.int64]
    parts: dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some shoppers and their lists; `rows` are those of the training data."""

    rows: NDArray[np.int64]
    candidates: Lists
    repeats: Lists


def shopper_blocks(data: TrainingData, models: FittedModels, order: NDArray[np.int64]) -> Iterator[Block]:
    """Rank for all shoppers in the given order, block by block."""
    unwanted = disliked(data)
    exclude = csr_matrix(data.owned + unwanted)
    again = repeat_scores(data)
    again = csr_matrix(again - again.multiply(unwanted))
    again.eliminate_zeros()
    for start in range(0, len(order), SHOPPERS_AT_A_TIME):
        rows = order[start : start + SHOPPERS_AT_A_TIME]
        new = models.winner.top_k(rows, MAX_CANDIDATES, exclude[rows])
        yield Block(
            rows,
            _with_reasons(rows, new.items, to_unit(new.scores), models.explainer),
            _with_reasons(rows, *_best_stored(again[rows], MAX_REPEATS), models.explainer),
        )


def lists(ranked: TopK) -> Lists:
    """Put ranked lists end to end with their scores brought into (0, 1)."""
    there = ranked.items >= 0
    parts = {"items": ranked.items[there], "scores": to_unit(ranked.scores)[there]}
    return Lists(there.sum(axis=1), parts)


def _with_reasons(
    rows: NDArray[np.int64], items: NDArray[np.int32], scores: NDArray[np.float32], explainer: Fitted
) -> Lists:
    there = items >= 0
    lengths = there.sum(axis=1)
    because, shares = explainer.explain(np.repeat(rows, lengths), items[there])
    parts = {"items": items[there], "scores": scores[there], "because": because, "shares": shares}
    return Lists(lengths, parts)


def _best_stored(scores: csr_matrix, k: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Best k stored values of every row, ties by column: items int32 and scores float32 [n, k], padded with -1 and 0."""
    lengths = np.diff(scores.indptr)
    row = np.repeat(np.arange(len(lengths)), lengths)
    best_first = np.lexsort((scores.indices, -scores.data, row))
    place = np.arange(len(row)) - np.repeat(scores.indptr[:-1], lengths)
    kept = place < k
    items = np.full((len(lengths), k), -1, np.int32)
    values = np.zeros((len(lengths), k), np.float32)
    items[row[kept], place[kept]] = scores.indices[best_first][kept]
    values[row[kept], place[kept]] = scores.data[best_first][kept]
    return items, values
