"""Choosing: by the decisive metric, the simpler of equals, always beside the baseline."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys.domain.errors import Invalid
from recsys.models.base import TopK
from recsys.models.progress import Silent
from recsys.models.selection import Validation, compare, contenders, judge
from recsys.models.topk import top_k


class Fixed:
    """Knows beforehand what it will say."""

    def __init__(self, name, scores):
        self.name = name
        self.scores = np.array(scores, np.float32)

    def fit(self, _data, **_):
        return self

    def top_k(self, rows, k, exclude):
        return TopK(*top_k(self.scores[rows], k, exclude))


@pytest.fixture
def question(purchases):
    # Ann has a and is asked about b; bob has b and is asked about a and c.
    train = purchases([("ann", "a"), ("bob", "b")], ["c", "d"])
    truth = csr_matrix(np.array([[0, 1, 0, 0], [1, 0, 1, 0]], bool))
    return Validation(train, np.array([0, 1], np.int32), train.owned, truth, left_out=3)


def test_a_model_is_measured_on_items_that_are_new_to_the_shopper(question):
    # Ann's list is d, b, c (a is owned): hit at 2. Bob's is a, c, d: hits at 1 and 2.
    judged = judge(Fixed("m", [[9, 2, 1, 3], [3, 9, 2, 1]]), question)
    assert judged.values["mrr@20"] == pytest.approx((1 / 2 + 1) / 2)
    assert judged.values["recall@20"] == 1
    assert judged.values["ndcg@20"] == pytest.approx((1 / np.log2(3) + 1) / 2)
    assert judged.values["coverage@20"] == 1
    assert judged.decisive == pytest.approx([1 / np.log2(3), 1])


def test_the_best_comes_first_and_of_equals_the_one_named_first(question):
    good, bad = [[0, 9, 1, 1], [9, 0, 8, 1]], [[0, 1, 9, 9], [1, 0, 2, 9]]
    models = [Fixed("simple", good), Fixed("poor", bad), Fixed("clever", good)]
    judged = compare(models, question, seed=0, progress=Silent())
    assert [each.model for each in judged] == ["simple", "clever", "poor"]


def test_a_name_is_tried_beside_the_baseline():
    assert [model.name for model in contenders("als")] == ["popular", "als"]
    assert [model.name for model in contenders("popular")] == ["popular"]
    with pytest.raises(Invalid):
        contenders("oracle")
