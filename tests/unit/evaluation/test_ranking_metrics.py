"""Every formula of the metrics against fractions worked out by hand."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.evaluation import metrics

HIT, MISS = True, False


def value(metric, hits, relevant, k):
    return metric(np.array([hits], bool), np.array([relevant]), k)[0]


@pytest.mark.parametrize(
    ("hits", "relevant", "k", "expected"),
    [
        ([HIT, MISS, HIT], 3, 3, 2 / 3),
        ([HIT, MISS, HIT], 3, 2, 1 / 3),
        ([HIT, HIT, HIT], 6, 3, 1 / 2),
        ([MISS, MISS, MISS], 2, 3, 0),
        ([HIT], 4, 20, 1 / 4),
    ],
)
def test_recall_is_hits_over_all_test_items(hits, relevant, k, expected):
    assert value(metrics.recall, hits, relevant, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hits", "k", "expected"), [([HIT, MISS, HIT], 3, 2 / 3), ([HIT, MISS, HIT], 2, 1 / 2), ([HIT], 5, 1 / 5)]
)
def test_precision_is_hits_over_k_even_for_a_shorter_list(hits, k, expected):
    assert value(metrics.precision, hits, 3, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hits", "relevant", "k", "expected"),
    [
        ([HIT, MISS, HIT], 3, 3, (1 / 1 + 2 / 3) / 3),
        ([HIT, MISS, HIT], 2, 3, (1 / 1 + 2 / 3) / 2),
        ([MISS, HIT, HIT, MISS], 9, 4, (1 / 2 + 2 / 3) / 4),
        ([HIT, HIT], 1, 1, 1),
        ([MISS, MISS], 1, 2, 0),
    ],
)
def test_average_precision_divides_by_the_smaller_of_test_items_and_k(hits, relevant, k, expected):
    assert value(metrics.average_precision, hits, relevant, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hits", "relevant", "k", "expected"),
    [
        ([HIT, MISS, HIT], 2, 3, (1 + 1 / 2) / (1 + 1 / log2(3))),
        ([MISS, HIT], 1, 2, (1 / log2(3)) / 1),
        ([MISS, HIT, MISS], 5, 3, (1 / log2(3)) / (1 + 1 / log2(3) + 1 / 2)),
        ([HIT, HIT, HIT], 3, 3, 1),
        ([HIT], 2, 20, 1 / (1 + 1 / log2(3))),
    ],
)
def test_ndcg_compares_with_the_ideal_list_cut_at_k(hits, relevant, k, expected):
    assert value(metrics.ndcg, hits, relevant, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hits", "k", "expected"), [([MISS, MISS, HIT, HIT], 4, 1 / 3), ([MISS, MISS, HIT], 2, 0), ([HIT], 1, 1)]
)
def test_reciprocal_rank_looks_at_the_first_hit_alone(hits, k, expected):
    assert value(metrics.reciprocal_rank, hits, 2, k) == pytest.approx(expected)


@pytest.mark.parametrize(("hits", "k", "expected"), [([MISS, HIT], 2, 1), ([MISS, HIT], 1, 0)])
def test_hit_rate_asks_for_one_hit(hits, k, expected):
    assert value(metrics.hit_rate, hits, 2, k) == expected


def test_hits_are_found_for_each_shopper_separately():
    items = np.array([[2, 0, 1], [2, 1, -1]])
    hits = metrics.find_hits(items, np.array([0, 2, 3]), np.array([0, 2, 1]), 3)
    assert hits.tolist() == [[HIT, HIT, MISS], [MISS, HIT, MISS]]


def test_the_end_of_a_list_is_no_hit_on_the_last_item_of_the_shopper_before():
    hits = metrics.find_hits(np.array([[0], [-1]]), np.array([0, 1, 1]), np.array([2]), 3)
    assert not hits.any()


def test_shoppers_without_test_items_are_left_out_and_counted():
    hits = np.array([[HIT, MISS], [MISS, MISS], [MISS, HIT]])
    outcome = metrics.evaluate(hits, np.array([1, 0, 2]), 2)
    assert (outcome.evaluated, outcome.left_out) == (2, 1)
    assert outcome.values["recall@2"] == pytest.approx((1 + 1 / 2) / 2)
    assert len(outcome.per_shopper["ndcg@2"]) == 2


def test_without_anyone_to_evaluate_there_are_no_numbers():
    outcome = metrics.evaluate(np.zeros((2, 5), bool), np.array([0, 0]), 5)
    assert outcome.values == {}
    assert outcome.left_out == 2


@given(
    hits=arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 12))),
    more=st.integers(0, 5),
    k=st.integers(1, 15),
)
def test_every_metric_stays_between_nothing_and_perfect(hits, more, k):
    relevant = np.maximum(hits.sum(axis=1) + more, 1)
    for metric in metrics.ACCURACY.values():
        values = metric(hits, relevant, k)
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@given(hits=arrays(bool, st.integers(2, 12)), place=st.integers(0, 10))
def test_moving_a_hit_up_never_makes_a_metric_worse(hits, place):
    place = min(place, len(hits) - 2)
    better = hits.copy()
    better[[place, place + 1]] = sorted(hits[[place, place + 1]], reverse=True)
    relevant = max(int(hits.sum()), 1)
    for metric in metrics.ACCURACY.values():
        assert value(metric, better, relevant, len(hits)) >= value(metric, hits, relevant, len(hits)) - 1e-12


def test_a_difference_is_paired_by_shopper():
    gap = metrics.paired_difference(np.array([0.5, 0.2, 0.8]), np.array([0.4, 0.2, 0.5]))
    # The gaps are .1, 0 and .3: mean .4/3, s² = .0233…, standard error sqrt(.0233…/3).
    assert gap.mean == pytest.approx(0.4 / 3)
    assert gap.standard_error == pytest.approx((0.07 / 3 / 3) ** 0.5)
    assert gap.shoppers == 3


def test_the_difference_of_one_shopper_has_no_standard_error_to_speak_of():
    assert metrics.paired_difference(np.array([1.0]), np.array([0.5])).standard_error == 0
