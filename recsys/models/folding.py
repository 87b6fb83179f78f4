"""Asking a fitted model about other histories than those it learned from, without learning again."""

from __future__ import annotations

from functools import singledispatch

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recsys.data.training import TrainingData
from recsys.domain.errors import Invalid
from recsys.models.als import Als, FittedAls, emphasised
from recsys.models.base import Fitted
from recsys.models.blend import FittedBlend
from recsys.models.ease import FittedEase
from recsys.models.item_knn import FittedItemKnn
from recsys.models.popular import FittedPopular
from recsys.models.spectral import FittedIdealFilter
from recsys.models.user_knn import FittedUserKnn


@singledispatch
def fold_in(fitted: Fitted, histories: TrainingData) -> Fitted:
    """Give the model for the shoppers of `histories`; what it knows of items stays as it is.

    Args:
        fitted: one of our own models.
        histories: other shoppers, or the same ones with something more or less; its items must be those that the model
            learned from.

    Raises:
        Invalid: for a model that cannot, such as a stranger's own.

    """
    _ = histories
    raise Invalid("model", f"{fitted.name} cannot be asked about histories that it did not learn from.")


@fold_in.register
def _(fitted: FittedPopular, histories: TrainingData) -> Fitted:
    return FittedPopular(fitted.popularity, histories.user_market)


@fold_in.register
def _(fitted: FittedItemKnn, histories: TrainingData) -> Fitted:
    return FittedItemKnn(fitted.similarity, histories.weights, histories.owned, fitted.name)


@fold_in.register
def _(fitted: FittedUserKnn, histories: TrainingData) -> Fitted:
    return fitted.with_histories(histories.weights)


@fold_in.register
def _(fitted: FittedEase, histories: TrainingData) -> Fitted:
    return FittedEase(fitted.coefficients, fitted.columns, histories)


@fold_in.register
def _(fitted: FittedIdealFilter, histories: TrainingData) -> Fitted:
    return FittedIdealFilter(fitted.into, fitted.out, histories, fitted.name)


@fold_in.register
def _(fitted: FittedBlend, histories: TrainingData) -> Fitted:
    parts = [fold_in(part, histories) for part in fitted.fitted]
    return FittedBlend(parts, fitted.weights, histories.weights, fitted.name)


@fold_in.register
def _(fitted: FittedAls, histories: TrainingData) -> Fitted:
    weights = emphasised(histories.weights, fitted.emphasis)
    vectors = solve_shoppers(fitted.settings, fitted.item_vectors, weights)
    return FittedAls(fitted.settings, (vectors, fitted.item_vectors), histories, fitted.emphasis)


def solve_shoppers(
    settings: Als, item_vectors: NDArray[np.float32], weights: csr_matrix
) -> NDArray[np.float32]:
    """Solve each shopper's least squares exactly: x_u = (Y'C_uY + λI)⁻¹ Y'C_u p_u (Hu et al., equation 4)."""
    items = item_vectors.astype(np.float64)
    gram = items.T @ items + settings.regularization * np.eye(items.shape[1])
    vectors = np.zeros((weights.shape[0], items.shape[1]), np.float32)
    # Many small systems: threads cost more here than they bring.
    with threadpool_limits(1, "blas"):
        for row in np.flatnonzero(np.diff(weights.indptr)).tolist():
            here = slice(weights.indptr[row], weights.indptr[row + 1])
            known, confidence = items[weights.indices[here]], settings.alpha * weights.data[here]
            system = gram + known.T @ (known * (confidence - 1.0)[:, None])
            vectors[row] = np.linalg.solve(system, known.T @ confidence)
    return vectors
