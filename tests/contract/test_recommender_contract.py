"""What every recommender owes to the rest, whatever it does inside."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.als import Als
from recsys.models.blend import Blend
from recsys.models.loading import BUILT_IN
from recsys.models.progress import Silent
from recsys.models.spectral import IdealFilter, LinearFilter

MODELS = {**BUILT_IN, "blend": Blend((LinearFilter(), IdealFilter(), Als(factors=16)), (1.0, 0.3, 0.2))}
pytestmark = pytest.mark.parametrize("name", MODELS)
EVERY = sorted(MODELS)
PERSONAL = [name for name in EVERY if name != "popular"]


def purchases(pairs, catalog=()):
    table = interactions_table(
        {"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]}
    )
    return build_training_data(table, catalog)


def checkerboard(size):
    """Even shoppers buy even items and odd ones odd items; everyone leaves out the item of their own number."""
    return purchases(
        [
            (f"u{user:03}", f"i{item:03}")
            for user in range(size)
            for item in range(user % 2, size, 2)
            if item != user
        ]
    )


def fit(name, data, seed=7):
    return MODELS[name].fit(data, seed=seed, progress=Silent())


def everyone(data):
    return np.arange(len(data.users), dtype=np.int32)


@pytest.fixture
def shop():
    rng = np.random.default_rng(11)
    pairs = [(f"u{user:02}", f"i{item:02}") for user in range(30) for item in range(25) if rng.random() < 0.2]
    return purchases(pairs, ["unsold-1", "unsold-2"])


def test_solves_the_checkerboard(name):
    if name == "popular":
        data = checkerboard(50)
        # Popularity knows no taste: all it owes is that nothing owned comes back.
        lists = fit(name, data).top_k(everyone(data), 5, data.owned)
        assert not any(data.owned[user, item] for user, row in enumerate(lists.items) for item in row)
        return
    data = checkerboard(50)
    lists = fit(name, data).top_k(everyone(data), 1, data.owned)
    assert lists.items[:, 0].tolist() == list(range(50))


def test_never_gives_what_is_excluded(name, shop):
    exclude = csr_matrix(np.random.default_rng(1).random((len(shop.users), len(shop.items))) < 0.5)
    lists = fit(name, shop).top_k(everyone(shop), 20, exclude)
    for user, row in enumerate(lists.items):
        assert not set(row[row >= 0].tolist()) & set(exclude[[user]].indices.tolist())


def test_lists_are_best_first_without_repetition_and_finite(name, shop):
    lists = fit(name, shop).top_k(everyone(shop), 27, None)
    assert lists.items.dtype == np.int32
    assert lists.scores.dtype == np.float32
    for items, scores in zip(lists.items, lists.scores, strict=True):
        n = int((items >= 0).sum())
        assert (items[:n] >= 0).all()
        assert len(set(items[:n].tolist())) == n
        assert np.isfinite(scores[:n]).all()
        assert (np.diff(scores[:n]) <= 0).all()
        assert (scores[n:] == -np.inf).all()


def test_items_nobody_bought_are_never_proposed(name, shop):
    lists = fit(name, shop).top_k(everyone(shop), 27, None)
    unsold = [shop.items.index("unsold-1"), shop.items.index("unsold-2")]
    assert not np.isin(lists.items, unsold).any()


def test_scores_are_never_nan_and_have_a_column_an_item(name, shop):
    scores = fit(name, shop).score(np.array([3, 0, 3]))
    assert scores.shape == (3, len(shop.items))
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()
    assert not np.isposinf(scores).any()


def test_equal_data_and_seed_give_equal_lists(name, shop):
    first = fit(name, shop, 3).top_k(everyone(shop), 10, shop.owned)
    second = fit(name, shop, 3).top_k(everyone(shop), 10, shop.owned)
    assert (first.items == second.items).all()
    assert (first.scores == second.scores).all()


def test_the_order_of_the_question_changes_no_answer(name, shop):
    model = fit(name, shop)
    forth = model.top_k(everyone(shop), 10, shop.owned)
    back = model.top_k(everyone(shop)[::-1], 10, shop.owned[::-1])
    assert (forth.items == back.items[::-1]).all()


def test_an_exhausted_shopper_gets_an_empty_list(name):
    data = purchases([("all", "a"), ("all", "b"), ("all", "c"), ("one", "a"), ("two", "b"), ("two", "a")])
    lists = fit(name, data).top_k(everyone(data), 5, data.owned)
    assert (lists.items[data.users.index("all")] == -1).all()


def test_a_shopper_with_dislikes_alone_is_no_trouble(name):
    table = interactions_table(
        {
            "user_id": ["ann", "bob", "bob"],
            "item_id": ["a", "a", "b"],
            "kind": ["dislike", "purchase", "purchase"],
        }
    )
    data = build_training_data(table, ())
    lists = fit(name, data).top_k(everyone(data), 5, data.owned)
    assert np.isfinite(lists.scores[lists.items >= 0]).all()
    if name in PERSONAL:
        assert (lists.items[data.users.index("ann")] == -1).all()


@pytest.mark.parametrize(
    "pairs",
    [
        [("ann", "apple")],
        [("ann", "apple"), ("bob", "apple")],
        [("ann", "apple"), ("ann", "pear")],
        [],
    ],
    ids=["one shopper, one item", "one item", "one shopper", "nobody"],
)
def test_the_smallest_shops_are_no_trouble(name, pairs):
    data = purchases(pairs, ["apple"])
    model = fit(name, data)
    lists = model.top_k(everyone(data), 3, data.owned)
    assert lists.items.shape == (len(data.users), 3)
    columns = np.arange(len(data.items))
    assert (model.similar(columns, 2).items != columns[:, None]).all()
    reasons = model.explain(np.repeat(everyone(data), len(columns)), np.tile(columns, len(data.users)))
    assert reasons.because.shape == (len(data.users) * len(columns), 2)


def test_no_rows_give_no_lists(name, shop):
    nobody = np.zeros(0, np.int32)
    lists = fit(name, shop).top_k(nobody, 4, shop.owned[nobody])
    assert lists.items.shape == (0, 4)
    assert fit(name, shop).similar(nobody, 4).items.shape == (0, 4)
    assert fit(name, shop).explain(nobody, nobody).because.shape == (0, 2)


def test_neighbours_are_others_best_first_with_positive_scores(name, shop):
    columns = np.arange(len(shop.items))
    near = fit(name, shop).similar(columns, 30)
    assert near.items.shape == (len(columns), 30)
    assert (near.items != columns[:, None]).all()
    assert (near.scores[near.items >= 0] > 0).all()
    for scores in near.scores:
        n = int((scores > -np.inf).sum())
        assert (np.diff(scores[:n]) <= 0).all()


def test_reasons_are_owned_items_with_shares_of_at_most_the_whole(name, shop):
    model = fit(name, shop)
    lists = model.top_k(everyone(shop), 8, shop.owned)
    rows = np.repeat(everyone(shop), (lists.items >= 0).sum(axis=1))
    items = lists.items[lists.items >= 0]
    because, shares = model.explain(rows, items)
    assert model.explains == bool((because >= 0).any())
    for row, reasons, parts in zip(rows, because, shares, strict=True):
        there = reasons >= 0
        assert set(reasons[there].tolist()) <= set(shop.owned[[row]].indices.tolist())
        assert ((parts > 0) == there).all()
        assert parts.sum() <= 1 + 1e-5
        assert (np.diff(parts) <= 0).all()


def test_fitting_and_asking_change_nothing_in_the_data(name, shop):
    weights, owned = shop.weights.copy(), shop.owned.copy()
    model = fit(name, shop)
    model.top_k(everyone(shop), 5, shop.owned)
    model.explain(np.array([0]), np.array([1]))
    assert (weights != shop.weights).nnz == 0
    assert (owned != shop.owned).nnz == 0
