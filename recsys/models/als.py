"""Alternating least squares on implicit feedback, through implicit.

Sources: Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets", 2008 (model and explanations);
Takács, Pilászy and Tikk, "Applications of the conjugate gradient method for implicit feedback collaborative filtering",
2011 (the solver).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recsys.data.training import TrainingData
from recsys.models.base import Contributions, FittedModel, Rows, TopK
from recsys.models.cooccurrence import powers, scaled
from recsys.models.explaining import Batch, batches, largest
from recsys.models.products import top_products
from recsys.models.progress import Progress
from recsys.models.topk import blocks, share_out, threads, top_k, worth

Floats = NDArray[np.float32]

WORTH_OF_A_REASON = 500
"""What naming one reason costs, in units of ranking one score."""


class Histories(Protocol):
    """What shoppers have, as `TrainingData` tells it."""

    @property
    def weights(self) -> csr_matrix:
        """float32 [n_users, n_items], above 0."""

    @property
    def owned(self) -> csr_matrix:
        """Bool [n_users, n_items]."""


class FittedAls(FittedModel):
    """Scores are dot products of shopper and item vectors (rows of zeros = no vector)."""

    name = "als"
    explains = True

    def __init__(
        self,
        settings: Als,
        vectors: tuple[Floats, Floats],
        data: Histories,
        emphasis: Floats | None = None,
    ) -> None:
        self.settings = settings
        self.shopper_vectors, self.item_vectors = vectors
        self.emphasis = np.ones(len(vectors[1]), np.float32) if emphasis is None else emphasis
        """By what an item's weights are multiplied before they count: float32 [n_items]."""
        self._weights = emphasised(data.weights, self.emphasis)
        self._owned = data.owned
        self._unknown_shoppers = np.asarray(~self.shopper_vectors.any(axis=1))
        self._unknown_items = np.asarray(~self.item_vectors.any(axis=1))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.item_vectors)

    def score(self, rows: Rows) -> Floats:
        """Multiply the vectors; nothing where the shopper or the item has none."""
        scores = self.shopper_vectors[rows] @ self.item_vectors.T
        scores[:, self._unknown_items] = -np.inf
        scores[self._unknown_shoppers[rows]] = -np.inf
        return scores

    def top_k(self, rows: Rows, k: int, exclude: csr_matrix | None) -> TopK:
        """Rank the best k items for each shopper; see `Fitted.top_k`."""
        wanted = self.shopper_vectors[rows]
        return TopK(*top_products(wanted, self.item_vectors, k, exclude, unknown=self._unknown_items))

    def similar(self, items: Rows, k: int) -> TopK:
        """Rank items by the cosine of their vectors; only positive ones count."""
        lengths = np.linalg.norm(self.item_vectors, axis=1)
        unit = self.item_vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
        found = np.full((len(items), k), -1, np.int32)
        scores = np.full((len(items), k), -np.inf, np.float32)
        for block in blocks(len(items), self.n_items):
            near = unit[items[block]] @ unit.T
            near[np.arange(len(near)), items[block]] = -np.inf
            found[block], scores[block] = top_k(np.where(near > 0, near, -np.inf).astype(np.float32), k)
        return TopK(found, scores)

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Split scores among owned items: y_i' W_u y_j c_uj, with W_u the inverse of Y'C_uY + λI (Hu et al., section 5)."""
        gram = self._gram
        result = Contributions.none(len(rows))
        parts = list(batches(rows, items, self._weights, self._owned))

        def one(piece: slice) -> None:
            for batch in parts[piece]:
                largest(self._parts(gram, batch), batch, result)

        pieces = [slice(place, place + 1) for place in range(len(parts))]
        # Many small systems: threads side by side bring more here than threads within one.
        share_out(one, pieces, worth(len(rows) * WORTH_OF_A_REASON))
        return result

    @cached_property
    def _gram(self) -> NDArray[np.float64]:
        gram = self.item_vectors.T.astype(np.float64) @ self.item_vectors
        return np.asarray(gram + self.settings.regularization * np.eye(len(gram)))

    def _parts(self, gram: NDArray[np.float64], batch: Batch) -> Floats:
        """Contributions of what each shopper of a batch bought to each wanted item: float32 [b, n, h]."""
        vectors = self.item_vectors
        systems = np.stack([gram + self._evidence(int(row)) for row in batch.rows])
        known = vectors[batch.has].astype(np.float64).transpose(0, 2, 1)
        solved = np.linalg.solve(systems, known) * (self.settings.alpha * batch.amounts[:, None, :])
        return vectors[batch.wanted] @ solved.astype(np.float32)

    def _evidence(self, row: int) -> NDArray[np.float64]:
        here = slice(self._weights.indptr[row], self._weights.indptr[row + 1])
        known = self.item_vectors[self._weights.indices[here]].astype(np.float64)
        confidence = self.settings.alpha * self._weights.data[here].astype(np.float64)
        return np.asarray(known.T @ (known * (confidence - 1.0)[:, None]))


@dataclass(frozen=True, slots=True)
class Als:
    """Matrix factorisation; a weight w counts with the confidence alpha * w.

    Attributes:
        factors: length of the vectors.
        regularization: λ of Hu et al.
        alpha: confidence of a weight of 1.
        iterations: over shoppers and items in turn.
        popularity: how much less a purchase of a popular item counts: weights are multiplied by
            (summed weight of the item / that of the item in the middle)^-popularity.

    """

    factors: int = 64
    regularization: float = 1.0
    alpha: float = 2.0
    iterations: int = 15
    popularity: float = 0.0
    name: str = "als"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedAls:
        """Alternate between shopper and item vectors; `progress` advances once per iteration."""
        shape = data.weights.shape
        if not data.weights.nnz:
            nothing = (
                np.zeros((shape[0], self.factors), np.float32),
                np.zeros((shape[1], self.factors), np.float32),
            )
            return FittedAls(self, nothing, data)
        emphasis = _emphasis(data.weights, self.popularity)
        weights = emphasised(data.weights, emphasis)
        # implicit runs its own threads, and those of BLAS beneath them would fight for the same cores.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=seed,
                num_threads=threads(weights),
            )
            model.fit(weights, show_progress=False, callback=lambda *_: progress.advance())
        known_shoppers = np.diff(data.weights.indptr) > 0
        known_items = np.bincount(data.weights.indices, minlength=shape[1]) > 0
        vectors = _where(known_shoppers, model.user_factors), _where(known_items, model.item_factors)
        return FittedAls(self, vectors, data, emphasis)


def emphasised(weights: csr_matrix, emphasis: Floats) -> csr_matrix:
    """Multiply every item's weights by what it counts; the matrix itself is not changed."""
    return scaled(weights, np.ones(weights.shape[0], np.float32), emphasis)


def _emphasis(weights: csr_matrix, popularity: float) -> Floats:
    degrees = np.asarray(weights.sum(axis=0)).ravel()
    middle = float(np.median(degrees[degrees > 0])) if (degrees > 0).any() else 1.0
    return powers(degrees / middle, popularity)


def _where(known: NDArray[np.bool_], vectors: Floats) -> Floats:
    return np.where(known[:, None], vectors, np.float32(0)).astype(np.float32)
