"""The best k: exact, deterministic, and never more than asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from recsys.models.topk import NOTHING, blocks, top_k

SCORES = arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(1, 12)),
    elements=st.sampled_from([NOTHING, -2.0, 0.0, 0.5, 0.5, 1.0, 3.0]),
)


def by_hand(scores, k, gone):
    order = sorted(range(len(scores)), key=lambda item: (-scores[item], item))
    return [item for item in order if scores[item] > NOTHING and item not in gone][:k]


@given(scores=SCORES, k=st.integers(1, 15), seed=st.integers(0, 99))
def test_it_equals_sorting_everything(scores, k, seed):
    gone = np.random.default_rng(seed).random(scores.shape) < 0.2
    items, best = top_k(scores, k, csr_matrix(gone))
    for row in range(len(scores)):
        expected = by_hand(scores[row], k, set(np.flatnonzero(gone[row]).tolist()))
        assert items[row].tolist() == expected + [-1] * (k - len(expected))
        assert best[row, : len(expected)].tolist() == scores[row, expected].tolist()
        assert (best[row, len(expected) :] == NOTHING).all()


def test_ties_go_to_the_lower_item_even_at_the_cut():
    items, _ = top_k(np.array([[1, 2, 1, 1, 1, 1]], np.float32), 3)
    assert items.tolist() == [[1, 0, 2]]


@given(scores=SCORES, k=st.integers(1, 14))
def test_a_smaller_k_gives_a_prefix(scores, k):
    assert (top_k(scores, k)[0] == top_k(scores, k + 1)[0][:, :k]).all()


def test_arguments_are_not_changed():
    scores = np.ones((2, 3), np.float32)
    top_k(scores, 2, csr_matrix(np.eye(2, 3)))
    assert (scores == 1).all()


@given(n=st.integers(0, 50), n_items=st.integers(0, 1000), budget=st.integers(1, 100_000))
def test_blocks_cover_every_row_once_and_keep_to_the_budget(n, n_items, budget):
    pieces = list(blocks(n, n_items, budget))
    assert [row for piece in pieces for row in range(piece.start, piece.stop)] == list(range(n))
    for piece in pieces:
        rows = piece.stop - piece.start
        assert rows == 1 or rows * n_items * 20 <= budget
