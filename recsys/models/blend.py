"""A weighted sum of several models' scores, each standardised shopper by shopper.

Source: combining standardised scores linearly goes back to Fox and Shaw, "Combination of multiple searches", 1994
(CombSUM); the weights are found on held-back purchases, see `recsys.models.blending`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.base import (
    Contributions,
    Fitted,
    FittedModel,
    Recommender,
    Rows,
    TopK,
    largest_contributors,
)
from recsys.models.item_knn import by_shopper
from recsys.models.progress import Progress
from recsys.models.topk import top_k

Floats = NDArray[np.float32]

TOP = 20
"""How many of a shopper's best new items set the unit in which a model's scores are measured."""


@runtime_checkable
class Additive(Protocol):
    """A model whose scores are sums over what the shopper has."""

    def parts(self, row: int, wanted: Rows) -> tuple[NDArray[np.int32], Floats]:
        """Split scores among the items bought: columns int32 [m] and contributions float32 [len(wanted), m]."""


def standardised(scores: Floats, seen: csr_matrix) -> tuple[Floats, Floats]:
    """Bring each row to mean 0 over the items that the shopper has not, and to mean 1 over the best `TOP` of them.

    How far the best stand out differs from shopper to shopper and from model to model; in these units the best of every
    model count alike. Items of which a model knows nothing count as its lowest score for this shopper, or as 0 where
    that is lower. A row without any difference becomes zeros.

    Args:
        scores: float32 [n, n_items], -inf where nothing is known. Not changed.
        seen: [n, n_items], what is stored in it does not count among the best.

    Returns:
        float32 [n, n_items], and the size of the unit, float32 [n] (0 for a row without any difference).

    """
    unknown = scores == -np.inf
    filled = np.where(unknown, np.float32(0), scores)
    lowest = filled.min(axis=1, initial=0.0)
    if (lowest < 0).any():
        filled = np.where(unknown, lowest[:, None], scores)
    lengths = np.diff(seen.indptr)
    rows = np.repeat(np.arange(len(filled)), lengths)
    old = np.bincount(rows, weights=filled[rows, seen.indices], minlength=len(filled))
    mean = (filled.sum(axis=1, dtype=np.float64) - old) / np.maximum(filled.shape[1] - lengths, 1)
    best, largest = _mean_of_best(filled, seen)
    # What rounding leaves of equal scores is no difference; nor is there one where nothing new is left.
    flat = ~(best - mean > 1e-6 * np.maximum(largest, -lowest))
    unit = np.where(flat, 0.0, best - mean).astype(np.float32)
    filled -= mean.astype(np.float32)[:, None]
    filled *= np.where(flat, 0.0, 1.0 / np.where(flat, 1.0, unit)).astype(np.float32)[:, None]
    return filled, unit


def _mean_of_best(scores: Floats, seen: csr_matrix) -> tuple[Floats, Floats]:
    """Mean of the best `TOP` new scores of each row (of a fifth of it, where that is less), and the highest.

    Both are -inf where nothing is new.
    """
    depth = max(1, min(TOP, scores.shape[1] // 5))
    best = top_k(scores, depth, seen)[1]
    there = best > -np.inf
    mean = np.where(there, best, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    return np.where(there[:, 0], mean, -np.inf).astype(np.float32), best[:, 0]


class FittedBlend(FittedModel):
    """Scores are Σ weight · standardised score; an item has none where no part knows anything of it."""

    def __init__(
        self, parts: Sequence[Fitted], weights: Sequence[float], seen: csr_matrix, name: str
    ) -> None:
        self.name = name
        self.fitted, self.weights = tuple(parts), tuple(weights)
        self._adding = [
            n for n, part in enumerate(self.fitted) if isinstance(part, Additive) and weights[n] > 0
        ]
        self.explains = bool(self._adding)
        self._seen = seen
        # The unit of each part's scores, shopper by shopper; NaN until the shopper is scored.
        self._unit = np.full((seen.shape[0], len(self.fitted)), np.nan, np.float32)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self._seen.shape[1]

    def score(self, rows: Rows) -> Floats:
        """Standardise and add; nothing where no part knows anything."""
        total: Floats | None = None
        known: NDArray[np.bool_] | None = None
        for place, (part, weight) in enumerate(zip(self.fitted, self.weights, strict=True)):
            raw = part.score(rows)
            there = raw > -np.inf
            scores, self._unit[rows, place] = standardised(raw, self._seen[rows])
            scores *= np.float32(weight)
            if total is None or known is None:
                total, known = scores, there
            else:
                total += scores
                known |= there
        if total is None or known is None:
            raise ValueError("A blend needs at least one part.")
        total[~known] = -np.inf
        return total

    def similar(self, items: Rows, k: int) -> TopK:
        """Rank neighbours as the weightiest part does that knows any."""
        by_weight = sorted(zip(self.weights, self.fitted, strict=True), key=lambda each: -each[0])
        for _, part in by_weight:
            near = part.similar(items, k)
            if (near.items >= 0).any():
                return near
        return super().similar(items, k)

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Name the owned items that contribute most through the parts whose scores are sums over them."""
        result = Contributions.none(len(rows))
        if not self._adding:
            return result
        for row, pairs in by_shopper(rows):
            wanted = np.asarray(items[pairs])
            has, amounts = self.parts(row, wanted)
            result.because[pairs], result.shares[pairs] = largest_contributors(amounts, has, wanted)
        return result

    def parts(self, row: int, wanted: Rows) -> tuple[NDArray[np.int32], Floats]:
        """Add up the contributions of the parts, in the units in which the blend adds their scores."""
        if np.isnan(self._unit[row]).any():
            self.score(np.array([row], np.int32))
        has, total = np.zeros(0, np.int32), np.zeros((len(wanted), 0), np.float32)
        for place in self._adding:
            part, unit = self.fitted[place], float(self._unit[row, place])
            if isinstance(part, Additive) and unit > 0:
                has, amounts = part.parts(row, wanted)
                scaled = amounts * np.float32(self.weights[place] / unit)
                total = scaled if not total.size else total + scaled
        return has, total


@dataclass(frozen=True, slots=True)
class Blend:
    """Models with their settings, and the weight of each."""

    models: tuple[Recommender, ...]
    weights: tuple[float, ...]
    name: str = "blend"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedBlend:
        """Fit every part on the same data."""
        parts = [model.fit(data, seed=seed, progress=progress) for model in self.models]
        return FittedBlend(parts, self.weights, data.weights, self.name)
