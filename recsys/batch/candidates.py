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
    exclude, again = excluded(data), repeats_of(data)
    for start in range(0, len(order), SHOPPERS_AT_A_TIME):
        rows = order[start : start + SHOPPERS_AT_A_TIME]
        yield ranked_block(rows, models.winner, models.explainer, exclude[rows], again[rows])


def excluded(data: TrainingData) -> csr_matrix:
    """What is no candidate: owned or disliked, bool [n_users, n_items]."""
    return csr_matrix(data.owned + disliked(data))


def repeats_of(data: TrainingData) -> csr_matrix:
    """Scores of what may be bought again, without what is disliked: float32 [n_users, n_items]."""
    again = repeat_scores(data)
    again = csr_matrix(again - again.multiply(disliked(data)))
    again.eliminate_zeros()
    return again


def ranked_block(
    rows: NDArray[np.int64], winner: Fitted, explainer: Fitted, exclude: csr_matrix, again: csr_matrix
) -> Block:
    """Rank for some shoppers; `exclude` and `again` hold their rows alone, [len(rows), n_items]."""
    new = winner.top_k(rows, MAX_CANDIDATES, exclude)
    return Block(
        rows,
        _with_reasons(rows, new.items, to_unit(new.scores), explainer),
        _with_reasons(rows, *_best_stored(again, MAX_REPEATS), explainer),
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
