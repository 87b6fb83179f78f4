"""Shopper-to-shopper: what those bought who bought the same.

Sources: Herlocker, Konstan, Borchers and Riedl, "An algorithmic framework for performing collaborative filtering",
1999; the uneven normalisation of both sides is that of Aiolli, "Efficient top-N recommendation for very large scale
binary rated datasets", 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.base import FittedModel, Rows
from recsys.models.cooccurrence import largest_per_row, powers, scaled
from recsys.models.progress import Progress


class FittedUserKnn(FittedModel):
    """Scores are sums over like-minded shoppers: likeness times what they have."""

    def __init__(self, settings: UserKnn, likeness: csr_matrix, has: csr_matrix, theirs: csr_matrix) -> None:
        self.name = settings.name
        self.settings = settings
        self.likeness = likeness
        self._has, self._theirs = has, theirs

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self._has.shape[1]

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Add up what the neighbours have; nothing where none of them has the item."""
        scores = (self.likeness[rows] @ self._has).toarray()
        return np.where(scores > 0, scores, -np.inf).astype(np.float32)

    def with_histories(self, weights: csr_matrix) -> FittedUserKnn:
        """Give the model for other shoppers, float32 [n, n_items], who find their neighbours among those of the fit."""
        likeness = _likeness(weights, self._theirs, self.settings)
        return FittedUserKnn(self.settings, likeness, self._has, self._theirs)


@dataclass(frozen=True, slots=True)
class UserKnn:
    """Likeness = d_u^-own · Σ_i x_ui x_vi d_i^(-2·shared) · d_v^-other; score = Σ_v likeness · x_vi · d_i^-target.

    Attributes:
        neighbours: shoppers kept for each shopper, beside the shopper.
        shared: how much less it says to have a popular item in common.
        own: exponent of the shopper's own degree; it changes no order, and keeps scores of a like size.
        other: exponent of the neighbour's degree: who has everything is like everybody.
        target: how much popularity is held against an item.

    """

    neighbours: int = 300
    shared: float = 0.35
    own: float = 0.5
    other: float = 0.5
    target: float = 0.2
    name: str = "user-knn"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedUserKnn:
        """Find every shopper's nearest neighbours; the result does not depend on chance."""
        _ = seed
        weights = data.weights
        by_item = powers(np.asarray(weights.sum(axis=0)).ravel(), self.shared)
        by_user = powers(np.asarray(weights.sum(axis=1)).ravel(), self.other)
        theirs = scaled(weights, by_user, by_item * by_item).T.tocsr()
        likeness = _likeness(weights, theirs, self)
        against = powers(np.asarray(weights.sum(axis=0)).ravel(), self.target)
        has = scaled(weights, np.ones(len(by_user), np.float32), against)
        progress.advance()
        return FittedUserKnn(self, likeness, has, theirs)


def _likeness(weights: csr_matrix, theirs: csr_matrix, settings: UserKnn) -> csr_matrix:
    by_user = powers(np.asarray(weights.sum(axis=1)).ravel(), settings.own)
    mine = scaled(weights, by_user, np.ones(weights.shape[1], np.float32))
    # Shoppers of the fit are their own nearest neighbours: that adds to nothing but what they have already.
    return largest_per_row(mine, theirs, settings.neighbours + 1, diagonal=True)
