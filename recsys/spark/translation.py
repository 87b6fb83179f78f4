"""Our objective in the terms of Spark's ALS. docs/decisions/spark-as-a-second-trainer.md derives it.

Ours (Hu, Koren and Volinsky, 2008, as implicit reads it) gives a stored weight w the confidence alpha w, every other pair the
confidence 1, and adds λ (Σ|x_u|² + Σ|y_i|²). Spark gives a stored rating r > 0 the confidence 1 + beta r, every other pair 1,
and adds rho (Σ n_u|x_u|² + Σ n_i|y_i|²), where n counts the ratings of the shopper or the item (Zhou et al., 2008).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.models.als import Als

ALPHA = 1.0
"""beta of Spark: the confidence is in the ratings already."""

LEAST = 1e-3
"""Rating of a weight whose confidence is not above 1: Spark reads 0 and less as a dislike."""


def ratings(weights: NDArray[np.float32], settings: Als) -> NDArray[np.float32]:
    """Ratings that Spark reads with the confidence alpha w: r = alpha w - 1; exact where alpha w > 1, at least `LEAST` elsewhere."""
    rated: NDArray[np.float32] = np.maximum(settings.alpha * weights - 1.0, LEAST).astype(np.float32)
    return rated


def regularisation(weights: csr_matrix, settings: Als) -> float:
    """Rho that adds as much as λ does to an average pair: λ over the geometric mean of n_u and n_i.

    n_u and n_i are the mean numbers of ratings of the shoppers and items that have any. Where all have the same number,
    this is the same objective with vectors of another length, see `item_scale`.
    """
    shoppers, items = _known(weights)
    return settings.regularization * float(np.sqrt(shoppers * items)) / max(weights.nnz, 1)


def item_scale(weights: csr_matrix) -> float:
    """By what Spark's item vectors are multiplied to have the length that ours have: (n_i / n_u)^(1/4)."""
    shoppers, items = _known(weights)
    return float((shoppers / max(items, 1)) ** 0.25)


def _known(weights: csr_matrix) -> tuple[int, int]:
    """Count the shoppers and items that have any weight."""
    return int((np.diff(weights.indptr) > 0).sum()), len(np.unique(weights.indices))
