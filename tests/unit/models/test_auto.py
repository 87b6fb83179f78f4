"""``auto``: tunes within its time, never peeks, and takes the simple thing where nothing shows more."""

from __future__ import annotations

import json

import numpy as np
import pytest

from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.als import Als
from recsys.models.auto import best_of, fit_auto, tune
from recsys.models.ease import Ease
from recsys.models.grids import families, most_factors, products
from recsys.models.item_knn import ItemKnn
from recsys.models.popular import Popular
from recsys.models.progress import Silent
from recsys.models.selection import DECISIVE, Judged
from recsys.models.tuning import Family, explore, parameters
from recsys.models.validation import ask


class Ticking:
    """A clock on which every look takes a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


class Watching:
    """A model that notes what it was given to learn from."""

    def __init__(self, name="watching"):
        self.name = name
        self.seen = []

    def fit(self, data, *, seed, progress):
        self.seen.append(data)
        return Popular().fit(data, seed=seed, progress=progress)


def shop(n_users=60, n_items=30, seed=1, **columns):
    """Two tastes: each buys mostly from its own half."""
    rng = np.random.default_rng(seed)
    pairs = [
        (f"u{user:03}", f"i{item:03}")
        for user in range(n_users)
        for item in range(n_items)
        if rng.random() < (0.4 if user % 2 == item % 2 else 0.05)
    ]
    table = {"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]}
    return build_training_data(interactions_table(table | columns), ())


@pytest.fixture(scope="module")
def data():
    return shop()


@pytest.fixture(scope="module")
def found(data):
    return fit_auto(data, seed=4, budget=1000, monotonic=Ticking())


def test_the_best_of_the_leaderboard_is_fitted_on_everything(data, found):
    values = [each["values"][DECISIVE] for each in found.leaderboard]
    assert values == sorted(values, reverse=True)
    assert found.leaderboard[0]["model"] == found.name
    assert found.leaderboard[0]["parameters"] == found.parameters
    assert found.fitted.score(np.arange(len(data.users))).shape == data.weights.shape


def test_every_model_has_its_place_on_the_leaderboard(found):
    names = {each["model"] for each in found.leaderboard}
    assert names >= {"popular", "item-knn", "rp3beta", "linear-filter", "ideal-filter", "ease", "als"}
    assert all(each["tries"] >= 1 and each["seconds"] > 0 for each in found.leaderboard)


def test_the_leaderboard_is_plain_values(found):
    plain = [dict(each) for each in found.leaderboard]
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_equal_data_seed_and_clock_give_an_equal_result(data, found):
    again = fit_auto(data, seed=4, budget=1000, monotonic=Ticking())
    assert again.leaderboard == found.leaderboard
    rows = np.arange(len(data.users))
    assert (again.fitted.score(rows) == found.fitted.score(rows)).all()


def test_what_is_asked_for_is_not_in_what_is_learned_from(data):
    question = ask(data, seed=4).question
    watching = Watching()
    explore(
        [Family("watching", (watching,))],
        question,
        seed=4,
        seconds=10,
        progress=Silent(),
        monotonic=Ticking(),
    )
    learned = watching.seen[0].weights
    assert learned[question.rows].multiply(question.truth).nnz == 0
    assert learned.nnz + question.truth.nnz == data.weights.nnz


def test_what_comes_after_the_training_data_changes_nothing(tmp_path, found):
    # A test file lies beside the training data with whatever it likes in it: nobody opens it.
    (tmp_path / "test.tsv").write_text("u000\ti001\n")
    first = fit_auto(shop(), seed=4, budget=1000, monotonic=Ticking())
    (tmp_path / "test.tsv").write_text("u000\ti002\nu001\ti003\n")
    second = fit_auto(shop(), seed=4, budget=1000, monotonic=Ticking())
    assert first.leaderboard == second.leaderboard == found.leaderboard


def test_a_budget_that_is_spent_leaves_the_simplest_models(data):
    result = fit_auto(data, seed=4, budget=3, monotonic=Ticking())
    assert [each["model"] for each in result.leaderboard] == ["popular"]
    assert result.name == "popular"


def test_a_larger_budget_tries_no_less(data):
    tries = [
        sum(each["tries"] for each in fit_auto(data, seed=4, budget=budget, monotonic=Ticking()).leaderboard)
        for budget in (3, 30, 120)
    ]
    assert tries[0] < tries[1] <= tries[2]


def test_an_equal_share_of_the_time_and_what_others_left_over(data):
    question = ask(data, seed=4).question
    many = tuple(ItemKnn(neighbours=n) for n in range(1, 40))
    tried = explore(
        [Family("first", many), Family("second", many)],
        question,
        seed=4,
        seconds=60,
        progress=Silent(),
        monotonic=Ticking(),
    )
    # A try takes as long in both; the looks at the clock in between cost the second a try or two.
    assert abs(tried[0].tries - tried[1].tries) <= 2
    assert 1 < tried[0].tries < len(many)


def test_settings_around_the_best_are_tried_until_none_is_better(data):
    question = ask(data, seed=4).question

    def smaller(best):
        return (ItemKnn(neighbours=best.neighbours - 1),) if best.neighbours > 1 else ()

    tried = explore(
        [Family("item-knn", (ItemKnn(neighbours=5),), smaller)],
        question,
        seed=4,
        seconds=float("inf"),
        progress=Silent(),
        monotonic=Ticking(),
    )
    assert 2 <= tried[0].tries <= 5


class Named:
    """Popularity under a name, so that it can be told which settings were kept."""

    def __init__(self, name):
        self.name = name

    def fit(self, data, *, seed, progress):
        return Popular().fit(data, seed=seed, progress=progress)


@pytest.mark.parametrize(("gain", "moves"), [(0.05, True), (0.01, False)])
def test_settings_are_left_only_for_what_is_better_by_more_than_chance(data, monkeypatch, gain, moves):
    question = ask(data, seed=4).question
    n = len(question.rows)
    # Sixty shoppers whose gains differ by 0.2 from their mean: the standard error is about 0.026.
    spread = np.where(np.arange(n) % 2, 0.2, -0.2)
    gains = {"first": np.zeros(n), "second": spread - spread.mean() + gain}
    at = iter(gains.values())

    def told(fitted, asked):
        values = next(at)
        return Judged(fitted.name, {DECISIVE: float(values.mean())}, values)

    monkeypatch.setattr("recsys.models.tuning.judge", told)
    tried = explore(
        [Family("popular", (Named("first"), Named("second")))],
        question,
        seed=4,
        seconds=float("inf"),
        progress=Silent(),
        monotonic=Ticking(),
    )
    assert tried[0].recommender.name == ("second" if moves else "first")


@pytest.mark.parametrize(
    "pairs", [[], [("ann", "tea")], [("ann", "tea"), ("bob", "tea"), ("bob", "cup")]], ids=len
)
def test_too_little_data_gives_popularity(pairs):
    table = {"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]}
    result = fit_auto(build_training_data(interactions_table(table), ["tea"]), seed=1, monotonic=Ticking())
    assert (result.name, result.leaderboard) == ("popular", [])


def test_a_blend_stands_on_the_leaderboard_only_where_it_beats_every_model(data):
    question = ask(data, seed=4).question
    tried = tune(question, seed=4, budget=None, progress=Silent(), monotonic=Ticking())
    blends = [each for each in tried if each.judged.model == "blend"]
    others = [each.judged.values[DECISIVE] for each in tried if each.judged.model != "blend"]
    assert all(each.judged.values[DECISIVE] > max(others) for each in blends)
    if blends:
        assert best_of(tried) == blends[0].recommender


def test_ease_is_not_tried_where_its_matrix_would_be_too_large(data, monkeypatch):
    assert any(each.name == "ease" for each in families(data, 60))
    monkeypatch.setattr("recsys.models.grids.MOST_ITEMS", len(data.items) - 1)
    assert not any(each.name == "ease" for each in families(data, 60))


def test_neighbourhoods_are_not_tried_where_finding_them_would_take_too_long(data, monkeypatch):
    by_items = products(data.weights.indptr)
    by_users = products(data.weights.tocsc().indptr)
    assert by_items == sum(n * n for n in np.diff(data.weights.indptr).tolist())
    assert by_items < by_users
    monkeypatch.setattr("recsys.models.grids.MOST_PRODUCTS", by_items)
    names = {each.name for each in families(data, 60)}
    assert "linear-filter" in names
    assert "user-knn" not in names


def test_vectors_keep_within_memory_and_within_the_data(data, monkeypatch):
    assert most_factors(data) == 8
    wide = shop(n_users=400, n_items=200)
    assert most_factors(wide) == 50
    monkeypatch.setattr("recsys.models.grids.MOST_VECTOR_BYTES", 4 * 600 * 20)
    assert most_factors(wide) == 20
    sizes = [
        each.factors for family in families(wide, 60) for each in family.settings if isinstance(each, Als)
    ]
    assert max(sizes) == 20


def test_few_shoppers_are_not_asked_about_fine_differences(data):
    few, some, many = (families(data, asked) for asked in (20, 200, 2000))
    assert all(len(each.settings) == 1 for each in few)
    assert sum(len(each.settings) for each in some) > len(some)
    ease = {each.name: each for each in many}["ease"]
    assert [each.regularization for each in ease.around(Ease(100.0))] == [200.0, 50.0]
    assert {each.name: each for each in some}["ease"].around(Ease(100.0)) == ()


def test_only_a_sample_is_asked_about_but_everybody_gives_up_items(data):
    whole, some = (ask(data, seed=4, most=most).question for most in (1000, 20))
    assert len(some.rows) == 20
    assert (some.train.weights != whole.train.weights).nnz == 0
    assert (np.diff(some.train.weights.indptr) < np.diff(data.weights.indptr)).all()


def test_parameters_are_the_settings_without_the_name():
    assert parameters(Popular(lean=3.0)) == {"lean": 3.0}
    assert parameters(Watching()) == {}
