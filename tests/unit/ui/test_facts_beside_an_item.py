"""The figures that an editor judges an item by."""

from __future__ import annotations

import pytest

from curation_ui.surfaces.facts import Facts, margin_of, runs_low
from recsys.domain.catalog import Item


def item(price=10.0, stock=None, **attributes):
    return Item("a", "A", price=price, stock=stock, attributes=attributes)


@pytest.mark.parametrize(
    ("attributes", "margin"),
    [
        ({"margin": 0.4}, 0.4),
        ({"margin": 40}, 0.4),
        ({"margin": -0.1}, -0.1),
        ({"cost": 6}, 0.4),
        ({"cost": 12}, -0.2),
        ({"cost": 6, "margin": 0.5}, 0.5),
        ({"cost": "6"}, None),
        ({"margin": True}, None),
        ({}, None),
    ],
)
def test_the_margin_is_the_catalogs_own_or_what_the_cost_leaves(attributes, margin):
    assert margin_of(item(**attributes)) == (None if margin is None else pytest.approx(margin))


@pytest.mark.parametrize("price", [None, 0.0])
def test_without_a_price_a_cost_says_nothing(price):
    assert margin_of(item(price=price, cost=6)) is None


def test_stock_runs_low_when_it_is_below_what_the_latest_week_sold():
    assert runs_low(item(stock=3), Facts(weeks=(4, 0, 0, 0)))
    assert not runs_low(item(stock=4), Facts(weeks=(4, 9, 9, 9)))
    assert not runs_low(item(stock=0), Facts())
    assert not runs_low(item(), Facts(weeks=(4, 0, 0, 0)))


def test_sales_of_the_weeks_add_up_and_are_not_known_where_no_run_counted_them():
    assert Facts(weeks=(4, 3, 2, 1)).sold == 10
    assert Facts(weeks=(0, 0, 0, 0)).sold == 0
    assert Facts().sold is None
