"""Intervals by resampling shoppers."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.evaluation.intervals import bootstrap


def test_values_that_are_all_alike_leave_no_doubt():
    assert bootstrap(np.full(7, 0.25), rng=np.random.default_rng(0)) == (0.25, 0.25, 0.25)


def test_the_interval_agrees_with_the_normal_one_where_there_are_many_shoppers():
    values = np.random.default_rng(1).random(4_000)
    mean, low, high = bootstrap(values, rng=np.random.default_rng(2))
    error = values.std(ddof=1) / np.sqrt(len(values))
    assert mean == pytest.approx(values.mean())
    assert low == pytest.approx(mean - 1.96 * error, abs=0.2 * error)
    assert high == pytest.approx(mean + 1.96 * error, abs=0.2 * error)


def test_about_nineteen_of_twenty_intervals_hold_the_truth():
    rng = np.random.default_rng(3)
    intervals = [bootstrap(rng.exponential(1.0, 100), rng=rng, resamples=200) for _ in range(200)]
    assert 0.88 <= np.mean([low <= 1 <= high for _, low, high in intervals]) <= 0.99


def test_a_higher_level_gives_a_wider_interval():
    values = np.random.default_rng(4).random(50)
    near = bootstrap(values, rng=np.random.default_rng(5), level=0.5)
    far = bootstrap(values, rng=np.random.default_rng(5), level=0.99)
    assert far.low < near.low < near.mean < near.high < far.high


def test_equal_seeds_give_equal_intervals():
    values = np.random.default_rng(6).random(30)
    assert bootstrap(values, rng=np.random.default_rng(7)) == bootstrap(values, rng=np.random.default_rng(7))
