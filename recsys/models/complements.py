"""Bought together in one order: what goes beside an item on its page and beside a cart.

Source: Deshpande and Karypis, "Item-based top-N recommendation algorithms", 2004, section 4.1.1: conditional probability,
damped by how popular the other item is; with the exponent 1 it is the lift of Brin et al., "Dynamic itemset counting and
implication rules for market basket data", 1997. The shrinkage of thin evidence is that of Bell and Koren, "Scalable
collaborative filtering with jointly derived neighborhood interpolation weights", 2007.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.kinds import KIND_CODE
from recsys.data.training import TrainingData
from recsys.models.base import Rows, TopK
from recsys.models.nearest import best_stored, bounded_rows
from recsys.models.topk import MEMORY_BUDGET, NOTHING


@dataclass(frozen=True, slots=True)
class Complements:
    """Item-to-item from orders; `fit` counts, `FittedComplements.similar` ranks.

    score(i, j) = c_ij / (c_ij + shrink) * P(j | i) / P(j)^damping, where c_ij is the number of orders with both items,
    P(j | i) = c_ij / c_i and P(j) = c_j / (number of orders).

    Attributes:
        damping: 0 = whatever is in most of the item's orders, 1 = lift, which loves what is rare.
        shrink: orders with both items that make the evidence count half.
        fewest_together: two items in fewer common orders are not neighbours; one order is an accident.
        largest_order: orders with more different items say little about what belongs together and cost the most:
            the work grows with the square. They are left out.

    """

    damping: float = 0.1
    shrink: float = 5.0
    fewest_together: int = 2
    largest_order: int = 200

    def fit(self, data: TrainingData) -> FittedComplements:
        """Gather which items stand in which order; without order ids there is nothing to learn."""
        events = data.events
        bought = (events.kind == KIND_CODE["purchase"]) & (events.order >= 0)
        order, item = events.order[bought], events.item[bought]
        shape = (int(order.max(initial=-1)) + 1, len(data.items))
        inside = csr_matrix((np.ones(len(order), np.float32), (order, item)), shape=shape)
        inside.data[:] = 1.0
        sizes = np.diff(inside.indptr)
        # An order of one item tells of no pair, yet it counts among the item's orders.
        return FittedComplements(self, csr_matrix(inside[(sizes > 0) & (sizes <= self.largest_order)]))


class FittedComplements:
    """Which items stand in which order, ready to be ranked item by item."""

    def __init__(self, settings: Complements, inside: csr_matrix) -> None:
        self._settings = settings
        self._orders_items = inside
        self._items_orders = csr_matrix(inside.T)
        self.orders: NDArray[np.int64] = np.diff(self._items_orders.indptr).astype(np.int64)
        """In how many orders each item stands: int64 [n_items]."""

    def similar(self, items: Rows, k: int, *, budget: int = MEMORY_BUDGET) -> TopK:
        """Rank the k best companions of each item, never itself; scores are positive, -1 where a list has ended."""
        found = np.full((len(items), k), -1, np.int32)
        scores = np.full((len(items), k), NOTHING, np.float32)
        asked = csr_matrix(self._items_orders[items])
        # Every line of every order with the item may be another companion.
        most = asked @ np.diff(self._orders_items.indptr)
        for block in bounded_rows(np.minimum(most, len(self.orders)).astype(np.int64), budget):
            together = csr_matrix(asked[block] @ self._orders_items)
            found[block], scores[block] = best_stored(self._scored(together, items[block]), k)
        return TopK(found, scores)

    def _scored(self, together: csr_matrix, items: Rows) -> csr_matrix:
        row = np.repeat(items, np.diff(together.indptr))
        count = together.data.astype(np.float64)
        share = self.orders / max(1, self._orders_items.shape[0])
        lift = count / self.orders[row] / share[together.indices] ** self._settings.damping
        score = lift * count / (count + self._settings.shrink)
        score[(row == together.indices) | (count < self._settings.fewest_together)] = 0.0
        return csr_matrix((score.astype(np.float32), together.indices, together.indptr), shape=together.shape)
