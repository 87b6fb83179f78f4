"""The best dot products: those of the whole matrix, whatever the blocks and the threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys.models import products
from recsys.models.products import top_products
from recsys.models.topk import NOTHING, top_k


def vectors(seed, n, n_items, factors=4):
    """Whole numbers, so that products are exact in any order of adding, and ties are many."""
    rng = np.random.default_rng(seed)
    left = rng.integers(-3, 4, (n, factors)).astype(np.float32)
    right = rng.integers(-3, 4, (n_items, factors)).astype(np.float32)
    left[rng.random(n) < 0.2] = 0
    return left, right, csr_matrix(rng.random((n, n_items)) < 0.1), rng.random(n_items) < 0.1


def at_once(left, right, k, gone, unknown):
    scores = left @ right.T
    scores[~left.any(axis=1)] = NOTHING
    scores[:, unknown] = NOTHING
    return top_k(scores, k, gone)


@given(
    seed=st.integers(0, 500),
    n=st.integers(0, 20),
    n_items=st.integers(0, 40),
    k=st.integers(1, 45),
    rows=st.integers(1, 8),
    columns=st.integers(1, 50),
    workers=st.integers(1, 3),
)
def test_it_equals_ranking_the_whole_matrix(seed, n, n_items, k, rows, columns, workers):
    left, right, gone, unknown = vectors(seed, n, n_items)
    expected = at_once(left, right, k, gone, unknown)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "ROWS_AT_A_TIME", rows)
        patch.setattr(products, "COLUMNS_AT_A_TIME", columns)
        items, best = top_products(left, right, k, gone, unknown=unknown, workers=workers)
    assert (items == expected[0]).all()
    assert (best == expected[1]).all()


def test_real_vectors_give_equal_lists_and_scores_for_any_number_of_threads():
    rng = np.random.default_rng(9)
    left = rng.standard_normal((700, 32)).astype(np.float32)
    right = rng.standard_normal((3000, 32)).astype(np.float32)
    alone = top_products(left, right, 50, workers=1)
    for workers in (None, 2, 4):
        together = top_products(left, right, 50, workers=workers)
        assert (together[0] == alone[0]).all()
        assert (together[1] == alone[1]).all()


def test_a_shopper_without_vector_gets_nothing():
    items, best = top_products(np.zeros((1, 2), np.float32), np.ones((3, 2), np.float32), 2)
    assert items.tolist() == [[-1, -1]]
    assert (best == NOTHING).all()


def test_arguments_are_not_changed():
    left, right, gone, unknown = vectors(1, 9, 9)
    before = left.copy(), right.copy(), gone.copy(), unknown.copy()
    top_products(left, right, 3, gone, unknown=unknown)
    assert (left == before[0]).all()
    assert (right == before[1]).all()
    assert (gone != before[2]).nnz == 0
    assert (unknown == before[3]).all()
