"""The smoothest directions of a matrix: right, orthonormal, and no more of them than there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys.models.decomposition import leading_vectors, normalised, orthonormal


def test_the_leading_vectors_are_those_of_the_full_decomposition():
    rng = np.random.default_rng(5)
    # A spectrum that falls fast, so that the wanted directions are clear.
    matrix = (rng.standard_normal((60, 40)) * 0.5 ** np.arange(40)).astype(np.float32)
    sigma, vectors = leading_vectors(csr_matrix(matrix), 3, np.random.default_rng(1))
    _, exact, rotation = np.linalg.svd(matrix)
    assert sigma == pytest.approx(exact[:3], rel=1e-3)
    assert vectors @ vectors.T == pytest.approx(rotation[:3].T @ rotation[:3], abs=1e-3)


@given(st.integers(1, 12), st.integers(0, 99))
def test_directions_are_orthonormal_and_no_more_than_the_matrix_has(rank, seed):
    rng = np.random.default_rng(seed)
    true_rank = int(rng.integers(1, 6))
    matrix = rng.random((48, true_rank)) @ rng.random((true_rank, 40))
    sigma, vectors = leading_vectors(csr_matrix(matrix.astype(np.float32)), rank, rng)
    assert vectors.shape == (40, len(sigma))
    assert len(sigma) <= min(rank, true_rank, 10)
    assert vectors.T @ vectors == pytest.approx(np.eye(len(sigma)), abs=1e-3)
    assert (np.diff(sigma) <= 0).all()


def test_a_column_that_others_make_up_adds_no_direction():
    columns = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 0], [2, 0, 2]], np.float32)
    assert orthonormal(columns).shape == (4, 2)


def test_an_empty_matrix_has_no_directions():
    sigma, vectors = leading_vectors(csr_matrix((5, 7), dtype=np.float32), 3, np.random.default_rng(0))
    assert (sigma.shape, vectors.shape) == ((0,), (7, 0))


def test_rows_and_columns_are_divided_by_the_roots_of_their_sums():
    found = normalised(csr_matrix(np.array([[1, 3], [0, 1]], np.float32))).toarray()
    assert found == pytest.approx(
        np.array([[1 / np.sqrt(4 * 1), 3 / np.sqrt(4 * 4)], [0, 1 / np.sqrt(1 * 4)]])
    )
