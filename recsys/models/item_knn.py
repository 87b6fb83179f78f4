"""Item-to-item: shoppers who bought this also bought that, through implicit's nearest neighbours.

Sources: Sarwar et al., "Item-based collaborative filtering recommendation algorithms", 2001; the weighting is BM25
(Robertson and Zaragoza, "The probabilistic relevance framework", 2009), which lets a shopper who bought everything say
less about what belongs together than one who chose a few things.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from implicit.nearest_neighbours import ItemItemRecommender
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recsys.data.training import TrainingData
from recsys.models.base import Contributions, FittedModel, Rows, TopK, largest_contributors
from recsys.models.nearest import best_stored, bounded_rows
from recsys.models.progress import Progress
from recsys.models.topk import threads

DENSE_SIMILARITY_BYTES = 256 * 2**20
"""Up to this size explaining works on a dense copy of the item-item matrix, which is several times as fast."""


def bm25(weights: csr_matrix, k1: float, b: float) -> csr_matrix:
    """Weigh a [n_users, n_items] matrix by BM25, an item being the document and a shopper the term.

    w' = idf_u * w (k1 + 1) / (w + k1 (1 - b + b * length_i / mean length)), where length_i is the item's summed weight
    and idf_u = ln(1 + (N - n_u + 0.5) / (n_u + 0.5)) for a shopper with n_u of N items; it is always positive.
    """
    n_users, n_items = weights.shape
    length = np.asarray(weights.sum(axis=0)).ravel()
    norm = k1 * (1 - b + b * length / max(float(length.mean()) if n_items else 0.0, np.finfo(float).tiny))
    counts = np.diff(weights.indptr)
    idf = np.log1p((n_items - counts + 0.5) / (counts + 0.5))
    data = weights.data * (k1 + 1) / (weights.data + norm[weights.indices])
    data = data * np.repeat(idf, counts)
    return csr_matrix((data, weights.indices, weights.indptr), shape=(n_users, n_items))


class FittedItemKnn(FittedModel):
    """Scores are sums over what the shopper has: weight times similarity."""

    explains = True

    def __init__(
        self, similarity: csr_matrix, weights: csr_matrix, owned: csr_matrix, name: str = "item-knn"
    ) -> None:
        self.name = name
        self.similarity = similarity
        self._weights = weights
        self._owned = owned
        size = 4 * similarity.shape[0] ** 2
        self._dense = similarity.toarray() if size <= DENSE_SIMILARITY_BYTES else None

    @property
    def n_items(self) -> int:
        """Number of items."""
        return self.similarity.shape[1]

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Sum weight times similarity over what each shopper has; nothing where no item of theirs points."""
        scores = (self._weights[rows] @ self.similarity).toarray()
        return np.where(scores > 0, scores, -np.inf).astype(np.float32)

    def similar(self, items: Rows, k: int) -> TopK:
        """Rank the neighbours of each item by similarity."""
        found = np.full((len(items), k), -1, np.int32)
        scores = np.full((len(items), k), -np.inf, np.float32)
        near = csr_matrix(self.similarity[items])
        for block in bounded_rows(np.diff(near.indptr)):
            found[block], scores[block] = best_stored(near[block], k)
        return TopK(found, scores)

    def explain(self, rows: Rows, items: Rows) -> Contributions:
        """Name the owned items with the largest weight times similarity."""
        result = Contributions.none(len(rows))
        for row, pairs in by_shopper(rows):
            wanted = np.asarray(items[pairs])
            has, amounts = self.parts(row, wanted)
            found = largest_contributors(amounts, has, wanted)
            result.because[pairs], result.shares[pairs] = found
        return result

    def parts(self, row: int, wanted: Rows) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Split scores among the items bought: columns int32 [m] and contributions float32 [len(wanted), m]."""
        has, amounts = bought_weights(self._weights, self._owned, row)
        return has, self._between(has, wanted).T * amounts

    def _between(self, has: Rows, wanted: Rows) -> NDArray[np.float32]:
        if self._dense is not None:
            return np.asarray(self._dense[np.ix_(has, wanted)])
        return np.asarray(self.similarity[has][:, wanted].toarray())


@dataclass(frozen=True, slots=True)
class ItemKnn:
    """Item-to-item with BM25 weights; `neighbours` are kept per item."""

    neighbours: int = 200
    k1: float = 1.2
    b: float = 0.75
    name: str = "item-knn"

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> FittedItemKnn:
        """Find every item's nearest neighbours; the result does not depend on chance."""
        _ = seed
        if not data.weights.nnz:
            nothing = csr_matrix(data.weights.T @ data.weights)
            return FittedItemKnn(nothing, data.weights, data.owned)
        # One neighbour more, because an item is its own nearest.
        model = ItemItemRecommender(K=self.neighbours + 1, num_threads=threads(data.weights))
        model.fit(bm25(data.weights, self.k1, self.b), show_progress=False)
        progress.advance()
        return FittedItemKnn(without_self(model.similarity), data.weights, data.owned)


def without_self(similarity: csr_matrix) -> csr_matrix:
    """Take the items out of their own neighbours; columns come sorted."""
    off = similarity - diags_array(similarity.diagonal())
    kept = csr_matrix(off, dtype=np.float32)
    kept.eliminate_zeros()
    kept.sort_indices()
    return kept


def by_shopper(rows: Rows) -> list[tuple[int, NDArray[np.intp]]]:
    """Group pairs by shopper: each different row with the positions at which it stands."""
    order = np.argsort(rows, kind="stable")
    shoppers, starts = np.unique(np.asarray(rows)[order], return_index=True)
    groups = np.split(order, starts[1:]) if len(shoppers) else []
    return list(zip(shoppers.tolist(), groups, strict=True))


def bought_weights(
    weights: csr_matrix, owned: csr_matrix, row: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Items that a shopper bought, with their weights; what was only looked at is no reason to name."""
    here = slice(weights.indptr[row], weights.indptr[row + 1])
    items = weights.indices[here]
    bought = np.isin(items, owned.indices[owned.indptr[row] : owned.indptr[row + 1]])
    return items[bought], weights.data[here][bought]
