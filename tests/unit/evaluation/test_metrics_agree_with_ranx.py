"""A peer's numbers for the same lists: ranx agrees in all but average precision, where its formula is another one."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from recsys.evaluation import metrics

K, N_ITEMS, N_SHOPPERS = 5, 30, 60
SAME = ("recall", "ndcg", "precision", "mrr", "hit_rate")


def lists_and_truth(seed):
    rng = np.random.default_rng(seed)
    lists = np.argsort(rng.random((N_SHOPPERS, N_ITEMS)), axis=1)[:, : K + 3]
    truth = [rng.choice(N_ITEMS, size=rng.integers(1, 12), replace=False) for _ in range(N_SHOPPERS)]
    return lists, truth


def ours(lists, truth):
    sizes = np.array([len(each) for each in truth])
    starts = np.concatenate(([0], np.cumsum(sizes)))
    hits = metrics.find_hits(lists, starts, np.concatenate(truth), N_ITEMS)
    return metrics.evaluate(hits, sizes, K)


@pytest.fixture(scope="module")
def uncompiled():
    """Compiling takes ranx minutes and saves it milliseconds here; our own loops, later in this process, need it."""
    before = numba.config.DISABLE_JIT
    numba.config.DISABLE_JIT = True
    yield
    numba.config.DISABLE_JIT = before


@pytest.fixture(scope="module")
def theirs(uncompiled):
    import ranx

    def mean(lists, truth, name):
        wanted = {f"u{user}": {f"i{item}": 1 for item in items} for user, items in enumerate(truth)}
        found = {
            f"u{user}": {f"i{item}": float(len(row) - place) for place, item in enumerate(row)}
            for user, row in enumerate(lists)
        }
        return ranx.evaluate(ranx.Qrels(wanted), ranx.Run(found), f"{name}@{K}")

    return mean


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", SAME)
def test_the_same_formula_gives_the_same_number(theirs, seed, name):
    lists, truth = lists_and_truth(seed)
    value = ours(lists, truth).values[f"{name}@{K}"]
    assert 0 < value < 1
    assert value == pytest.approx(theirs(lists, truth, name))


@pytest.mark.parametrize("seed", range(3))
def test_average_precision_differs_by_what_it_is_divided_by(theirs, seed):
    lists, truth = lists_and_truth(seed)
    sizes = np.array([len(each) for each in truth])
    # We divide by min(|T|, k), the most that a list of k can hold; ranx divides by |T|.
    per_shopper = ours(lists, truth).per_shopper[f"map@{K}"] * np.minimum(sizes, K) / sizes
    assert theirs(lists, truth, "map") == pytest.approx(per_shopper.mean())
    assert theirs(lists, truth, "map") < ours(lists, truth).values[f"map@{K}"]


def test_average_precision_agrees_where_nobody_has_more_test_items_than_places(theirs):
    lists, truth = lists_and_truth(9)
    truth = [each[:K] for each in truth]
    assert ours(lists, truth).values[f"map@{K}"] == pytest.approx(theirs(lists, truth, "map"))
