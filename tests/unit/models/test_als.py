"""Matrix factorisation: its explanations are the published ones, and what is unknown has no vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from implicit.cpu.als import AlternatingLeastSquares
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from recsys.models import topk
from recsys.models.als import Als
from recsys.models.progress import Silent


@pytest.fixture
def shop(purchases):
    rng = np.random.default_rng(2)
    return purchases(
        [(f"u{u:02}", f"i{i:02}") for u in range(40) for i in range(15) if rng.random() < 0.3], ["unsold"]
    )


def fit(data, **settings):
    return Als(factors=8, **settings).fit(data, seed=5, progress=Silent())


def implicit_twin(model):
    with threadpool_limits(1, "blas"):
        twin = AlternatingLeastSquares(
            factors=8, regularization=model.settings.regularization, alpha=model.settings.alpha
        )
    twin.item_factors, twin.user_factors = model.item_vectors, model.shopper_vectors
    return twin


@pytest.mark.parametrize("row", [0, 7, 21])
def test_explanations_are_those_of_implicit(shop, row):
    model = fit(shop)
    item = int(model.top_k(np.array([row]), 1, shop.owned[[row]]).items[0, 0])
    _, theirs, _ = implicit_twin(model).explain(row, shop.weights, item, N=20)
    positive = [(other, part) for other, part in theirs if part > 0]
    ours = model.explain(np.array([row]), np.array([item]))
    assert ours.because[0].tolist() == [other for other, _ in positive[:2]]
    total = sum(part for _, part in positive)
    assert ours.shares[0] == pytest.approx([part / total for _, part in positive[:2]], rel=1e-3)


def test_an_item_that_nobody_bought_has_no_vector_and_is_not_recommended(shop):
    model = fit(shop)
    unsold = shop.items.index("unsold")
    assert not model.item_vectors[unsold].any()
    assert unsold not in model.top_k(np.arange(len(shop.users)), 16, None).items


def test_progress_advances_once_per_iteration(shop):
    class Counting(Silent):
        done = 0

        def advance(self, n=1):
            self.done += n

    progress = Counting()
    Als(factors=4, iterations=6).fit(shop, seed=0, progress=progress)
    assert progress.done == 6


def test_another_seed_gives_other_vectors(shop):
    first = Als(factors=8).fit(shop, seed=1, progress=Silent())
    second = Als(factors=8).fit(shop, seed=2, progress=Silent())
    assert (first.item_vectors != second.item_vectors).any()


def test_the_number_of_threads_changes_nothing(shop, monkeypatch):
    one = fit(shop)
    monkeypatch.setattr(topk, "WORTH_THREADS", 0)
    many = fit(shop)
    assert (one.item_vectors == many.item_vectors).all()
    assert (one.shopper_vectors == many.shopper_vectors).all()


def test_an_item_does_not_explain_itself(shop):
    model = fit(shop)
    owned = shop.owned[[3]].indices
    reasons = model.explain(np.full(len(owned), 3), owned)
    assert (reasons.because != owned[:, None]).all()


def test_a_purchase_of_a_popular_item_counts_less_by_the_root_of_its_popularity(shop):
    degrees = np.asarray(shop.weights.sum(axis=0)).ravel()
    known = degrees > 0
    factors = np.where(known, (np.maximum(degrees, 1) / np.median(degrees[known])) ** -0.5, 0)
    by_hand = replace(shop, weights=csr_matrix(shop.weights.multiply(factors[None, :]), dtype=np.float32))
    one, other = fit(shop, popularity=0.5), fit(by_hand)
    assert one.item_vectors == pytest.approx(other.item_vectors, abs=1e-4)
    assert one.shopper_vectors == pytest.approx(other.shopper_vectors, abs=1e-4)
    rows, items = np.arange(10), np.arange(10) % 15
    assert one.explain(rows, items).because.tolist() == other.explain(rows, items).because.tolist()
