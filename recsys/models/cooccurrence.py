"""Products of sparse matrices of which only the largest entries of each row are kept, block by block."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

Floats = NDArray[np.float32]

PRODUCT_BYTES = 256 * 2**20
"""Bytes that one block of a sparse product may take before its rows are trimmed."""

_BYTES_PER_ENTRY = 16
"""A value in float32 and its index, and a copy of both while sorting."""


def powers(degrees: NDArray[Any], exponent: float) -> Floats:
    """Raise degrees to -exponent; 0 where the degree is 0, so that unknown rows and columns stay empty."""
    known = degrees > 0
    return np.where(known, np.where(known, degrees, 1.0) ** -exponent, 0.0).astype(np.float32)


def scaled(matrix: csr_matrix, by_row: Floats, by_column: Floats) -> csr_matrix:
    """Multiply rows and columns by factors; the matrix itself is not changed."""
    factors = np.repeat(by_row, np.diff(matrix.indptr)) * by_column[matrix.indices]
    data = (matrix.data * factors).astype(np.float32)
    return csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape)


def largest_per_row(
    left: csr_matrix, right: csr_matrix, keep: int, *, budget: int = PRODUCT_BYTES, diagonal: bool = False
) -> csr_matrix:
    """Keep the `keep` largest entries of every row of left @ right, by default without its diagonal.

    Of entries equal to the smallest one kept, those with the lower column stay. Memory is bounded by `budget` bytes a
    block (at least a row) and by what is kept; nothing dense is made.

    Args:
        left: float32 [n, m], entries >= 0.
        right: float32 [m, k], entries >= 0.
        keep: at least 1.
        budget: bytes.
        diagonal: whether entries of a row with its own number count.

    Returns:
        float32 [n, k] with sorted indices.

    """
    parts = [
        _trimmed(left[block] @ right, -1 if diagonal else block.start, keep)
        for block in _blocks(left, right, budget)
    ]
    if not parts:  # without items there is no block to stack
        return csr_matrix(left @ right, dtype=np.float32)
    return csr_matrix(vstack(parts, format="csr"), dtype=np.float32)


def _blocks(left: csr_matrix, right: csr_matrix, budget: int) -> Iterator[slice]:
    """Cut rows so that no product has more entries than the budget allows; the bound counts entries before they meet."""
    work = np.asarray(left.astype(bool) @ np.diff(right.indptr).astype(np.float64))
    entries = np.minimum(work, right.shape[1]) * _BYTES_PER_ENTRY
    start, held = 0, 0.0
    for row, size in enumerate(entries.tolist()):
        if row > start and held + size > budget:
            yield slice(start, row)
            start, held = row, 0.0
        held += size
    if start < left.shape[0]:
        yield slice(start, left.shape[0])


def _trimmed(product: csr_matrix, first: int, keep: int) -> csr_matrix:
    """Trim the rows of a product; `first` is the number of its first row, -1 where the diagonal counts."""
    product = csr_matrix(product)
    product.sort_indices()
    kept = np.zeros(product.nnz, bool)
    bounds = product.indptr.tolist()
    for row, (start, end) in enumerate(itertools.pairwise(bounds)):
        values = product.data[start:end].copy()
        if first >= 0:
            values[product.indices[start:end] == first + row] = 0.0
        kept[start:end] = _largest(values, keep)
    rows = np.concatenate(([0], np.cumsum(kept)))[product.indptr]
    return csr_matrix((product.data[kept], product.indices[kept], rows), shape=product.shape)


def _largest(values: Floats, keep: int) -> NDArray[np.bool_]:
    """Mark the `keep` largest positive values, of equal ones those that come first."""
    if len(values) <= keep:
        return np.asarray(values > 0)
    limit = np.partition(values, len(values) - keep)[len(values) - keep]
    above = values > limit
    if limit > 0:
        tied = np.flatnonzero(values == limit)[: keep - int(above.sum())]
        above[tied] = True
    return np.asarray(above)
