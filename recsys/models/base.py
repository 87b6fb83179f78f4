"""The protocol of a recommender, and the parts that most of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.models.progress import Progress
from recsys.models.topk import rank

CONTRIBUTORS = 2
"""How many owned items an explanation names at most."""

Rows = NDArray[np.integer]  # rows of shoppers or columns of items


class TopK(NamedTuple):
    """Ranked lists: items int32 [n, k] and scores float32 [n, k], best first; -1 and -inf where a list has ended."""

    items: NDArray[np.int32]
    scores: NDArray[np.float32]


class Contributions(NamedTuple):
    """Why an item is recommended: owned items, and what share of the score each contributed.

    Attributes:
        because: int32 [n, 2], the largest contributor first; -1 = nothing.
        shares: float32 [n, 2], shares of the score in (0, 1]; 0 where `because` is -1.

    """

    because: NDArray[np.int32]
    shares: NDArray[np.float32]

    @classmethod
    def none(cls, n: int) -> Contributions:
        """Give no reasons for n recommendations."""
        return cls(np.full((n, CONTRIBUTORS), -1, np.int32), np.zeros((n, CONTRIBUTORS), np.float32))


class Fitted(Protocol):
    """A model that has learned. Rows and items are those of the training data; nothing here changes its arguments."""

    @property
    def name(self) -> str:
        """Name in leaderboards and snapshots."""

    @property
    def explains(self) -> bool:
        """Whether `explain` can name contributors."""

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Score all items for some shoppers: float32 [len(rows), n_items].

        Higher is better; -inf means that the model knows nothing of the item for this shopper; never NaN.
        The caller keeps `rows` short enough for the memory at hand (`topk.blocks`).
        """

    def top_k(self, rows: Rows, k: int, exclude: csr_matrix | None) -> TopK:
        """Rank the best k items for each shopper, in blocks; `exclude` is [len(rows), n_items]."""

    def similar(self, items: Rows, k: int) -> TopK:
        """Rank the k items most like each item, never itself; scores are positive. All -1 where nothing is known."""

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Name the owned items behind pairs of shopper `rows` [n] and `items` [n]; -1 where nothing is known."""


class Recommender(Protocol):
    """A model that can learn: its settings and nothing else."""

    @property
    def name(self) -> str:
        """Name in leaderboards and snapshots."""

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> Fitted:
        """Learn from the data; equal data and seed give an equal model."""


class FittedModel(ABC):
    """What a fitted model has once it can score: ranking in blocks, and no reasons or neighbours unless it adds them."""

    name: str
    explains: bool = False
    concurrent: bool = True
    """Whether `score` may run in several threads at once."""

    @abstractmethod
    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Score all items for some shoppers; see `Fitted.score`."""

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of items that `score` gives a column for."""

    def top_k(self, rows: Rows, k: int, exclude: csr_matrix | None) -> TopK:
        """Rank the best k items for each shopper; see `Fitted.top_k`."""
        workers = None if self.concurrent else 1
        shape = (len(rows), self.n_items)
        return TopK(*rank(lambda block: self.score(rows[block]), shape, k, exclude, workers=workers))

    def similar(self, items: Rows, k: int) -> TopK:
        """Know no neighbours; see `Fitted.similar`."""
        return TopK(np.full((len(items), k), -1, np.int32), np.full((len(items), k), -np.inf, np.float32))

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Know no reasons; see `Fitted.explain`."""
        _ = items
        return Contributions.none(len(rows))


def largest_contributors(parts: NDArray[np.floating], owned: Rows, items: Rows) -> Contributions:
    """Pick the largest positive contributors of one shopper.

    An item never explains itself. A share is a contribution divided by the sum of all positive contributions, so that
    negative ones (which matrix factorisation has) cannot push a share above 1.

    Args:
        parts: [n, len(owned)], the contribution of each owned item to each recommended item.
        owned: items of the shopper.
        items: [n], the recommended items.

    """
    result = Contributions.none(len(items))
    if not len(owned):
        return result
    positive = np.where(owned[None, :] == items[:, None], 0.0, np.maximum(parts, 0.0))
    total = positive.sum(axis=1)
    for place in range(min(CONTRIBUTORS, len(owned))):
        best = positive.argmax(axis=1)
        value = np.take_along_axis(positive, best[:, None], axis=1)[:, 0]
        found = value > 0
        result.because[found, place] = owned[best[found]]
        result.shares[found, place] = np.minimum(value[found] / total[found], 1.0)
        np.put_along_axis(positive, best[:, None], 0.0, axis=1)
    return result
