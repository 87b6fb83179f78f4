"""Scores in (0, 1): the order stays, and so do proportions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.batch.scaling import to_unit

RAW = arrays(
    np.float32,
    st.tuples(st.integers(0, 4), st.integers(0, 8)),
    elements=st.one_of(st.just(-np.inf), st.floats(-1e6, 1e6, width=32)),
)


@given(raw=RAW)
def test_every_score_lies_in_the_open_interval_and_the_order_stays(raw):
    scores = to_unit(raw)
    there = np.isfinite(raw)
    assert ((scores[there] > 0) & (scores[there] < 1)).all()
    assert (scores[~there] == 0).all()
    for row in range(len(raw)):
        by_raw = np.argsort(-raw[row][there[row]], kind="stable")
        assert (np.diff(scores[row][there[row]][by_raw]) <= 0).all()


def test_half_the_raw_score_is_about_half_the_score():
    # 0.01 + 0.98 * share of the best.
    assert to_unit(np.array([[8.0, 4.0, 2.0]])) == pytest.approx(np.array([[0.99, 0.5, 0.255]]))


def test_the_worst_of_a_list_with_negative_scores_keeps_a_little():
    assert to_unit(np.array([[1.0, 0.0, -1.0]])) == pytest.approx(np.array([[0.99, 0.5, 0.01]]))


def test_a_single_score_is_the_best():
    assert to_unit(np.array([[3.0, -np.inf], [0.0, -np.inf], [-2.0, -np.inf]]))[:, 0] == pytest.approx(
        [0.99, 0.99, 0.99]
    )
