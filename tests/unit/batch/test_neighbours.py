"""What stands beside an item: purchases first, orders mixed in, words last."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.batch import neighbours
from recsys.batch.neighbours import ENOUGH_ORDERS, neighbour_blocks
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.content import ItemText
from recsys.models.item_knn import ItemKnn
from recsys.models.progress import Silent
from recsys.snapshots.layout import MAX_NEIGHBOURS, NeighbourKind

BOUGHT, TOGETHER, SIMILAR = NeighbourKind
TEXTS = [ItemText("cup", "Red cup"), ItemText("new-cup", "Red cup, new"), ItemText("spade", "Garden spade")]


def shop(orders, catalog=()):
    rows = [(user, order, item) for user, order, items in orders for item in items]
    columns = ("user_id", "order_id", "item_id")
    table = interactions_table(dict(zip(columns, zip(*rows, strict=True), strict=True)))
    return build_training_data(table, [each.item_id for each in catalog])


def kitchen(n_orders, catalog=TEXTS):
    """Cup and saucer always in one order; the same shoppers buy a spade, each time in another order."""
    orders = [(f"u{n}", f"o{n}", ("cup", "saucer")) for n in range(n_orders)]
    orders += [(f"u{n}", f"x{n}", ("spade",)) for n in range(n_orders)]
    return shop([*orders, *((f"v{n}", f"v{n}", ("rake", "seed")) for n in range(5))], catalog)


def ranked(data, catalog, item):
    """Neighbours of an item: (id, kind, score), best first."""
    item_knn = ItemKnn().fit(data, seed=0, progress=Silent())
    found = []
    for block in neighbour_blocks(data, item_knn, catalog):
        ends = np.cumsum(block.lengths)
        for end, length in zip(ends, block.lengths, strict=True):
            here = slice(end - length, end)
            parts = (block.parts[part][here].tolist() for part in ("items", "kinds", "scores"))
            found.append([(data.items[i], kind, score) for i, kind, score in zip(*parts, strict=True)])
    assert len(found) == len(data.items)
    return found[data.items.index(item)]


def test_companions_from_orders_are_mixed_in_and_lead():
    near = ranked(kitchen(ENOUGH_ORDERS), TEXTS, "cup")
    assert [each[:2] for each in near] == [("saucer", TOGETHER), ("spade", BOUGHT), ("new-cup", SIMILAR)]
    assert near[0][2] > near[1][2] > 0.01


def test_below_enough_orders_item_to_item_speaks_alone():
    near = ranked(kitchen(ENOUGH_ORDERS - 1), TEXTS, "cup")
    assert {each[:2] for each in near} == {("saucer", BOUGHT), ("spade", BOUGHT), ("new-cup", SIMILAR)}


def test_an_item_nobody_bought_has_neighbours_by_words_alone():
    near = ranked(kitchen(12), TEXTS, "new-cup")
    assert [each[:2] for each in near] == [("cup", SIMILAR)]


def test_words_stay_behind_purchases_even_as_a_mean_over_fifty_context_items():
    near = ranked(kitchen(12), TEXTS, "cup")
    similar = [score for _, kind, score in near if kind == SIMILAR]
    assert similar
    assert max(similar) < 0.01 / 50


def test_a_neighbour_that_was_bought_is_not_called_similar_however_alike():
    twins = [ItemText("cup", "Red cup"), ItemText("saucer", "Red cup"), ItemText("spade", "Spade")]
    near = ranked(kitchen(12, twins), twins, "cup")
    assert near[0][:2] == ("saucer", TOGETHER)
    assert SIMILAR not in {kind for _, kind, _ in near}


def test_without_words_and_orders_the_neighbours_are_those_of_item_to_item():
    data = shop([(f"u{n}", None, (f"i{n % 5}", f"i{(n * 3) % 7}", "cup")) for n in range(30)])
    expected = ItemKnn().fit(data, seed=0, progress=Silent()).similar(np.array([data.items.index("cup")]), 9)
    near = ranked(data, (), "cup")
    assert [each[0] for each in near] == [data.items[i] for i in expected.items[0] if i >= 0]
    assert {kind for _, kind, _ in near} == {BOUGHT}


@pytest.fixture
def crowded():
    """More than a hundred items in every basket, and as many new ones that read alike."""
    items = tuple(f"i{n:03}" for n in range(120))
    words = [ItemText(each, "Cup red") for each in (*items, *(f"n{n:03}" for n in range(60)))]
    others = [ItemText(f"z{n}", "Spade") for n in range(9)]
    catalog = [*words, *others]
    return shop([*[(f"u{n}", f"o{n}", items) for n in range(3)], ("w", "w", ("z1",))], catalog), catalog


def test_purchases_leave_room_for_new_items_and_no_list_is_too_long(crowded):
    data, catalog = crowded
    near = ranked(data, catalog, "i000")
    assert len(near) == MAX_NEIGHBOURS
    kinds = [kind for _, kind, _ in near]
    assert kinds == sorted(kinds, key=lambda kind: kind == SIMILAR)
    new = [item for item, kind, _ in near if kind == SIMILAR]
    assert len(new) == MAX_NEIGHBOURS - neighbours.MOST_BOUGHT
    assert all(item.startswith("n") for item in new)


def test_no_item_is_beside_itself_and_none_comes_twice(crowded):
    data, catalog = crowded
    for item in ("i000", "i119", "n000", "z1"):
        near = [each[0] for each in ranked(data, catalog, item)]
        assert item not in near
        assert len(near) == len(set(near))
