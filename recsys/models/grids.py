"""The settings that `auto` tries, sized to the data: few and well chosen, the most promising first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.data.training import TrainingData
from recsys.models.als import Als
from recsys.models.base import Recommender
from recsys.models.ease import MOST_ITEMS, Ease, dense_items
from recsys.models.item_knn import ItemKnn
from recsys.models.popular import Popular
from recsys.models.rp3beta import RP3beta
from recsys.models.spectral import IdealFilter, LinearFilter
from recsys.models.tuning import Family
from recsys.models.user_knn import UserKnn

FEW = 100
"""With fewer shoppers to ask, only the first settings of each model are tried."""

MANY = 500
"""From this many shoppers on, settings around the best are tried too."""

MOST_PRODUCTS = 3e9
"""Multiplications that one fit of a neighbourhood model may take: a few minutes on one core."""

EVEN = LinearFilter(0.5, 0.5, 0.5, sharpness=1.0)
"""The linear filter of GF-CF."""

POPULAR = LinearFilter(0.8, 0.1, 1.0, sharpness=1.0)
"""A linear filter that holds little against popular items."""

PLAIN = UserKnn(target=0.0, other=0.8, name="user-knn-plain")
"""Like-minded shoppers who hold nothing against popular items. It is a model of its own because a hold-out can't tell
how popular the future is: a blend has something from both sides."""

DENSE = 0.01
"""Share of all pairs of shopper and item from which on data counts as dense."""

LONG_VECTORS = 1_500_000
"""Up to this many weights vectors of 384 factors are worth their time."""

MIDDLING_VECTORS = 5_000_000
"""Up to this many weights vectors of 256 factors are worth their time, for more of them shorter ones are."""

MOST_VECTOR_BYTES = 2 * 2**30
"""What the vectors of all shoppers and items may take."""


def families(data: TrainingData, asked: int) -> tuple[Family, ...]:
    """Give the models to try on this data, those first that must not be left out when time is short.

    `asked` is the number of shoppers in the validation question. With few of them, near settings differ by chance
    alone: then there is less to try.
    """
    unit = float(np.mean(np.square(data.weights.data))) if data.weights.nnz else 1.0
    found = [
        Family("popular", (Popular(),)),
        Family("item-knn", (ItemKnn(), ItemKnn(neighbours=50), ItemKnn(k1=20.0))),
        Family("als", tuple(_factorisations(data, unit**0.5)), _around_als),
    ]
    if products(data.weights.indptr) <= MOST_PRODUCTS:
        found += [
            Family("linear-filter", (LinearFilter(), POPULAR, EVEN), _around_linear),
            Family("rp3beta", tuple(RP3beta(beta=beta) for beta in (0.1, 0.3, 0.5)), _around_walk),
        ]
    if dense_items(data) <= MOST_ITEMS:
        penalties = (200.0, 50.0, 800.0)
        found.append(Family("ease", tuple(Ease(penalty * unit) for penalty in penalties), _around_ease))
    found.append(Family("ideal-filter", tuple(_ideal(data)), _around_ideal))
    if products(data.weights.tocsc().indptr) <= MOST_PRODUCTS:
        users = (UserKnn(), UserKnn(neighbours=1000), UserKnn(shared=0.5))
        found += [Family("user-knn", users, _around_users), Family(PLAIN.name, (PLAIN,))]
    return tuple(_as_far_as_it_goes(each, asked) for each in found)


def products(offsets: NDArray[Any]) -> float:
    """Count the multiplications of a sparse matrix with its own transpose, from the offsets of its rows."""
    return float(np.square(np.diff(offsets).astype(np.float64)).sum())


def _as_far_as_it_goes(family: Family, asked: int) -> Family:
    if asked < FEW:
        return Family(family.name, family.settings[:1])
    return Family(family.name, family.settings) if asked < MANY else family


def most_factors(data: TrainingData) -> int:
    """Bound the length of vectors by the memory they take, and by the shorter side of the matrix."""
    affordable = MOST_VECTOR_BYTES // (4 * max(1, sum(data.weights.shape)))
    return max(8, min(affordable, *(side // 4 for side in data.weights.shape)))


def _ideal(data: TrainingData) -> list[Recommender]:
    limit = most_factors(data)
    ranks = dict.fromkeys(min(rank, limit) for rank in (512, 128, 1024))
    return [IdealFilter(rank) for rank in ranks]


def _factorisations(data: TrainingData, unit: float) -> list[Recommender]:
    """ALS by size: `unit` is the size of a usual weight, so that weights of any scale give a like confidence."""
    limit = min(most_factors(data), _longest(data.weights.nnz))
    sparse = data.weights.nnz < DENSE * data.weights.shape[0] * data.weights.shape[1]
    # The less is known of a shopper, the more a purchase has to say against all that was not bought.
    usual = (
        [Als(384, 20.0, 30.0, popularity=0.5), Als(384, 30.0, 40.0), Als(64, 5.0, 10.0)]
        if sparse
        else [Als(), Als(64, 20.0, 4.0), Als(128, 50.0, 4.0), Als(256, 5.0, 60.0)]
    )
    fitting = [replace(each, factors=min(each.factors, limit)) for each in usual]
    return [each if each == Als() else replace(each, alpha=each.alpha / max(unit, 1e-3)) for each in fitting]


def _longest(nnz: int) -> int:
    if nnz <= LONG_VECTORS:
        return 384
    return 256 if nnz <= MIDDLING_VECTORS else 64


def _around_walk(best: Recommender) -> Sequence[Recommender]:
    if not isinstance(best, RP3beta):
        return ()
    near = [replace(best, beta=round(best.beta + by, 2)) for by in (0.1, -0.1) if best.beta + by >= 0]
    return near + [
        replace(best, alpha=round(best.alpha + by, 2)) for by in (0.2, -0.2) if best.alpha + by > 0
    ]


def _around_linear(best: Recommender) -> Sequence[Recommender]:
    if not isinstance(best, LinearFilter):
        return ()
    moved = [
        replace(best, **{name: round(getattr(best, name) + by, 2)})
        for name, by in (
            ("sharpness", -0.2),
            ("sharpness", 0.2),
            ("shopper", -0.2),
            ("source", -0.15),
            ("target", -0.1),
            ("target", 0.1),
            ("source", 0.15),
            ("shopper", 0.2),
        )
    ]
    return [each for each in moved if min(each.source, each.target, each.shopper, each.sharpness - 0.1) >= 0]


def _around_users(best: Recommender) -> Sequence[Recommender]:
    if not isinstance(best, UserKnn):
        return ()
    moves = (
        ("shared", -0.1),
        ("target", 0.1),
        ("other", -0.2),
        ("shared", 0.1),
        ("target", -0.1),
        ("other", 0.2),
    )
    moved = [replace(best, **{name: round(getattr(best, name) + by, 2)}) for name, by in moves]
    return [each for each in moved if min(each.shared, each.target, each.other) >= 0]


def _around_ideal(best: Recommender) -> Sequence[Recommender]:
    if not isinstance(best, IdealFilter):
        return ()
    return [
        replace(best, sharpness=best.sharpness + 0.5),
        replace(best, rank=max(8, best.rank // 2)),
        replace(best, rank=best.rank * 2),
        replace(best, exponent=round(best.exponent - 0.1, 2)),
    ]


def _around_ease(best: Recommender) -> Sequence[Recommender]:
    if not isinstance(best, Ease):
        return ()
    return [replace(best, regularization=best.regularization * by) for by in (2.0, 0.5)]


def _around_als(best: Recommender) -> Sequence[Recommender]:
    if not isinstance(best, Als):
        return ()
    return [
        replace(best, alpha=best.alpha / 2),
        replace(best, regularization=best.regularization * 4),
        replace(best, regularization=best.regularization / 4),
        replace(best, alpha=best.alpha * 2),
        replace(best, popularity=0.3),
        replace(best, popularity=0.5),
        replace(best, factors=max(8, best.factors // 2)),
    ]
