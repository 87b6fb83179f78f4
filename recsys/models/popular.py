"""What many bought, overall and in the shopper's market: the baseline that every other model has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.base import FittedModel, Rows
from recsys.models.progress import Progress

LEAN = 200.0
"""Weight that a market borrows from the whole shop; about as much as 200 fresh purchases."""


@dataclass(frozen=True, slots=True, eq=False)
class Popularity:
    """How popular items are, measured as summed interaction weight.

    A market's share of item i is (w_mi + lean * p_i) / (w_m + lean), where p is the whole shop's share: a market with
    few purchases follows the shop, one with many follows itself.
    Source: smoothing with a Dirichlet prior, Zhai and Lafferty, "A study of smoothing methods for language models", 2004.

    Attributes:
        overall: float64 [n_items], share of the whole shop's interaction weight; sums to 1, or is all 0.
        in_market: float32 [n_markets, n_items], sparse: the market's own weight.
        lean: the weight that a market borrows from the whole shop.

    """

    overall: NDArray[np.float64]
    in_market: csr_matrix
    lean: float

    @classmethod
    def of(cls, data: TrainingData, lean: float = LEAN) -> Popularity:
        """Measure the popularity of every item of the data."""
        total = np.asarray(data.weights.sum(axis=0), np.float64).ravel()
        known = np.flatnonzero(data.user_market >= 0)
        shape = (len(data.markets), data.weights.shape[0])
        member = csr_matrix((np.ones(len(known), np.float32), (data.user_market[known], known)), shape=shape)
        in_market = csr_matrix(member @ data.weights)
        return cls(total / max(float(total.sum()), np.finfo(float).tiny), in_market, lean)

    def shares(self, markets: Rows) -> NDArray[np.float64]:
        """Share of every item in some markets, -1 being the whole shop: float64 [len(markets), n_items]."""
        own = np.zeros((len(markets), len(self.overall)))
        known = markets >= 0
        own[known] = self.in_market[markets[known]].toarray()
        return np.asarray((own + self.lean * self.overall) / (own.sum(axis=1, keepdims=True) + self.lean))


class FittedPopular(FittedModel):
    """Popularity in the shopper's market, or overall where the market is not known."""

    name = "popular"

    def __init__(self, known: Popularity, user_market: NDArray[np.int16]) -> None:
        self.popularity = known
        self._user_market = user_market

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.popularity.overall)

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Give the share in each shopper's market; nothing for items that nobody wanted."""
        markets, of_row = np.unique(self._user_market[rows], return_inverse=True)
        shares = self.popularity.shares(markets)
        scores: NDArray[np.float32] = np.where(shares > 0, shares, -np.inf).astype(np.float32)[of_row]
        return scores


@dataclass(frozen=True, slots=True)
class Popular:
    """Popularity by market; `lean` is the weight that a market borrows from the whole shop."""

    lean: float = LEAN
    name: str = "popular"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedPopular:
        """Sum the weights."""
        _ = seed
        known = Popularity.of(data, self.lean)
        progress.advance()
        return FittedPopular(known, data.user_market)
