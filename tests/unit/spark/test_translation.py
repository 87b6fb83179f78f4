"""Our objective in Spark's terms, without Spark."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix, random_array

from recsys.models.als import Als
from recsys.spark.translation import LEAST, item_scale, ratings, regularisation


@given(st.floats(2**-10, 100, width=32), st.floats(0.1, 50))
def test_a_rating_gives_the_confidence_of_the_weight_where_spark_can_express_it(weight, alpha):
    (rated,) = ratings(np.array([weight], np.float32), Als(alpha=alpha)).tolist()
    assert rated > 0, "Spark would read a dislike"
    confidence = alpha * weight
    if confidence > 1 + LEAST:
        assert abs(1 + rated - confidence) <= 1e-5 * confidence
    else:
        assert 1 < 1 + rated <= 1 + LEAST + 1e-6


def loss(x, y, weights, alpha, by_shopper, by_item):
    """The objective, with the penalty of every row of either side."""
    dense = weights.toarray()
    confidence = np.where(dense > 0, alpha * dense, 1.0)
    missed = (confidence * ((dense > 0) - x @ y.T) ** 2).sum()
    return missed + (by_shopper * (x**2).sum(axis=1)).sum() + (by_item * (y**2).sum(axis=1)).sum()


def test_where_all_have_equally_many_ratings_the_two_objectives_are_the_same():
    """12 shoppers with 4 items each, 8 items with 6 shoppers each: vectors of Spark's objective, scaled, cost the same in ours."""
    rng = np.random.default_rng(0)
    shopper, item = np.divmod(np.arange(96), 8)
    held = (shopper + item) % 2 == 0
    weights = csr_matrix(
        (rng.uniform(1, 3, 48).astype(np.float32), (shopper[held], item[held])), shape=(12, 8)
    )
    settings = Als(factors=3, regularization=0.7, alpha=2.0)
    rho, scale = regularisation(weights, settings), item_scale(weights)
    for _ in range(20):
        x, y = rng.normal(size=(12, 3)), rng.normal(size=(8, 3))
        of_spark = loss(x, y, weights, settings.alpha, rho * 4, rho * 6)
        ours = loss(x / scale, y * scale, weights, settings.alpha, 0.7, 0.7)
        np.testing.assert_allclose(ours, of_spark, rtol=1e-12)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.05, 1.0))
def test_rho_and_the_scale_are_finite_and_positive_for_any_shape(shoppers, items, density):
    weights = csr_matrix(random_array((shoppers, items), density=density, format="csr", rng=0))
    assert np.isfinite(regularisation(weights, Als()))
    if weights.nnz:
        assert regularisation(weights, Als()) > 0
        assert item_scale(weights) > 0
