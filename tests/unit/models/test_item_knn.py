"""Item-to-item: what is bought together, and the owned items behind it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from recsys.models import item_knn
from recsys.models.item_knn import ItemKnn, bm25
from recsys.models.progress import Silent

ROWS = [
    *[(shopper, item) for shopper in ("u1", "u2", "u3") for item in ("cup", "saucer")],
    *[(shopper, item) for shopper in ("v1", "v2", "v3") for item in ("spade", "rake")],
    ("w", "cup"),
    ("w", "spade"),
]


def fit(data):
    return ItemKnn().fit(data, seed=0, progress=Silent())


def test_what_was_bought_together_is_recommended(purchases):
    data = purchases(ROWS)
    model = fit(data)
    row = np.array([data.users.index("w")])
    lists = model.top_k(row, 2, data.owned[row])
    assert {data.items[item] for item in lists.items[0]} == {"saucer", "rake"}


def test_the_nearest_neighbour_is_the_companion_and_never_the_item_itself(purchases):
    data = purchases(ROWS)
    lists = fit(data).similar(np.arange(len(data.items)), 3)
    nearest = {data.items[i]: data.items[lists.items[i, 0]] for i in range(len(data.items))}
    assert nearest == {"cup": "saucer", "saucer": "cup", "spade": "rake", "rake": "spade"}
    assert all(item not in lists.items[item] for item in range(len(data.items)))


def test_the_reason_is_the_owned_companion(purchases):
    data = purchases(ROWS)
    row, saucer, cup = data.users.index("w"), data.items.index("saucer"), data.items.index("cup")
    reasons = fit(data).explain(np.array([row]), np.array([saucer]))
    assert reasons.because[0, 0] == cup
    assert reasons.shares[0, 0] == pytest.approx(1.0)


def test_what_was_only_looked_at_is_no_reason(purchases):
    rows = [*ROWS, ("x", "spade"), ("x", "cup")]
    data = purchases(rows, kind=["purchase"] * len(ROWS) + ["purchase", "view"])
    reasons = fit(data).explain(np.array([data.users.index("x")]), np.array([data.items.index("saucer")]))
    assert data.items.index("cup") not in reasons.because


def test_contributions_add_up_to_the_score(purchases):
    rng = np.random.default_rng(3)
    data = purchases([(f"u{u}", f"i{i}") for u in range(30) for i in range(12) if rng.random() < 0.3])
    model = fit(data)
    scores = model.score(np.arange(30))
    for row in range(30):
        owned = data.owned[[row]].indices
        parts = model.similarity[owned].toarray().T @ data.weights[[row]].data
        known = scores[row] > -np.inf
        assert parts[known] == pytest.approx(scores[row][known], rel=1e-5)


def test_reasons_do_not_depend_on_how_the_similarity_is_stored(purchases, monkeypatch):
    rng = np.random.default_rng(4)
    data = purchases([(f"u{u}", f"i{i:02}") for u in range(30) for i in range(12) if rng.random() < 0.3])
    rows, items = np.repeat(np.arange(10), 12), np.tile(np.arange(12), 10)
    dense = fit(data).explain(rows, items)
    monkeypatch.setattr(item_knn, "DENSE_SIMILARITY_BYTES", 0)
    sparse = fit(data).explain(rows, items)
    assert (dense.because == sparse.because).all()
    assert dense.shares == pytest.approx(sparse.shares)


def test_a_shopper_who_chose_few_things_says_more_than_one_who_bought_everything():
    weights = csr_matrix(np.array([[1, 1, 1, 1], [1, 0, 0, 0]], np.float32))
    weighed = bm25(weights, 1.2, 0.75).toarray()
    assert weighed[1, 0] > weighed[0, 0] > 0
