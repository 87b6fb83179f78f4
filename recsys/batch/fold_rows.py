"""What each item says about its owner's taste, so that serving can answer for a shopper unseen in training.

A shopper's scores are, for most models exactly and for the others nearly, the sum of what each item says by itself.
So the winner is asked about shoppers who have one item only, and the strongest of its answers are kept for each item.
Serving adds up the lists of the items that a shopper has, in the model's own units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.batch.candidates import Lists
from recsys.batch.fit import FittedModels
from recsys.data.training import TrainingData
from recsys.domain.errors import Invalid
from recsys.models.base import Fitted
from recsys.models.blend import FittedBlend, standardised
from recsys.models.folding import fold_in
from recsys.models.item_knn import FittedItemKnn
from recsys.models.popular import FittedPopular
from recsys.models.topk import blocks

MAX_FOLD = 300
"""Entries kept for each item: with some ten items, what they agree on is among these."""

MOST_DENSE = 60_000
"""Up to so many items any model is asked about each; above, the time goes with the square, and item-to-item speaks."""

SAMPLE = 100
"""Shoppers by whom the parts of a blend are brought onto one scale: their median moves little with more."""

Floats = NDArray[np.float32]


def fold_lists(data: TrainingData, models: FittedModels) -> Iterator[Lists]:
    """The strongest entries of every item, in the order of the training data; none of a model that knows no persons."""
    speaker = _speaker(data, models)
    for block in blocks(len(data.items), len(data.items)):
        columns = np.arange(block.start, block.stop)
        yield _strongest(speaker.rows(columns), columns)


def gram(models: FittedModels) -> NDArray[np.float64]:
    """Y'Y of the item vectors: float64 [d, d], by which a new shopper's vector is found without all items."""
    vectors = models.als.item_vectors.astype(np.float64)
    return np.asarray(vectors.T @ vectors)


def _speaker(data: TrainingData, models: FittedModels) -> _Rows:
    winner = models.winner
    if isinstance(winner, FittedItemKnn | FittedPopular):
        return _Rows(winner, data)
    if len(data.items) > MOST_DENSE:
        return _Rows(models.item_knn, data)
    try:
        fold_in(winner, _singles(data, np.zeros(0, np.int64)))
        return _Rows(winner, data)
    except Invalid:
        # A model of somebody's own cannot be asked about others than it has seen.
        return _Rows(models.item_knn, data)


class _Rows:
    """What a model scores for shoppers who have one item each; a blend adds its parts on one scale."""

    def __init__(self, fitted: Fitted, data: TrainingData) -> None:
        self._fitted, self._data = fitted, data
        self._parts: list[tuple[float, _Rows]] = []
        if isinstance(fitted, FittedBlend):
            for part, weight in zip(fitted.fitted, fitted.weights, strict=True):
                rows = _Rows(part, data)
                unit = rows._unit() if weight > 0 else 0.0
                if unit > 0:
                    self._parts.append((weight / unit, rows))

    def rows(self, columns: NDArray[np.int64]) -> Floats:
        """Scores of all items for owners of one item each: [len(columns), n_items], 0 where nothing is known."""
        if isinstance(self._fitted, FittedPopular):
            return np.zeros((len(columns), len(self._data.items)), np.float32)
        if isinstance(self._fitted, FittedItemKnn):
            return np.asarray(self._fitted.similarity[columns].toarray(), np.float32)
        if isinstance(self._fitted, FittedBlend):
            total = np.zeros((len(columns), len(self._data.items)), np.float32)
            for scale, part in self._parts:
                total += np.float32(scale) * part.rows(columns)
            return total
        scores = fold_in(self._fitted, _singles(self._data, columns)).score(np.arange(len(columns)))
        return np.where(np.isfinite(scores), scores, np.float32(0))

    def _unit(self) -> float:
        """How far the best stand out for a typical shopper, in the sum of what the items say by themselves."""
        weights = self._data.weights
        active = np.flatnonzero(np.diff(weights.indptr) > 1)
        chosen = (
            active[np.unique(np.linspace(0, len(active) - 1, SAMPLE).astype(np.int64))]
            if len(active)
            else active
        )
        units = []
        for row in chosen.tolist():
            has = weights[[row]]
            summed = self.rows(has.indices.astype(np.int64)).sum(axis=0, keepdims=True)
            units.append(float(standardised(summed, has)[1][0]))
        found = [unit for unit in units if unit > 0]
        return float(np.median(found)) if found else 0.0


def _singles(data: TrainingData, columns: NDArray[np.int64]) -> TrainingData:
    """Shoppers who bought one item each, once and just now."""
    n = len(data.items)
    weights = csr_matrix(
        (np.ones(len(columns), np.float32), columns.astype(np.int32), np.arange(len(columns) + 1)),
        shape=(len(columns), n),
    )
    return replace(
        data, weights=weights, owned=weights.astype(bool), user_market=np.full(len(columns), -1, np.int16)
    )


def _strongest(scores: Floats, columns: NDArray[np.int64]) -> Lists:
    """The entries that are largest in size, best first, without the item itself."""
    scores[np.arange(len(columns)), columns] = 0.0
    depth = min(MAX_FOLD, scores.shape[1])
    kept = np.argpartition(-np.abs(scores), depth - 1, axis=1)[:, :depth]
    values = np.take_along_axis(scores, kept, axis=1)
    order = np.lexsort((kept, -values))
    items, values = np.take_along_axis(kept, order, axis=1), np.take_along_axis(values, order, axis=1)
    there = values != 0
    return Lists(there.sum(axis=1), {"items": items[there].astype(np.int32), "scores": values[there]})
