"""The best k: exact, deterministic, and never more than asked for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from recsys.models import topk
from recsys.models.topk import NOTHING, blocks, rank, share_out, top_k

SCORES = arrays(
    np.float32,
    st.tuples(st.integers(0, 5), st.integers(1, 12)),
    elements=st.sampled_from([NOTHING, -2.0, 0.0, 0.5, 0.5, 1.0, 3.0]),
)


N_WIDE = 700
"""More items than groups for small k, so that the threshold does its work."""


def wide_scores(draw_from, seed, n=6):
    """Rows of every kind: random, few different values, nearly nothing known, nothing known, all equal, all negative."""
    rng = np.random.default_rng(seed)
    scores = rng.choice(np.asarray(draw_from, np.float32), size=(n, N_WIDE)) if draw_from else None
    if scores is None:
        scores = rng.standard_normal((n, N_WIDE)).astype(np.float32)
    scores[1, rng.random(N_WIDE) < 0.99] = NOTHING
    scores[2] = NOTHING
    scores[3] = 0.25
    scores[4] = -np.abs(scores[4]) - 1
    return scores


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


@given(
    draw_from=st.sampled_from(
        [(), (0.0, -0.0), (1.0, 2.0, 3.0), (-1.0, 0.0, 1.0, NOTHING), (1e-42, -1e-42, 3e38)]
    ),
    k=st.sampled_from([1, 3, 20, 200, 699, 700, 900]),
    share_gone=st.sampled_from([0.0, 0.005, 0.1, 0.6, 1.0]),
    seed=st.integers(0, 1000),
)
def test_many_items_are_ranked_as_exactly_as_few(draw_from, k, share_gone, seed):
    scores = wide_scores(draw_from, seed)
    gone = np.random.default_rng(seed + 1).random(scores.shape) < share_gone
    gone[0, : N_WIDE // 2] = True
    items, best = top_k(scores, k, csr_matrix(gone))
    for row in range(len(scores)):
        expected = by_hand(scores[row].tolist(), k, set(np.flatnonzero(gone[row]).tolist()))
        assert items[row].tolist() == expected + [-1] * (k - len(expected))
        assert best[row, : len(expected)].tolist() == scores[row, expected].tolist()
        assert (best[row, len(expected) :] == NOTHING).all()


@given(rows_at_a_time=st.integers(1, 7), k=st.integers(1, 30), seed=st.integers(0, 50))
def test_the_size_of_a_step_changes_nothing(rows_at_a_time, k, seed):
    scores = wide_scores((1.0, 2.0, 3.0, 4.0), seed)
    gone = csr_matrix(np.random.default_rng(seed).random(scores.shape) < 0.05)
    expected = top_k(scores, k, gone)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk, "_SCORES_AT_A_TIME", rows_at_a_time * N_WIDE)
        found = top_k(scores, k, gone)
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()


def test_zero_and_minus_zero_are_equal_scores():
    items, _ = top_k(np.array([[-0.0, 0.0, -0.0, -1.0]], np.float32), 4)
    assert items.tolist() == [[0, 1, 2, 3]]


def test_scores_that_lie_scattered_in_memory_are_ranked_alike():
    scores = wide_scores((), 3)
    assert (top_k(np.asfortranarray(scores), 20)[0] == top_k(scores, 20)[0]).all()


def test_stored_zeros_are_excluded_too():
    gone = csr_matrix((np.zeros(1, np.float32), ([0], [1])), shape=(1, 3))
    assert top_k(np.array([[1, 3, 2]], np.float32), 3, gone)[0].tolist() == [[2, 0, -1]]


@pytest.mark.parametrize("workers", [None, 1, 2, 5])
def test_ranking_in_blocks_equals_ranking_at_once_for_any_number_of_threads(workers, monkeypatch):
    scores = np.random.default_rng(5).standard_normal((60, N_WIDE)).astype(np.float32)
    gone = csr_matrix(np.random.default_rng(6).random(scores.shape) < 0.05)
    expected = top_k(scores, 25, gone)
    monkeypatch.setattr(topk.blocks, "__defaults__", (20 * N_WIDE * 7,))
    items, best = rank(lambda block: scores[block], scores.shape, 25, gone, workers=workers)
    assert (items == expected[0]).all()
    assert (best == expected[1]).all()


@pytest.mark.parametrize("workers", [1, 3])
def test_what_goes_wrong_in_a_piece_is_raised(workers):
    def work(piece):
        if piece.start == 2:
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        share_out(work, [slice(n, n + 1) for n in range(4)], workers)
