"""Reasons of many shoppers at once are those of each shopper alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys.models import explaining
from recsys.models.base import Contributions, largest_contributors
from recsys.models.explaining import batches, largest


def history(rng, n, n_items):
    weights = csr_matrix(
        rng.integers(0, 4, (n, n_items)) * (rng.random((n, n_items)) < 0.5), dtype=np.float32
    )
    weights.eliminate_zeros()
    return weights, csr_matrix((weights.toarray() > 0) & (rng.random((n, n_items)) < 0.7))


def one_by_one(rows, items, weights, owned, between):
    """Every pair by itself: contributions are weight times a number of the two items."""
    result = Contributions.none(len(rows))
    for at, (row, item) in enumerate(zip(rows, items, strict=True)):
        has = np.flatnonzero(owned[[row]].toarray()[0])
        parts = between[[item]][:, has] * weights[[row]].toarray()[0][has]
        found = largest_contributors(parts, has, items[at : at + 1])
        result.because[at], result.shares[at] = found.because[0], found.shares[0]
    return result


@given(seed=st.integers(0, 1000), n_pairs=st.integers(0, 60), at_a_time=st.sampled_from([1, 40, 10**6]))
def test_many_at_once_give_the_reasons_of_one_at_a_time(seed, n_pairs, at_a_time):
    rng = np.random.default_rng(seed)
    weights, owned = history(rng, 9, 7)
    rows, items = rng.integers(0, 9, n_pairs), rng.integers(0, 7, n_pairs).astype(np.int32)
    between = rng.integers(-3, 4, (7, 7)).astype(np.float64)
    result = Contributions.none(n_pairs)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explaining, "_PARTS_AT_A_TIME", at_a_time)
        for batch in batches(rows, items, weights, owned):
            parts = between[batch.wanted[:, :, None], batch.has[:, None, :]] * batch.amounts[:, None, :]
            largest(parts, batch, result)
    expected = one_by_one(rows, items, weights, owned, between)
    assert (result.because == expected.because).all()
    assert result.shares == pytest.approx(expected.shares)


def test_batches_keep_to_their_memory_and_leave_nobody_out():
    rng = np.random.default_rng(4)
    weights, owned = history(rng, 300, 40)
    rows = np.repeat(np.arange(300), 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explaining, "_PARTS_AT_A_TIME", 5_000)
        parts = list(batches(rows, np.tile(np.arange(20), 300), weights, owned))
    assert sorted(np.concatenate([each.rows for each in parts]).tolist()) == list(range(300))
    for each in parts:
        assert each.wanted.size * each.has.shape[1] <= 5_000 or len(each.rows) == 1
