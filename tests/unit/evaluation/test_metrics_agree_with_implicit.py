"""A peer's numbers for the same lists, where the formulas are the same ones: MAP and NDCG of implicit."""

from __future__ import annotations

import numpy as np
import pytest
from implicit.evaluation import ranking_metrics_at_k
from scipy.sparse import csr_matrix

from recsys.evaluation import metrics

K = 10


class GivenLists:
    """Answers implicit's evaluation with lists decided beforehand."""

    def __init__(self, lists):
        self.lists = lists

    def recommend(self, users, _user_items, **_):
        return self.lists[users], np.zeros((len(users), K), np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_map_and_ndcg_agree(seed):
    rng = np.random.default_rng(seed)
    truth = csr_matrix(rng.random((40, 30)) < 0.15, dtype=np.float32)
    lists = np.argsort(rng.random((40, 30)), axis=1)[:, :K].astype(np.int32)
    theirs = ranking_metrics_at_k(
        GivenLists(lists),
        csr_matrix((40, 30), dtype=np.float32),
        truth,
        K=K,
        show_progress=False,
        num_threads=1,
    )
    hits = metrics.find_hits(lists, truth.indptr, truth.indices, 30)
    ours = metrics.evaluate(hits, np.diff(truth.indptr), K).values
    assert ours[f"map@{K}"] == pytest.approx(theirs["map"])
    assert ours[f"ndcg@{K}"] == pytest.approx(theirs["ndcg"])
