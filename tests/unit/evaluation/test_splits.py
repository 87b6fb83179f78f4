"""Splits: nothing from the future trains, nothing is lost, nothing counts twice."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.evaluation.splits import MICROSECOND, UNKNOWN_TIME, split_at_random, split_by_time

DAY = 86_400 * MICROSECOND


def days(*values):
    return np.array([UNKNOWN_TIME if value is None else value * DAY for value in values], np.int64)


def test_the_last_days_are_tested():
    split = split_by_time(days(0, 90, 93, 100), timedelta(days=7))
    assert split.test.tolist() == [False, False, True, True]
    assert split.at == 93 * DAY


def test_a_short_timeline_gives_only_its_share():
    split = split_by_time(days(0, 5, 8, 10), timedelta(days=28), at_most=0.2)
    assert split.test.tolist() == [False, False, True, True]


def test_interactions_without_a_time_train():
    split = split_by_time(days(None, 0, 10, None), timedelta(days=1))
    assert split.train.tolist() == [True, True, False, True]


def test_there_is_no_split_without_a_timeline():
    assert split_by_time(days(None, None), timedelta(days=1)) is None
    assert split_by_time(days(3, 3, None), timedelta(days=1)) is None
    assert split_by_time(days(), timedelta(days=1)) is None


@given(
    times=st.lists(st.one_of(st.none(), st.integers(0, 400)), max_size=40),
    last=st.integers(1, 100),
    at_most=st.floats(0.01, 1),
)
def test_nothing_tested_is_older_than_anything_trained(times, last, at_most):
    stamps = days(*times)
    split = split_by_time(stamps, timedelta(days=last), at_most=at_most)
    if split is None:
        assert len({time for time in times if time is not None}) < 2
        return
    assert (split.train ^ split.test).all()
    assert split.train.any()
    assert split.test.any()
    assert stamps[split.train].max() < stamps[split.test].min()


def random_split(shoppers, items, seed=1, share=0.2):
    return split_at_random(np.array(shoppers), np.array(items), share=share, rng=np.random.default_rng(seed))


def test_every_shopper_with_two_items_gives_one_and_keeps_one():
    split = random_split([0, 0, 1, 1, 1], [3, 4, 0, 1, 2])
    assert split.test[:2].sum() == 1
    assert split.test[2:].sum() == 1


def test_a_shopper_with_one_item_keeps_it_however_often_it_was_bought():
    assert not random_split([0, 0, 0], [7, 7, 7]).test.any()


@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), max_size=60),
    seed=st.integers(0, 99),
    share=st.floats(0.05, 0.95),
)
def test_all_interactions_with_an_item_go_to_the_same_side(pairs, seed, share):
    shoppers, items = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    split = random_split(shoppers, items, seed, share)
    assert (split.train ^ split.test).all()
    sides = {}
    for pair, tested in zip(pairs, split.test.tolist(), strict=True):
        assert sides.setdefault(pair, tested) == tested
    for shopper in set(shoppers):
        assert not all(tested for (owner, _), tested in sides.items() if owner == shopper)


def test_the_same_seed_gives_the_same_split():
    shoppers, items = [0] * 20, list(range(20))
    assert (random_split(shoppers, items, 5).test == random_split(shoppers, items, 5).test).all()
    assert (random_split(shoppers, items, 5).test != random_split(shoppers, items, 6).test).any()
