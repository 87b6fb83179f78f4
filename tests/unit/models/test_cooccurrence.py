"""Sparse products of which only the largest entries stay: as if the whole product had been made."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys.models.cooccurrence import largest_per_row, powers, scaled

SMALL = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 3, (7, 5)).astype(np.float32)
)


def slowly(product, keep):
    """Row by row: positive entries off the diagonal, the largest first, of equal ones the first."""
    kept = np.zeros_like(product)
    for row, values in enumerate(product):
        best = [each for each in np.argsort(-values, kind="stable") if each != row and values[each] > 0]
        kept[row, best[:keep]] = values[best[:keep]]
    return kept


@given(SMALL, st.integers(1, 6), st.sampled_from([1, 200, 2**20]))
def test_the_largest_entries_stay_whatever_the_blocks(weights, keep, budget):
    forth = csr_matrix(weights)
    found = largest_per_row(forth.T.tocsr(), forth, keep, budget=budget)
    assert (found.toarray() == slowly(weights.T @ weights, keep)).all()


def test_no_items_give_an_empty_matrix():
    nothing = csr_matrix((3, 0), dtype=np.float32)
    assert largest_per_row(nothing.T.tocsr(), nothing, 4).shape == (0, 0)


def test_what_has_no_degree_stays_without_weight():
    assert powers(np.array([0, 4, 9]), 0.5).tolist() == [0, 0.5, np.float32(1 / 3)]
    assert powers(np.array([0, 4]), -0.5).tolist() == [0, 2]


def test_scaling_multiplies_rows_and_columns_and_leaves_the_matrix_alone():
    matrix = csr_matrix(np.array([[1, 2], [0, 3]], np.float32))
    found = scaled(matrix, np.array([1, 10], np.float32), np.array([2, 3], np.float32))
    assert found.toarray().tolist() == [[2, 6], [0, 90]]
    assert matrix.toarray().tolist() == [[1, 2], [0, 3]]
