"""Bought together: the score by hand, what counts as an order, and the bounds on memory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.complements import Complements

CUPS = [
    *[(f"o{n}", item) for n in range(6) for item in ("cup", "saucer")],
    *[(f"o{n}", "plate") for n in range(3)],
    ("o6", "cup"),
    ("o7", "spade"),
]
"""Eight orders: cup in 7, saucer in 6, plate in 3, spade in 1; cup and saucer 6 times together, plate 3 times with both."""


def orders(pairs, **columns):
    table = interactions_table(
        {
            "user_id": [f"shopper of {order}" for order, _ in pairs],
            "item_id": [item for _, item in pairs],
            "order_id": [order for order, _ in pairs],
            **columns,
        }
    )
    return build_training_data(table, ["unsold"])


def companions(data, item, k=10, **settings):
    near = Complements(**settings).fit(data).similar(np.array([data.items.index(item)]), k)
    return {
        data.items[each]: score
        for each, score in zip(near.items[0], near.scores[0], strict=True)
        if each >= 0
    }


def test_the_score_is_damped_conditional_probability_shrunk_where_evidence_is_thin():
    found = companions(orders(CUPS), "cup", damping=0.25, shrink=5.0)
    saucer = 6 / (6 + 5) * (6 / 7) / (6 / 8) ** 0.25
    plate = 3 / (3 + 5) * (3 / 7) / (3 / 8) ** 0.25
    assert found == pytest.approx({"saucer": saucer, "plate": plate})
    assert list(found) == ["saucer", "plate"]


def test_with_the_exponent_1_and_no_shrinkage_it_is_the_lift():
    found = companions(orders(CUPS), "plate", damping=1.0, shrink=0.0)
    assert found == pytest.approx({"cup": 3 * 8 / (3 * 7), "saucer": 3 * 8 / (3 * 6)})


def test_lift_prefers_the_rare_and_probability_the_common():
    pairs = [(f"o{n}", "cup") for n in range(20)]
    pairs += [(f"o{n}", "bag") for n in range(10)] + [(f"x{n}", "bag") for n in range(30)]
    pairs += [(f"o{n}", "saucer") for n in range(10, 16)]
    assert next(iter(companions(orders(pairs), "cup", damping=0.0))) == "bag"
    assert next(iter(companions(orders(pairs), "cup", damping=1.0))) == "saucer"


def test_one_common_order_is_an_accident():
    data = orders(
        [("o1", "cup"), ("o1", "spade"), ("o2", "cup"), ("o2", "saucer"), ("o3", "cup"), ("o3", "saucer")]
    )
    assert list(companions(data, "cup")) == ["saucer"]


def test_an_item_twice_in_an_order_counts_once():
    once, twice = orders(CUPS), orders([*CUPS, *CUPS])
    assert companions(once, "cup") == companions(twice, "cup")


def test_only_purchases_in_orders_count():
    looked = orders(CUPS, kind=["view"] * len(CUPS))
    assert companions(looked, "cup") == {}
    loose = orders(CUPS, order_id=[None] * len(CUPS))
    assert companions(loose, "cup") == {}


def test_orders_too_large_to_say_anything_are_left_out():
    everything = [("bulk1", f"i{n}") for n in range(30)] + [("bulk2", f"i{n}") for n in range(30)]
    data = orders([*CUPS, *everything])
    assert companions(data, "i3", largest_order=29) == {}
    assert len(companions(data, "i3", k=50, largest_order=30)) == 29


def test_an_item_without_orders_has_no_companions_and_is_counted_with_none():
    data = orders(CUPS)
    fitted = Complements().fit(data)
    assert companions(data, "unsold") == {}
    assert fitted.orders[data.items.index("unsold")] == 0
    assert fitted.orders[data.items.index("cup")] == 7


def test_no_data_gives_no_companions():
    near = Complements().fit(orders([])).similar(np.array([0]), 3)
    assert near.items.tolist() == [[-1, -1, -1]]


baskets = st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=5), max_size=25)


@given(baskets, st.integers(1, 6))
def test_companions_are_others_best_first_whatever_the_memory(drawn, k):
    data = orders([(f"o{n}", f"i{item}") for n, basket in enumerate(drawn) for item in sorted(basket)])
    fitted = Complements().fit(data)
    columns = np.arange(len(data.items))
    near, tight = fitted.similar(columns, k), fitted.similar(columns, k, budget=1)
    assert (near.items == tight.items).all()
    assert (near.scores == tight.scores).all()
    for item, items, scores in zip(columns, near.items, near.scores, strict=True):
        there = items >= 0
        assert item not in items[there].tolist()
        assert len(set(items[there].tolist())) == there.sum()
        ranked = list(zip(scores[there].tolist(), items[there].tolist(), strict=True))
        assert ranked == sorted(ranked, key=lambda each: (-each[0], each[1]))
        for score, other in ranked:
            names = {int(data.items[each][1:]) for each in (item, other)}
            assert sum(names <= basket for basket in drawn) >= 2
            assert 0 < score < math.inf
