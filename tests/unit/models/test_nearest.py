"""The best stored values of sparse rows, and cutting rows by what their product may hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_matrix

from recsys.models.nearest import best_stored, bounded_rows
from recsys.models.topk import top_k

matrices = arrays.arrays(
    np.float32,
    st.tuples(st.integers(0, 6), st.integers(0, 8)),
    elements=st.sampled_from([-1, 0, 0, 1, 2, 2.5]),
)


@given(matrices, st.integers(1, 9))
def test_the_best_stored_are_the_best_of_the_dense_rows_that_are_above_zero(dense, k):
    items, scores = top_k(np.where(dense > 0, dense, -np.inf).astype(np.float32), k)
    found = best_stored(csr_matrix(dense), k)
    assert (found.items == items).all()
    assert (found.scores == scores).all()


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 4_000))
def test_slices_cover_all_rows_in_order_and_hold_more_than_the_budget_only_alone(most, budget):
    slices = list(bounded_rows(np.array(most, np.int64), budget))
    assert [row for each in slices for row in range(each.start, each.stop)] == list(range(len(most)))
    for each in slices:
        held = sum(most[each])
        assert each.stop - each.start == 1 or held <= max(1, budget // 40)
