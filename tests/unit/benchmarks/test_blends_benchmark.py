"""The benchmark of blends: what it says of popularity is counted by hand."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

import blends
from recsys.batch.question import Question
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data

PAIRS = [("ann", "tea"), ("bob", "tea"), ("cat", "tea"), ("ann", "cup")]


def test_popularity_is_the_mean_number_of_owners_over_pairs():
    table = {"user_id": [user for user, _ in PAIRS], "item_id": [item for _, item in PAIRS]}
    data = build_training_data(interactions_table(table), ["jar"])
    # Items in order: cup, jar, tea. In the test part bob takes the cup, and cat the cup and the jar.
    truth = csr_matrix(np.array([[1, 0, 0], [1, 1, 0]], bool))
    question = Question(np.array([1, 2], np.int32), data.owned[[1, 2]], truth, np.array([1, 2]))
    found = blends.popularity(data, question)
    assert found == {"training pairs": 2.5, "test pairs": round(2 / 3, 1)}
