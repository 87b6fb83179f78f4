"""What a fixed split asks, and the metrics of lists worked out by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from recsys.batch.question import diversity, measure, measure_lists, question_of_pairs
from recsys.data.pairs import Pairs, to_interactions
from recsys.data.training import build_training_data
from recsys.evaluation.metrics import intra_list_diversity
from recsys.models.popular import Popular
from recsys.models.progress import Silent


def pairs(*rows):
    users, items = (tuple(dict.fromkeys(row[place] for row in rows)) for place in (0, 1))
    return Pairs(
        users,
        items,
        np.array([users.index(user) for user, _ in rows], np.int32),
        np.array([items.index(item) for _, item in rows], np.int32),
        None,
        0,
        0,
    )


@pytest.fixture
def data():
    # Popularity: a 3, b 2, c 1, d 1.
    rows = [("1", "a"), ("2", "a"), ("3", "a"), ("1", "b"), ("2", "b"), ("3", "c"), ("4", "d")]
    return build_training_data(to_interactions(pairs(*rows)), ())


def asked_names(data, question):
    return [data.users[row] for row in question.rows]


def test_only_known_users_with_test_items_are_asked(data):
    question, counts = question_of_pairs(data, pairs(("2", "c"), ("9", "a"), ("1", "c"), ("8", "z")))
    assert asked_names(data, question) == ["1", "2"]
    assert (counts["users_evaluated"], counts["users_unknown"]) == (2, 2)
    assert counts["users_without_test_items"] == 2
    assert counts["test_pairs_of_unknown_users"] == 2


def test_what_cannot_be_found_still_counts_among_the_test_items(data):
    question, counts = question_of_pairs(data, pairs(("1", "c"), ("1", "new"), ("1", "a")))
    assert question.sizes.tolist() == [3]
    assert counts["test_pairs_with_unknown_items"] == 1
    assert counts["test_items_unknown"] == 1
    assert counts["test_pairs_seen_in_training"] == 1
    fitted = Popular().fit(data, seed=0, progress=Silent())
    found = measure(fitted, data, question, (2,), seed=0, progress=Silent())
    # Shopper 1 has a and b; the list is c, d (equally popular, in the order of their ids): c is the one hit of three.
    assert found.items.tolist() == [[2, 3]]
    assert found.values["recall@2"] == pytest.approx(1 / 3)
    assert found.values["ndcg@2"] == pytest.approx(1 / (1 + 1 / log2(3)))


def test_metrics_of_given_lists_are_those_worked_out_by_hand(data):
    question, _ = question_of_pairs(data, pairs(("1", "c"), ("1", "d"), ("4", "a")))
    lists = np.array([[3, 2, -1], [1, 2, 0]], np.int32)
    values = measure_lists(lists, data, question, (1, 3), seed=0).values
    assert values["recall@1"] == pytest.approx((1 / 2 + 0) / 2)
    assert values["recall@3"] == pytest.approx(1)
    assert values["precision@3"] == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert values["mrr@3"] == pytest.approx((1 + 1 / 3) / 2)
    assert values["ndcg@3"] == pytest.approx((1 + 1 / log2(4)) / 2)
    assert values["map@3"] == pytest.approx((1 + 1 / 3) / 2)
    assert values["hit_rate@1"] == pytest.approx(1 / 2)
    assert values["coverage@1"] == pytest.approx(2 / 4)
    assert values["coverage@3"] == pytest.approx(1)
    # Places: d, c, b, c, a with 1, 1, 2, 1 and 3 of 4 shoppers.
    assert values["novelty@3"] == pytest.approx((2 + 2 + 1 + 2 - log2(3 / 4)) / 5)


def test_a_model_is_measured_on_items_that_the_shopper_does_not_have(data):
    question, _ = question_of_pairs(data, pairs(("1", "c"), ("2", "d"), ("3", "b"), ("4", "a")))
    fitted = Popular().fit(data, seed=0, progress=Silent())
    found = measure(fitted, data, question, (20,), seed=0, progress=Silent())
    for row, items in zip(question.rows, found.items, strict=True):
        assert not set(items[items >= 0].tolist()) & set(data.owned[[row]].indices.tolist())
    assert found.values["recall@20"] == 1
    assert found.per_shopper["ndcg@20"].shape == (4,)


@given(st.integers(0, 10_000))
def test_sparse_diversity_is_that_of_the_dense_formula(seed):
    rng = np.random.default_rng(seed)
    owned = csr_matrix(rng.random((8, 12)) < 0.25)
    lists = np.argsort(rng.random((10, 12)), axis=1)[:, :5].astype(np.int32)
    lists[rng.random(10) < 0.5, rng.integers(0, 5) :] = -1
    dense = intra_list_diversity(lists, owned.T.toarray().astype(float))
    assert diversity(lists, owned, rng) == pytest.approx(dense, abs=1e-6)


def test_diversity_of_many_lists_is_taken_over_a_sample_that_the_seed_decides():
    rng = np.random.default_rng(0)
    owned = csr_matrix(rng.random((30, 40)) < 0.2)
    lists = np.argsort(rng.random((6_000, 40)), axis=1)[:, :6].astype(np.int32)
    first, second = (diversity(lists, owned, np.random.default_rng(5)) for _ in range(2))
    assert first == second
    assert first == pytest.approx(intra_list_diversity(lists, owned.T.toarray().astype(float)), abs=0.01)
