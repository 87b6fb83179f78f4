"""RP3beta, the graph filters and EASE by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.domain.errors import Invalid
from recsys.models.blend import standardised
from recsys.models.ease import Ease
from recsys.models.progress import Silent
from recsys.models.rp3beta import RP3beta
from recsys.models.spectral import IdealFilter, LinearFilter, Spectral
from recsys.models.user_knn import UserKnn

# ann: a, b · bob: b, c · cid: a, b, c. Degrees of items: a 2, b 3, c 2; of shoppers: 2, 2, 3.
ROWS = [("ann", "a"), ("ann", "b"), ("bob", "b"), ("bob", "c"), ("cid", "a"), ("cid", "b"), ("cid", "c")]


def fit(model, data):
    return model.fit(data, seed=3, progress=Silent())


def test_a_walk_multiplies_the_three_chances(purchases):
    fitted = fit(RP3beta(beta=0.0), purchases(ROWS))
    # From b (a third each to ann, bob, cid) to a: ann goes there with 1/2, cid with 1/3.
    assert fitted.similarity[1, 0] == pytest.approx((1 / 2 + 1 / 3) / 3)
    # Ann has a and b; she reaches c from a by cid alone (1/2 · 1/3), from b by bob and cid.
    assert fitted.score(np.array([0]))[0, 2] == pytest.approx(1 / 2 * 1 / 3 + (1 / 2 + 1 / 3) / 3)


def test_beta_holds_popularity_against_an_item(purchases):
    plain, held = (fit(RP3beta(beta=beta), purchases(ROWS)).similarity for beta in (0.0, 1.0))
    assert held[0, 1] == pytest.approx(plain[0, 1] / 3)
    assert held[0, 2] == pytest.approx(plain[0, 2] / 2)


def test_alpha_is_the_exponent_of_every_chance(purchases):
    fitted = fit(RP3beta(alpha=0.5, beta=0.0), purchases(ROWS))
    assert fitted.similarity[1, 0] == pytest.approx((1 / 2**0.5 + 1 / 3**0.5) / 3**0.5)


def test_the_linear_filter_normalises_each_side_by_itself(purchases):
    fitted = fit(LinearFilter(source=0.8, target=0.2, shopper=1.0, sharpness=1.0), purchases(ROWS))
    between = 1 / 2 + 1 / 3
    assert fitted.similarity[0, 1] == pytest.approx(between / (2**0.8 * 3**0.2))
    assert fitted.similarity[1, 0] == pytest.approx(between / (3**0.8 * 2**0.2))


def test_sharpness_is_the_exponent_of_the_entries(purchases):
    plain, sharp = (
        fit(LinearFilter(sharpness=by), purchases(ROWS)).similarity.toarray() for by in (1.0, 2.0)
    )
    assert sharp == pytest.approx(plain**2)


def test_only_so_many_neighbours_stay(purchases):
    fitted = fit(LinearFilter(neighbours=1), purchases(ROWS))
    assert np.diff(fitted.similarity.indptr).max() == 1


def test_the_ideal_filter_never_passes_everything(purchases):
    data = purchases([(f"u{n}", f"i{m}") for n in range(12) for m in range(12) if n != m])
    assert fit(IdealFilter(rank=256), data).into.shape == (12, 3)


def test_the_spectral_filter_is_both_filters_in_the_units_of_a_blend(purchases):
    data = purchases([(f"u{n}", f"i{m}") for n in range(14) for m in range(n % 2, 14, 2) if n != m])
    model, rows = Spectral(weight=0.4), np.arange(14)
    linear, ideal = (
        standardised(fit(each, data).score(rows), data.weights)[0] for each in (model.linear, model.ideal)
    )
    assert fit(model, data).score(rows) == pytest.approx(linear + 0.4 * ideal, abs=1e-5)


def test_like_minded_shoppers_have_items_in_common_that_few_have(purchases):
    model = UserKnn(shared=0.5, own=0.0, other=1.0, target=1.0)
    fitted = fit(model, purchases(ROWS))
    # Ann shares b (three have it) with bob, and a and b (two, three) with cid, who has three items.
    assert fitted.likeness[0, 1] == pytest.approx((1 / 3) / 2)
    assert fitted.likeness[0, 2] == pytest.approx((1 / 2 + 1 / 3) / 3)
    # Both of them have c, which two have.
    assert fitted.score(np.array([0]))[0, 2] == pytest.approx((1 / 6 + 5 / 18) / 2)


def test_only_the_nearest_shoppers_and_oneself_stay(purchases):
    fitted = fit(UserKnn(neighbours=1, shared=0.5, own=0.0, other=0.0), purchases(ROWS))
    assert fitted.likeness[0].indices.tolist() == [0, 2]


def test_ease_solves_its_normal_equations(purchases):
    data = purchases(ROWS, ["unsold"])
    fitted = fit(Ease(regularization=2.0), data)
    has = data.weights.toarray()[:, :3].astype(np.float64)
    inverse = np.linalg.inv(has.T @ has + 2.0 * np.eye(3))
    expected = np.eye(3) - inverse / np.diag(inverse)
    assert fitted.coefficients == pytest.approx(expected, abs=1e-5)
    assert fitted.score(np.array([0]))[0, :3] == pytest.approx(has[0] @ expected, abs=1e-5)
    assert fitted.score(np.array([0]))[0, 3] == -np.inf


def test_ease_refuses_a_catalog_that_is_too_large_for_a_dense_matrix(purchases):
    with pytest.raises(Invalid, match="3 items have interactions; it takes at most 2"):
        fit(Ease(most_items=2), purchases(ROWS, ["unsold"]))


def test_items_without_interactions_do_not_count_against_ease(purchases):
    assert fit(Ease(most_items=3), purchases(ROWS, ["x", "y", "z"])).n_items == 6
