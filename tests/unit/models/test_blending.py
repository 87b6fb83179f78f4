"""Blends: standardised sums, with weights that are never worse than the best part where they were found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys.models.base import FittedModel
from recsys.models.blend import FittedBlend, standardised
from recsys.models.blending import GIVEN_UP, KEPT_GAIN, Pool, evened, find_weights, pool
from recsys.models.selection import DECISIVE, Validation, judge

N, M = 12, 60
NOTHING = csr_matrix((N, M), dtype=np.float32)


class Known(FittedModel):
    """Has its scores from the start."""

    def __init__(self, name, scores):
        self.name = name
        self.scores = np.asarray(scores, np.float32)

    @property
    def n_items(self):
        return self.scores.shape[1]

    def score(self, rows):
        return self.scores[rows]


def question_of(purchases, seed):
    rng = np.random.default_rng(seed)
    # Nobody has anything, so that all items count among the best.
    train = replace(
        purchases([(f"u{n:02}", f"i{m:02}") for n in range(N) for m in range(M)]), weights=NOTHING
    )
    truth = rng.random((N, M)) < 0.1
    truth[np.arange(N), rng.integers(0, M, N)] = True
    nothing = csr_matrix((N, M), dtype=bool)
    return Validation(train, np.arange(N, dtype=np.int32), nothing, csr_matrix(truth), 0)


def noisy(question, seed, noise):
    rng = np.random.default_rng(seed)
    return question.truth.toarray() + noise * rng.standard_normal((N, M))


def test_the_mean_becomes_0_and_the_best_new_item_1():
    scores = np.array([[1, 2, 3, 6, 8], [4, 4, 4, 4, 4], [1, 2, 3, 4, 5]], np.float32)
    seen = csr_matrix(np.array([[0, 0, 0, 0, 1], [0] * 5, [1] * 5], bool))
    found, unit = standardised(scores, seen)
    # The new items 1, 2, 3, 6 have the mean 3, and the best of five, a fifth of them, is 6.
    assert found[0] == pytest.approx((scores[0] - 3) / 3)
    # Nobody can tell equal items apart, nor choose where nothing new is left.
    assert found[1:].tolist() == [[0] * 5, [0] * 5]
    assert unit.tolist() == [3, 0, 0]


def test_the_unit_is_how_far_the_best_twenty_stand_out():
    scores = np.concatenate([np.zeros(80), np.full(20, 5.0)])[None].astype(np.float32)
    found, unit = standardised(scores, csr_matrix((1, 100), dtype=bool))
    assert unit == pytest.approx([4])
    assert found[0, :80] == pytest.approx(-0.25)
    assert found[0, 80:] == pytest.approx(1)


def test_what_is_unknown_counts_as_the_lowest_score():
    nothing = csr_matrix((2, 42), dtype=bool)
    scores = np.full((2, 42), -np.inf, np.float32)
    scores[:, 40:] = [[2, 4], [-3, 3]]
    filled = np.where(np.isfinite(scores), scores, np.array([[0], [-3]], np.float32))
    assert standardised(scores, nothing)[0] == pytest.approx(standardised(filled, nothing)[0])


@pytest.mark.parametrize("seed", range(5))
def test_a_blend_is_never_worse_than_its_best_part_where_its_weights_were_found(purchases, seed):
    question = question_of(purchases, seed)
    parts = [Known(f"m{n}", noisy(question, seed * 10 + n, 0.5 + n / 4)) for n in range(3)]
    weights, reached = find_weights(pool(parts, question))
    blend = judge(FittedBlend(parts, weights.tolist(), NOTHING, "blend"), question).values[DECISIVE]
    assert blend == pytest.approx(reached)
    assert blend >= max(judge(part, question).values[DECISIVE] for part in parts) - 1e-9


def test_what_adds_nothing_has_no_weight(purchases):
    question = question_of(purchases, 1)
    perfect = Known("perfect", question.truth.toarray())
    weights, reached = find_weights(pool([Known("noise", noisy(question, 2, 50.0)), perfect], question))
    assert weights.tolist() == [0, 1]
    assert reached == pytest.approx(1)


def test_two_halves_of_the_truth_are_better_together(purchases):
    question = question_of(purchases, 3)
    truth = question.truth.toarray()
    left = truth * (np.arange(M) < M / 2)
    weights, reached = find_weights(pool([Known("left", left), Known("right", truth ^ left)], question))
    assert (weights > 0).all()
    assert reached == pytest.approx(1)


@given(st.integers(0, 2**32 - 1))
def test_the_search_returns_what_it_reached(seed):
    rng = np.random.default_rng(seed)
    hits = rng.random((6, 30)) < 0.2
    scores = rng.standard_normal((3, 6, 30)).astype(np.float32)
    candidates = Pool(scores, hits, np.maximum(hits.sum(axis=1), 1))
    weights, reached = find_weights(candidates)
    assert candidates.ndcg(weights) == pytest.approx(reached)
    assert reached >= max(candidates.ndcg(row) for row in np.eye(3)) - 1e-12
    assert weights.max() == 1


def test_excluded_items_are_not_in_the_pool(purchases):
    question = question_of(purchases, 4)
    everything = Validation(
        question.train, question.rows, csr_matrix(np.ones((N, M), bool)), question.truth, question.left_out
    )
    found = pool([Known("m", noisy(question, 1, 1.0))], everything)
    assert not np.isfinite(found.scores).any()
    assert not found.hits.any()


@given(st.integers(0, 2**32 - 1))
def test_an_even_blend_gives_up_no_more_than_it_may(seed):
    rng = np.random.default_rng(seed)
    hits = rng.random((6, 30)) < 0.2
    scores = (hits + rng.random((4, 1, 1)) * 3 * rng.standard_normal((4, 6, 30))).astype(np.float32)
    candidates = Pool(scores, hits, np.maximum(hits.sum(axis=1), 1))
    weights, reached = find_weights(candidates)
    even, value = evened(candidates, weights, reached)
    assert value == pytest.approx(candidates.ndcg(even))
    alone = max(candidates.ndcg(row) for row in np.eye(4))
    assert value >= reached * (1 - GIVEN_UP)
    assert value - alone >= KEPT_GAIN * (reached - alone) - 1e-12
    assert even.max() == 1


def test_parts_that_are_equally_good_end_with_equal_weights():
    rng = np.random.default_rng(2)
    hits = rng.random((50, 40)) < 0.1
    one = (hits + 0.4 * rng.standard_normal((50, 40))).astype(np.float32)
    candidates = Pool(np.stack([one, one]), hits, np.maximum(hits.sum(axis=1), 1))
    weights, reached = find_weights(candidates)
    assert weights.tolist() == [1, 0]
    assert evened(candidates, weights, reached)[0].tolist() == [1, 1]


def test_a_poor_part_is_not_brought_in_for_the_sake_of_evenness():
    rng = np.random.default_rng(3)
    hits = rng.random((50, 40)) < 0.1
    good, poor = hits + 0.4 * rng.standard_normal((50, 40)), rng.standard_normal((50, 40))
    candidates = Pool(np.stack([good, poor]).astype(np.float32), hits, np.maximum(hits.sum(axis=1), 1))
    assert evened(candidates, *find_weights(candidates))[0].tolist() == [1, 0]
