"""Whether reasons are true, and the score rests on the items that are named."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.base import Fitted
from recsys.models.folding import fold_in

FEWEST_OWNED = 6
"""Shoppers with fewer items are left out: too little remains to draw others from."""


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How many reasons were looked at, and what share of them is faithful; None where there are no reasons."""

    reasons: int
    share: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Reasons one by one: shopper, recommended item, and the owned items named, int32 [n, 2], -1 = none."""

    rows: NDArray[np.integer]
    items: NDArray[np.int32]
    because: NDArray[np.int32]


def faithfulness(
    model: Fitted, data: TrainingData, *, shoppers: int, depth: int, rng: np.random.Generator
) -> Faithfulness:
    """Take what a reason names out of what the shopper has, and compare with taking out as many others.

    A reason is faithful when the recommended item's score falls further without the items named than without as many
    other owned items, drawn at random. The model is not fitted again, see `fold_in`.

    Args:
        model: one of our own, fitted on `data`.
        data: what it learned from.
        shoppers: how many are drawn, at most, of those with enough items.
        depth: how many new items are recommended to each.
        rng: draws the shoppers and the other items.

    """
    reasons = _reasons(model, data, shoppers, depth, rng)
    if not len(reasons.rows):
        return Faithfulness(0, None)
    without_named = _scores_without(model, data, reasons, reasons.because)
    without_others = _scores_without(model, data, reasons, _others(reasons, data, rng))
    return Faithfulness(len(reasons.rows), float((without_named < without_others).mean()))


def _reasons(
    model: Fitted, data: TrainingData, shoppers: int, depth: int, rng: np.random.Generator
) -> Reasons:
    known = np.flatnonzero(np.diff(data.owned.indptr) >= FEWEST_OWNED)
    rows = np.sort(rng.choice(known, min(shoppers, len(known)), replace=False))
    lists = model.top_k(rows, depth, data.owned[rows]).items
    asked, items = np.repeat(rows, (lists >= 0).sum(axis=1)), lists[lists >= 0]
    because = model.explain(asked, items).because
    named = because[:, 0] >= 0
    return Reasons(asked[named], items[named], because[named])


def _others(reasons: Reasons, data: TrainingData, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw as many owned items as each reason names from those that it does not: int32 like `because`."""
    drawn = np.full_like(reasons.because, -1)
    for place, (row, because) in enumerate(zip(reasons.rows, reasons.because, strict=True)):
        owned = data.owned.indices[data.owned.indptr[row] : data.owned.indptr[row + 1]]
        n = int((because >= 0).sum())
        drawn[place, :n] = rng.choice(np.setdiff1d(owned, because), n, replace=False)
    return drawn


def _scores_without(
    model: Fitted, data: TrainingData, reasons: Reasons, gone: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Score each recommended item for a shopper who never had the items in `gone`: float32 [n]."""
    n = len(reasons.rows)
    row, place = np.nonzero(gone >= 0)
    taken = csr_matrix((np.ones(len(row), np.float32), (row, gone[row, place])), shape=(n, len(data.items)))
    weights = csr_matrix(data.weights[reasons.rows])
    left = csr_matrix(weights - weights.multiply(taken))
    left.eliminate_zeros()
    histories = replace(
        data,
        weights=left,
        owned=csr_matrix(data.owned[reasons.rows].multiply(left > 0)),
        user_market=data.user_market[reasons.rows],
    )
    scores = fold_in(model, histories).score(np.arange(n))
    return np.asarray(scores[np.arange(n), reasons.items])
