"""Graph filters: smoothing what a shopper has over the graph of shoppers and items.

Source: Shen et al., "How powerful is graph convolution for recommendation?", 2021 (GF-CF), which adds a linear filter
R'R and an ideal low-pass filter, both on the symmetrically normalised matrix R. Here the linear filter may normalise
the item that the shopper has and the item that is scored differently, as RP3beta does, and keeps the largest entries only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.data.training import TrainingData
from recsys.models.base import Contributions, FittedModel, Rows, TopK, largest_contributors
from recsys.models.blend import FittedBlend
from recsys.models.cooccurrence import largest_per_row, powers, scaled
from recsys.models.decomposition import leading_vectors, normalised
from recsys.models.item_knn import FittedItemKnn, bought_weights, by_shopper
from recsys.models.progress import Progress
from recsys.models.topk import blocks, top_k

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LinearFilter:
    """One step over the graph: S_ji = d_j^-source · Σ_u x_uj x_ui d_u^-shopper · d_i^-target, d being degrees.

    Attributes:
        source: exponent of the degree of the item that the shopper has.
        target: exponent of the degree of the item that is scored.
        shopper: exponent of the degree of the shoppers between them.
        neighbours: entries kept for each item that the shopper has.
        sharpness: exponent of the entries themselves; above 1 near items count more.

    """

    source: float = 0.8
    target: float = 0.2
    shopper: float = 0.5
    neighbours: int = 1000
    sharpness: float = 1.2
    name: str = "linear-filter"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedItemKnn:
        """Multiply the normalised matrices; the result does not depend on chance."""
        _ = seed
        weights = data.weights
        by_user = powers(np.asarray(weights.sum(axis=1)).ravel(), self.shopper)
        degrees = np.asarray(weights.sum(axis=0)).ravel()
        back = scaled(weights.T.tocsr(), powers(degrees, self.source), np.ones(len(by_user), np.float32))
        forth = scaled(weights, by_user, powers(degrees, self.target))
        smoothed = largest_per_row(back, forth, self.neighbours)
        smoothed.data **= np.float32(self.sharpness)
        progress.advance()
        return FittedItemKnn(smoothed, weights, data.owned, self.name)


class FittedIdealFilter(FittedModel):
    """Scores are x_u A V f(s) V' / A: what remains of the shopper's items in the smoothest directions."""

    explains = True

    def __init__(self, into: Floats, out: Floats, data: TrainingData, name: str) -> None:
        self.name = name
        self.into, self.out = into, out
        self._weights = data.weights
        self._owned = data.owned
        self._unknown = np.asarray(~out.any(axis=1))

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.out)

    def score(self, rows: Rows) -> Floats:
        """Filter what each shopper has; nothing where the shopper or the item is unknown."""
        scores: Floats = np.asarray((self._weights[rows] @ self.into) @ self.out.T, np.float32)
        scores[:, self._unknown] = -np.inf
        scores[np.diff(self._weights.indptr)[rows] == 0] = -np.inf
        return scores

    def similar(self, items: Rows, k: int) -> TopK:
        """Rank items by what they pass on through the filter; only positive amounts count."""
        found = np.full((len(items), k), -1, np.int32)
        scores = np.full((len(items), k), -np.inf, np.float32)
        for block in blocks(len(items), self.n_items):
            near = self.into[items[block]] @ self.out.T
            near[np.arange(len(near)), items[block]] = -np.inf
            found[block], scores[block] = top_k(np.where(near > 0, near, -np.inf).astype(np.float32), k)
        return TopK(found, scores)

    def parts(self, row: int, wanted: Rows) -> tuple[NDArray[np.int32], Floats]:
        """Split scores among the items bought: columns int32 [m] and contributions float32 [len(wanted), m]."""
        has, amounts = bought_weights(self._weights, self._owned, row)
        return has, np.asarray((self.out[wanted] @ self.into[has].T) * amounts, np.float32)

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Name the owned items that pass most on to each item."""
        result = Contributions.none(len(rows))
        for row, pairs in by_shopper(rows):
            wanted = np.asarray(items[pairs])
            has, amounts = self.parts(row, wanted)
            result.because[pairs], result.shares[pairs] = largest_contributors(amounts, has, wanted)
        return result


@dataclass(frozen=True, slots=True)
class IdealFilter:
    """The low-pass part alone: V f(s) V' of the normalised matrix, with f(s) = s^sharpness of the singular values s (0 = the ideal filter).

    Attributes:
        rank: number of singular vectors; at most a quarter of the shorter side of the matrix, for with all of them the
            filter would pass everything and say nothing.
        exponent: of the item's degree, in normalising and in undoing it.
        sharpness: how much more the smoothest directions count.

    """

    rank: int = 256
    exponent: float = 0.5
    sharpness: float = 0.0
    name: str = "ideal-filter"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedIdealFilter:
        """Decompose the normalised matrix, with a seeded randomised algorithm."""
        weights = data.weights
        degrees = np.asarray(weights.sum(axis=0)).ravel()
        sigma, vectors = leading_vectors(normalised(weights), self.rank, np.random.default_rng(seed))
        progress.advance()
        into = vectors * powers(degrees, self.exponent)[:, None]
        back = powers(degrees, -self.exponent)
        passed = np.power(sigma, np.float32(self.sharpness))
        out = vectors * passed * back[:, None]
        return FittedIdealFilter(into, np.asarray(out, np.float32), data, self.name)


@dataclass(frozen=True, slots=True)
class Spectral:
    """The linear filter plus a little of the ideal one, each in the units of a blend."""

    linear: LinearFilter = field(default_factory=LinearFilter)
    ideal: IdealFilter = field(default_factory=IdealFilter)
    weight: float = 0.3
    name: str = "spectral"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedBlend:
        """Fit both filters."""
        parts = tuple(each.fit(data, seed=seed, progress=progress) for each in (self.linear, self.ideal))
        return FittedBlend(parts, (1.0, self.weight), data.weights, self.name)
