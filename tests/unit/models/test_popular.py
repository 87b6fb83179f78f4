"""Popularity: the shop's, the market's, and how a thin market leans on the shop."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.models.popular import Popular, Popularity
from recsys.models.progress import Silent

ROWS = [
    ("ann", "apple", "FR"),
    ("ann", "pear", "FR"),
    ("bob", "apple", "FR"),
    ("cat", "plum", "DE"),
    ("dan", "plum", None),
    ("eve", "plum", None),
]


def fitted(data, lean):
    return Popular(lean).fit(data, seed=0, progress=Silent())


def test_without_a_market_everyone_counts(purchases):
    known = Popularity.of(purchases(ROWS, ["unsold"]))
    # apple 2, pear 1, plum 3, unsold 0, of 6 single purchases.
    assert known.overall == pytest.approx([2 / 6, 1 / 6, 3 / 6, 0])


def test_a_market_is_smoothed_towards_the_shop(purchases):
    known = Popularity.of(purchases(ROWS), lean=6.0)
    # France has 3: apple 2, pear 1. With 6 borrowed: (2 + 2) / 9, (1 + 1) / 9, (0 + 3) / 9.
    assert known.shares(np.array([1]))[0] == pytest.approx([4 / 9, 2 / 9, 3 / 9])


def test_a_thin_market_follows_the_shop_and_a_thick_one_itself(purchases):
    data = purchases(ROWS)
    frenchwoman = np.array([data.users.index("ann")])
    own = fitted(data, 0.001).top_k(frenchwoman, 1, None).items[0, 0]
    shop = fitted(data, 1000.0).top_k(frenchwoman, 1, None).items[0, 0]
    assert (data.items[own], data.items[shop]) == ("apple", "plum")


def test_items_that_nobody_wanted_are_not_popular(purchases):
    data = purchases(ROWS, ["unsold"])
    lists = fitted(data, 6.0).top_k(np.arange(5), 10, None)
    assert data.items.index("unsold") not in lists.items


def test_popularity_has_no_personal_reasons(purchases):
    model = fitted(purchases(ROWS), 6.0)
    assert not model.explains
    assert (model.explain(np.array([0]), np.array([2])).because == -1).all()
