"""Models by name: ours, a stranger's, and plain words where one does not load."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from recsys.domain.errors import Invalid
from recsys.models.loading import BUILT_IN, recommender
from recsys.models.progress import Silent


class Constant:
    """The least that a model needs."""

    answer = 1.0

    def fit(self, data, **_):
        self.n_items = len(data.items)
        return self

    def score(self, rows):
        return np.full((len(rows), self.n_items), self.answer)


class WithoutFit:
    pass


class NeedsArguments:
    def __init__(self, size):
        self.size = size


class FailsToLearn(Constant):
    def fit(self, _data, **_):
        raise RuntimeError("out of ideas")


class LearnsNothing(Constant):
    def fit(self, _data, **_):
        return None


class ScoresNan(Constant):
    answer = np.nan


class ScoresInfinity(Constant):
    answer = np.inf


class ScoresTheWrongShape(Constant):
    def score(self, _rows):
        return np.ones(3)


class FailsToScore(Constant):
    def score(self, _rows):
        raise KeyError("lost")


@pytest.fixture(autouse=True)
def stranger(monkeypatch):
    module = ModuleType("a_strangers_models")
    for thing in list(globals().values()):
        if isinstance(thing, type) and thing.__module__ == __name__:
            setattr(module, thing.__name__, thing)
    monkeypatch.setitem(sys.modules, "a_strangers_models", module)


@pytest.mark.parametrize("name", ["popular", "item-knn", "als"])
def test_ours_are_found_by_name(name):
    assert recommender(name) is BUILT_IN[name]


def test_a_strangers_model_needs_only_fit_and_score(purchases):
    data = purchases([("ann", "apple"), ("bob", "pear")])
    model = recommender("a_strangers_models:Constant").fit(data, seed=0, progress=Silent())
    lists = model.top_k(np.array([0, 1]), 5, data.owned)
    assert lists.items.tolist() == [[1, -1, -1, -1, -1], [0, -1, -1, -1, -1]]
    assert not model.explains
    assert (model.explain(np.array([0]), np.array([1])).because == -1).all()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("best", "choose one of auto, popular, item-knn"),
        ("no_such_module_here:Model", "there is no module 'no_such_module_here'"),
        ("a_strangers_models:Missing", "Missing"),
        ("a_strangers_models:WithoutFit", "has no method fit"),
        ("a_strangers_models:NeedsArguments", "size"),
        (":Model", "no model"),
        ("json:", "no model"),
    ],
)
def test_a_model_that_does_not_load_is_told_plainly(name, says):
    with pytest.raises(Invalid, match=says) as told:
        recommender(name)
    assert told.value.field == "model"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("FailsToLearn", "failed while learning: RuntimeError: out of ideas"),
        ("LearnsNothing", "method score"),
    ],
)
def test_a_model_that_does_not_learn_is_told_plainly(name, says, purchases):
    with pytest.raises(Invalid, match=says):
        recommender(f"a_strangers_models:{name}").fit(
            purchases([("ann", "apple")]), seed=0, progress=Silent()
        )


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ScoresNan", "NaN or infinity"),
        ("ScoresInfinity", "NaN or infinity"),
        ("ScoresTheWrongShape", r"shape \(3,\)"),
        ("FailsToScore", "failed while scoring: KeyError"),
    ],
)
def test_scores_that_cannot_be_ranked_are_told_plainly(name, says, purchases):
    data = purchases([("ann", "apple")])
    model = recommender(f"a_strangers_models:{name}").fit(data, seed=0, progress=Silent())
    with pytest.raises(Invalid, match=says):
        model.top_k(np.array([0]), 1, None)
