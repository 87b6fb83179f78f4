"""A random walk of three steps: from the shopper to an item, to another shopper of it, to what that one has.

Source: Paudel, Christoffel, Newell and Bernstein, "Updatable, accurate, diverse, and scalable recommendations for
interactive applications", 2017 (RP3beta); the exponent of the transition probabilities is that of Cooper et al., "Random
walks in recommender systems: exact computation and simulations", 2014 (P3alpha).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.cooccurrence import largest_per_row, powers, scaled
from recsys.models.item_knn import FittedItemKnn
from recsys.models.progress import Progress


@dataclass(frozen=True, slots=True)
class RP3beta:
    """Walks that end on popular items count less: score = (walk probability) / popularity^beta.

    Attributes:
        alpha: exponent of each transition probability.
        beta: how much popularity is held against an item.
        neighbours: entries kept for each item the walk starts from.

    """

    alpha: float = 1.0
    beta: float = 0.3
    neighbours: int = 1000
    name: str = "rp3beta"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedItemKnn:
        """Multiply the transition probabilities; the result does not depend on chance."""
        _ = seed
        weights = data.weights
        by_user = powers(np.asarray(weights.sum(axis=1)).ravel(), self.alpha)
        degrees = np.asarray(weights.sum(axis=0)).ravel()
        chances = csr_matrix(
            (weights.data ** np.float32(self.alpha), weights.indices, weights.indptr), shape=weights.shape
        )
        back = scaled(chances.T.tocsr(), powers(degrees, self.alpha), np.ones(len(by_user), np.float32))
        forth = scaled(chances, by_user, powers(degrees, self.beta))
        walks = largest_per_row(back, forth, self.neighbours)
        progress.advance()
        return FittedItemKnn(walks, weights, data.owned, self.name)
