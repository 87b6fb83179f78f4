"""Embarrassingly shallow autoencoder: the best linear model of items from items that may not use the item itself.

Source: Steck, "Embarrassingly shallow autoencoders for sparse data", 2019: B = I - P · diag(1 / diag P) with
P = (X'X + λI)⁻¹; the score is X B.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.domain.errors import Invalid
from recsys.models.base import Contributions, FittedModel, Rows, TopK, largest_contributors
from recsys.models.item_knn import bought_weights, by_shopper
from recsys.models.progress import Progress
from recsys.models.topk import blocks, top_k

Floats = NDArray[np.float32]

MOST_ITEMS = 12_000
"""Largest number of items with interactions: 12,000 take 2 GB while inverting and about a minute on a core. LAPACK
itself fails far below what memory allows: its 32-bit sizes overflow at about 40,000."""


def dense_items(data: TrainingData) -> int:
    """Count the items with interactions, which is the side of the dense matrix."""
    return int((np.bincount(data.weights.indices, minlength=len(data.items)) > 0).sum())


class FittedEase(FittedModel):
    """Scores are sums over what the shopper has: weight times coefficient, which may be negative."""

    name = "ease"
    explains = True

    def __init__(self, coefficients: Floats, columns: NDArray[np.intp], data: TrainingData) -> None:
        self.coefficients, self.columns = coefficients, columns
        self._weights = data.weights
        self._owned = data.owned
        self._place = np.full(len(data.items), -1, np.intp)
        self._place[columns] = np.arange(len(columns))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self._place)

    def score(self, rows: Rows) -> Floats:
        """Add up the coefficients of what each shopper has; nothing for unknown items and shoppers without any."""
        scores = np.full((len(rows), self.n_items), -np.inf, np.float32)
        known = np.flatnonzero(np.diff(self._weights.indptr)[rows] > 0)
        if len(known):
            has = csr_matrix(self._weights[np.asarray(rows)[known]])[:, self.columns]
            scores[np.ix_(known, self.columns)] = has @ self.coefficients
        return scores

    def similar(self, items: Rows, k: int) -> TopK:
        """Rank items by what an item adds to their scores; only positive amounts count."""
        found = np.full((len(items), k), -1, np.int32)
        scores = np.full((len(items), k), -np.inf, np.float32)
        for block in blocks(len(items), self.n_items):
            near = np.full((block.stop - block.start, self.n_items), -np.inf, np.float32)
            places = self._place[items[block]]
            there = np.flatnonzero(places >= 0)
            near[np.ix_(there, self.columns)] = self.coefficients[places[there]]
            found[block], scores[block] = top_k(np.where(near > 0, near, -np.inf).astype(np.float32), k)
        return TopK(found, scores)

    def parts(self, row: int, wanted: Rows) -> tuple[NDArray[np.int32], Floats]:
        """Split scores among the items bought: columns int32 [m] and contributions float32 [len(wanted), m]."""
        has, amounts = bought_weights(self._weights, self._owned, row)
        to = self._place[wanted]
        between = (
            self.coefficients[np.ix_(self._place[has], to)].T if len(self.columns) else np.zeros((len(to), 0))
        )
        return has, np.where(to[:, None] >= 0, between * amounts, 0.0).astype(np.float32)

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Name the owned items that add most to each score."""
        result = Contributions.none(len(rows))
        for row, pairs in by_shopper(rows):
            wanted = np.asarray(items[pairs])
            has, amounts = self.parts(row, wanted)
            result.because[pairs], result.shares[pairs] = largest_contributors(amounts, has, wanted)
        return result


@dataclass(frozen=True, slots=True)
class Ease:
    """A dense item-to-item model for catalogs of moderate size.

    Attributes:
        regularization: λ, in units of squared interaction weight.
        most_items: refuse to fit when more items than this have interactions.

    """

    regularization: float = 200.0
    most_items: int = MOST_ITEMS
    name: str = "ease"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedEase:
        """Invert the regularised Gram matrix; raises `Invalid` (field ``model``) where there are too many items."""
        _ = seed
        columns = np.flatnonzero(np.bincount(data.weights.indices, minlength=len(data.items)) > 0)
        if len(columns) > self.most_items:
            raise Invalid(
                "model",
                f"ease needs a dense matrix of items, and {len(columns):,} items have interactions; "
                f"it takes at most {self.most_items:,}. Choose another model.",
            )
        has = csr_matrix(data.weights[:, columns])
        coefficients = _coefficients(has, self.regularization)
        progress.advance()
        return FittedEase(coefficients, columns, data)


def _coefficients(has: csr_matrix, regularization: float) -> Floats:
    """B of the paper: float32 [n_items, n_items], its diagonal 0."""
    if not has.nnz:
        return np.zeros((has.shape[1],) * 2, np.float32)
    gram = (has.T @ has).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += np.float32(regularization)
    # A symmetric matrix is its own transpose, and LAPACK works in place on the transposed view alone.
    factor, failed = lapack.spotrf(gram.T, lower=True, overwrite_a=True)
    if failed:
        raise Invalid(
            "model", f"ease could not invert its matrix with the regularization {regularization:g}."
        )
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(inverse, -1)
    precision = lower + lower.T
    precision /= -np.diagonal(inverse)[None, :]
    return np.asarray(precision, np.float32)
