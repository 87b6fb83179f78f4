"""The smoothest directions of a sparse matrix: its leading singular vectors, by a seeded randomised algorithm."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.models.cooccurrence import powers, scaled

Floats = NDArray[np.float32]

OVERSAMPLING = 32
"""Further directions that the randomised decomposition follows, so that the wanted ones come out exact enough."""

POWER_ITERATIONS = 4
"""Passes over the matrix: the spectrum of purchases falls slowly, so one pass alone would blur it."""

_SMALLEST = 1e-10
"""Squared singular values below this share of the largest are what rounding leaves."""


def normalised(weights: csr_matrix) -> csr_matrix:
    """Divide every entry by the square roots of the sums of its row and its column."""
    by_row = powers(np.asarray(weights.sum(axis=1)).ravel(), 0.5)
    by_column = powers(np.asarray(weights.sum(axis=0)).ravel(), 0.5)
    return scaled(weights, by_row, by_column)


def leading_vectors(matrix: csr_matrix, rank: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Find the largest singular values and their right vectors: float32 [k] and [n_items, k], k <= rank.

    Directions without weight are left out. The sign of a vector is free and cancels out in a filter.
    Source: Halko, Martinsson and Tropp, "Finding structure with randomness", 2011, algorithm 4.4 (subspace iteration).
    """
    limit = min(rank, max(1, min(matrix.shape) // 4))
    width = min(limit + OVERSAMPLING, *matrix.shape)
    if not matrix.nnz:
        return np.zeros(0, np.float32), np.zeros((matrix.shape[1], 0), np.float32)
    turned = matrix.T.tocsr()
    basis: Floats = rng.standard_normal((matrix.shape[1], width), dtype=np.float32)
    for _ in range(POWER_ITERATIONS):
        basis = orthonormal(turned @ (matrix @ basis))
    # Once more, because the first pass leaves what the rounding of its products has cost.
    basis = orthonormal(basis)
    squares, rotation = _spectrum(matrix @ basis)
    kept = min(limit, int((squares > _SMALLEST * squares[0]).sum()))
    vectors: Floats = np.asarray(basis @ rotation[:, :kept], np.float32)
    return np.sqrt(squares[:kept]).astype(np.float32), vectors


def orthonormal(columns: Floats) -> Floats:
    """Give an orthonormal basis of what the columns span, float32 [n, k]; dependent directions are dropped.

    It works on the small matrix of inner products, so that nearly all the work is matrix products, which every core
    does well, unlike a QR decomposition of a tall matrix.
    """
    squares, rotation = _spectrum(columns)
    kept = squares > _SMALLEST * squares[0]
    return np.asarray(columns @ (rotation[:, kept] / np.sqrt(squares[kept])).astype(np.float32), np.float32)


def _spectrum(columns: Floats) -> tuple[NDArray[np.float64], Floats]:
    """Eigenvalues of the matrix of inner products, largest first, and its eigenvectors in columns."""
    squares, vectors = np.linalg.eigh((columns.T @ columns).astype(np.float64))
    return np.maximum(squares[::-1], 0.0), np.asarray(vectors[:, ::-1], np.float32)
