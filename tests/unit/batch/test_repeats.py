"""Buying again: often and lately counts."""

from __future__ import annotations

import pytest

from recsys.batch.repeats import repeat_scores


def scores(data, user):
    row = repeat_scores(data)[[data.users.index(user)]]
    return {data.items[item]: float(value) for item, value in zip(row.indices, row.data, strict=True)}


def test_the_score_is_the_damped_share_of_rebuying_halved_every_90_days(shop):
    data = shop(
        [("ann", "tea", 0), ("ann", "tea", 10), ("ann", "cup", 100), ("ann", "jam", 10)], cutoff_day=100
    )
    # Tea was bought twice, so (2 - 1/2) / 3, halved after 90 days; cup and jam once, so (1/2) / 2, jam halved too.
    assert scores(data, "ann") == pytest.approx({"tea": 1 / 4, "cup": 1 / 4, "jam": 1 / 8})


def test_without_times_only_the_count_speaks(shop):
    data = shop([("ann", "tea", None), ("ann", "tea", None), ("ann", "tea", None), ("ann", "cup", None)])
    assert scores(data, "ann") == pytest.approx({"tea": 2.5 / 4, "cup": 0.5 / 2})


def test_what_was_bought_long_ago_keeps_a_positive_score(shop):
    data = shop([("ann", "tea", 0), ("bob", "tea", 3000)])
    assert scores(data, "ann")["tea"] == pytest.approx(0.01)


def test_what_was_only_looked_at_is_not_bought_again(shop):
    data = shop([("ann", "tea", 0, "view"), ("ann", "cup", 0)])
    assert set(scores(data, "ann")) == {"cup"}
