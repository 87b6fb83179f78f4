"""What the desk finds in the catalog, and in which order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from support.tiny_shop import ONLY_IN_FRANCE, OUT_OF_STOCK, UNAVAILABLE, make_tiny_shop

from recsys.slates.finding import Wanted, find
from recsys.slates.refresh import LiveHolder


@pytest.fixture
def state(tmp_path, database_url):
    tiny = make_tiny_shop(tmp_path / "home", database_url)
    holder = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)
    yield holder.catch_up()
    tiny.shop.database.close()


def ids(state, limit=40, **wanted):
    return [item.item_id for item in find(state, Wanted(**wanted), limit)]


def test_what_can_be_bought_comes_first_and_the_popular_ones_before_others(state):
    popular = [item_id for item_id, _ in state.release.run.popularity.popular(None)]
    gone = {UNAVAILABLE, OUT_OF_STOCK}
    expected = [each for each in popular if each not in gone] + [each for each in popular if each in gone]
    assert ids(state, text="i") == [each for each in expected if each in ids(state, text="i")]
    assert set(ids(state, text="i")) >= {UNAVAILABLE, OUT_OF_STOCK, ONLY_IN_FRANCE}


@pytest.mark.parametrize("limit", [1, 3, 12])
def test_a_shorter_list_is_the_beginning_of_a_longer_one(state, limit):
    assert ids(state, limit, text="red") == ids(state, text="red")[:limit]
    assert ids(state, limit, like=("i01", "i02")) == ids(state, like=("i01", "i02"))[:limit]


def test_what_is_most_alike_comes_first_and_the_items_themselves_do_not(state):
    snapshot = state.release.snapshot
    vectors = snapshot.item_vectors / np.linalg.norm(snapshot.item_vectors, axis=1, keepdims=True)
    rows = [snapshot.item_index[each] for each in ("i01", "i02")]
    likeness = vectors @ vectors[rows].mean(axis=0)
    expected = [snapshot.item_ids[row] for row in np.argsort(-likeness, kind="stable") if row not in rows]
    assert ids(state, like=("i01", "i02", "unknown")) == expected


def test_likeness_and_words_hold_together(state):
    found = ids(state, like=("i01",), text="lantern")
    assert set(found) == {"i02", "i12", "i22", "i32"}
    assert found == [each for each in ids(state, like=("i01",)) if each in found]


def test_before_a_run_is_live_words_are_found_and_nothing_is_alike(state):
    bare = replace(state, release=None, held={})
    assert ids(bare, text="red mug") == ["i01"]
    assert ids(bare, like=("i01",)) == []
