"""Alike in words: TF-IDF by hand, texts of every kind, and the bounds on work and memory."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.id_map import IdMap
from recsys.models.content import Content, ItemText, terms_of

SHOP = [
    ItemText("a", "Red tea cup", ("kitchen",)),
    ItemText("b", "Blue tea cup", ("kitchen",)),
    ItemText("c", "Red garden spade", ("garden",)),
    ItemText("d", "Garden rake", ("garden",)),
    ItemText("e", "Candle", ()),
]


def alike(shop, item, k=10, **settings):
    items = IdMap.of(each.item_id for each in shop)
    near = Content(**settings).fit(items, shop).similar(np.array([items.index(item)]), k)
    return {
        items[each]: score for each, score in zip(near.items[0], near.scores[0], strict=True) if each >= 0
    }


def test_the_score_is_the_cosine_of_tf_idf_vectors():
    shared, own = math.log(5 / 2), math.log(5 / 1)
    # a: red, tea, cup, kitchen, all on two of five items; b shares three of them and has “blue” for itself.
    expected = 3 * shared**2 / (math.sqrt(4 * shared**2) * math.sqrt(3 * shared**2 + own**2))
    assert alike(SHOP, "a")["b"] == pytest.approx(expected, rel=1e-5)


def test_what_shares_more_and_rarer_words_comes_first():
    assert list(alike(SHOP, "a")) == ["b", "c"]
    assert alike(SHOP, "e") == {}


def test_equal_texts_have_the_cosine_1_and_are_ranked_by_id():
    twins = [*SHOP, ItemText("y", "Red tea cup", ("kitchen",)), ItemText("x", "Red tea cup", ("kitchen",))]
    found = alike(twins, "a")
    assert list(found)[:2] == ["x", "y"]
    assert found["x"] == pytest.approx(1.0)
    assert found["x"] <= 1.0


def test_a_word_on_every_item_says_nothing():
    assert (
        alike([ItemText("a", "Shop red"), ItemText("b", "Shop blue"), ItemText("c", "Shop green")], "a") == {}
    )


def test_case_width_and_punctuation_do_not_matter_and_other_scripts_do_count():
    shop = [ItemText("a", "Tasse, BLAU"), ItemText("b", "tasse blau!"), ItemText("c", "お茶 碗")]
    assert alike(shop, "a")["b"] == pytest.approx(1.0)
    assert terms_of(shop[2]) == ["word お茶", "word 碗"]


def test_a_tag_is_one_term_and_no_word():
    assert terms_of(ItemText("a", "Tea", (" Afternoon Tea ", ""))) == ["tag afternoon tea", "word tea"]


def test_items_without_words_or_outside_the_data_are_nobodys_neighbours():
    shop = [*SHOP, ItemText("f", " ", ()), ItemText("g", "!!!", ("",))]
    assert alike(shop, "f") == alike(shop, "g") == {}
    known = IdMap.of(["a", "b"])
    near = Content().fit(known, SHOP).similar(np.array([0]), 5)
    assert set(near.items[0].tolist()) <= {1, -1}


@pytest.mark.parametrize("catalog", [[], [ItemText("a", "", ())], [ItemText("a", "Cup", ())]])
def test_a_catalog_that_says_nothing_gives_no_neighbours(catalog):
    near = Content().fit(IdMap.of(["a", "b"]), catalog).similar(np.arange(2), 3)
    assert (near.items == -1).all()


def test_the_commonest_words_are_left_out_where_comparing_would_cost_too_much():
    shop = [ItemText(f"i{n}", f"common {'rare' if n < 2 else f'own{n}'}") for n in range(10)]
    shop.append(ItemText("z", "Other"))
    assert len(alike(shop, "i0")) == 9
    assert list(alike(shop, "i0", most_products=50)) == ["i1"]


def test_only_what_is_asked_for_is_ranked():
    items = IdMap.of(each.item_id for each in SHOP)
    among = np.array([each == "c" for each in items.ids])
    near = Content().fit(items, SHOP).similar(np.array([0]), 3, among=among)
    assert near.items.tolist() == [[2, -1, -1]]


texts = st.lists(
    st.tuples(st.text("abc é", max_size=8), st.lists(st.sampled_from("xyz"), max_size=2)), max_size=12
)


@given(texts, st.integers(1, 5))
def test_neighbours_are_others_best_first_and_mutual_whatever_the_memory(drawn, k):
    shop = [ItemText(f"i{n:02}", title, tuple(tags)) for n, (title, tags) in enumerate(drawn)]
    items = IdMap.of(each.item_id for each in shop)
    fitted = Content().fit(items, shop)
    columns = np.arange(len(items))
    near, tight = fitted.similar(columns, k), fitted.similar(columns, k, budget=1)
    assert (near.items == tight.items).all()
    every = fitted.similar(columns, max(1, len(items)))
    for item, others, scores in zip(columns, near.items, near.scores, strict=True):
        there = others >= 0
        assert item not in others[there].tolist()
        assert (np.diff(scores[there]) <= 0).all()
        assert ((scores[there] > 0) & (scores[there] <= 1)).all()
        assert all(item in every.items[other].tolist() for other in others[there])
