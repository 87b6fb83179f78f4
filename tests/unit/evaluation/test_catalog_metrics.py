"""Metrics that look beyond accuracy: who is shown, how new, how different."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation import metrics

LISTS = np.array([[0, 1], [0, 2], [0, -1]])


def test_exposure_counts_places_and_not_the_end_of_a_list():
    assert metrics.exposure(LISTS, 5).tolist() == [3, 1, 1, 0, 0]


def test_coverage_is_distinct_items_over_the_catalog():
    assert metrics.coverage(metrics.exposure(LISTS, 5)) == pytest.approx(3 / 5)
    assert metrics.coverage(metrics.exposure(LISTS[:, :0], 0)) == 0


def test_novelty_is_surprise_in_bits_weighted_by_place():
    # Item 0 is owned by 4 of 8 shoppers (1 bit) and shown three times, items 1 and 2 by 1 of 8 (3 bits).
    owners = np.array([4, 1, 1, 0, 0])
    assert metrics.novelty(metrics.exposure(LISTS, 5), owners, 8) == pytest.approx((3 * 1 + 3 + 3) / 5)


def test_novelty_leaves_out_items_that_nobody_owns():
    assert metrics.novelty(np.array([2, 5]), np.array([1, 0]), 4) == pytest.approx(2)
    assert metrics.novelty(np.array([0, 5]), np.array([1, 0]), 4) == 0


def test_diversity_is_one_minus_cosine_over_the_pairs_of_a_list():
    vectors = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [0.0, 0.0]])
    lists = np.array([[0, 1, 2], [0, 2, -1], [0, 3, -1]])
    # First list: pairs 0-1 and 1-2 at right angles, 0-2 alike, so 2/3; second: alike, so 0; third: one vector only.
    assert metrics.intra_list_diversity(lists, vectors) == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ([1, 1, 1, 1], 0),
        ([0, 0, 0, 8], 3 / 4),
        ([1, 3], (-1 * 1 + 1 * 3) / (2 * 4)),
        ([0, 0], 0),
    ],
)
def test_gini_goes_from_all_alike_to_one_takes_all(shown, expected):
    assert metrics.gini(np.array(shown)) == pytest.approx(expected)


def test_the_long_tail_is_all_but_the_most_popular_fifth():
    popularity = np.array([9, 1, 8, 1, 1, 1, 1, 1, 1, 1])
    assert metrics.long_tail_share(np.array([5, 1, 2, 0, 0, 0, 0, 0, 0, 2]), popularity) == pytest.approx(
        3 / 10
    )
    assert metrics.long_tail_share(np.zeros(10, int), popularity) == 0
