"""What a snapshot says stands beside an item: bought by the same shoppers, in the same orders, or alike in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recsys.batch.candidates import Lists
from recsys.batch.scaling import to_unit
from recsys.data.training import TrainingData
from recsys.models.base import Fitted, Rows, TopK
from recsys.models.complements import Complements, FittedComplements
from recsys.models.content import Content, FittedContent, ItemText
from recsys.models.nearest import best_stored
from recsys.snapshots.layout import MAX_NEIGHBOURS, NeighbourKind

ENOUGH_ORDERS = 10
"""In fewer orders an item's companions are a matter of chance, and item-to-item speaks alone."""

TOGETHER_SHARE = 0.65
"""Weight of the complements' scores beside those of item-to-item, found on held-back orders of the bundled shop."""

MOST_BOUGHT = 80
"""Where there are items that nobody has bought yet, so many neighbours at most come from purchases: the rest is theirs."""

MOST_SIMILAR = 50
"""Neighbours by words; enough for a row from which stock and market take some away. An item with fewer neighbours from
purchases gets those most alike of all items, any other those of the items that nobody has bought yet."""

SIMILAR_SCALE = 1e-4
"""Factor of the cosine. The lowest score from purchases, 0.01, stays ahead even when it is the mean over 50 context items."""

AT_ONCE = 1_000
"""Items ranked together; the three kinds keep to their memory within such a block."""


def neighbour_blocks(
    data: TrainingData, item_to_item: Fitted, catalog: Sequence[ItemText]
) -> Iterator[Lists]:
    """Rank the neighbours of all items, in the order of the training data, in blocks that fit into memory.

    Neighbours from purchases come first: the scores of item-to-item, brought into (0, 1), and where an item stands in
    enough orders the weighted mean of those and of the complements' scores. Neighbours by words follow, with scores below 0.0001.

    """
    content = Content().fit(data.items, catalog)
    unsold = np.bincount(data.weights.indices, minlength=len(data.items)) == 0
    mixer = _Mixer(item_to_item, Complements().fit(data), content, unsold)
    for start in range(0, len(data.items), AT_ONCE):
        yield mixer.rank(np.arange(start, min(start + AT_ONCE, len(data.items))))


class _Mixer:
    """Puts the three kinds of neighbours together."""

    def __init__(
        self,
        item_to_item: Fitted,
        complements: FittedComplements,
        content: FittedContent,
        unsold: NDArray[np.bool_],
    ) -> None:
        self._item_to_item = item_to_item
        self._complements = complements
        self._content = content
        self._unsold = unsold
        described = np.diff(content.vectors.indptr) > 0
        self._most_bought = MOST_BOUGHT if (described & unsold).any() else MAX_NEIGHBOURS
        self._n_items = len(unsold)

    def rank(self, columns: Rows) -> Lists:
        """Rank the neighbours of some items."""
        together = self._together(columns)
        bought = self._bought(columns, together)
        similar = self._similar(columns, np.diff(bought.indptr) < MOST_SIMILAR)
        only_similar = similar - similar.multiply(bought > 0)
        best = best_stored(csr_matrix(bought + only_similar), MAX_NEIGHBOURS)
        there = best.items >= 0
        kinds = np.full(best.items.shape, NeighbourKind.BOUGHT, np.int8)
        kinds[self._among(together, best)] = NeighbourKind.TOGETHER
        kinds[~self._among(bought, best)] = NeighbourKind.SIMILAR
        parts: dict[str, NDArray[Any]] = {
            "items": best.items[there],
            "scores": best.scores[there],
            "kinds": kinds[there],
        }
        return Lists(there.sum(axis=1), parts)

    def _together(self, columns: Rows) -> csr_matrix:
        """Companions from orders, with scores in (0, 1), of the items that stand in enough of them."""
        enough = self._complements.orders[columns] >= ENOUGH_ORDERS
        found = self._complements.similar(columns[enough], MAX_NEIGHBOURS)
        items = np.full((len(columns), MAX_NEIGHBOURS), -1, np.int32)
        scores = np.zeros(items.shape, np.float32)
        items[enough], scores[enough] = found.items, to_unit(found.scores)
        return self._stored(items, scores)

    def _bought(self, columns: Rows, together: csr_matrix) -> csr_matrix:
        """Neighbours from purchases, with scores in (0, 1)."""
        near = self._item_to_item.similar(columns, MAX_NEIGHBOURS)
        mixed = np.diff(together.indptr) > 0
        share = np.where(mixed, np.float32(1 - TOGETHER_SHARE), np.float32(1))
        alone = self._stored(near.items, to_unit(near.scores))
        both = diags_array(share) @ alone + together * np.float32(TOGETHER_SHARE)
        best = best_stored(csr_matrix(both), self._most_bought)
        return self._stored(best.items, to_unit(best.scores))

    def _similar(self, columns: Rows, few: NDArray[np.bool_]) -> csr_matrix:
        """Neighbours by words, with scores below every one from purchases."""
        items = np.full((len(columns), MOST_SIMILAR), -1, np.int32)
        scores = np.zeros(items.shape, np.float32)
        for asked, among in ((few, None), (~few, self._unsold)):
            items[asked], scores[asked] = self._content.similar(columns[asked], MOST_SIMILAR, among=among)
        return self._stored(items, np.float32(SIMILAR_SCALE) * scores)

    def _stored(self, items: Rows, scores: NDArray[np.float32]) -> csr_matrix:
        """Ranked lists as a matrix [len(items), n_items]; places without an item are left out."""
        row, place = np.nonzero(items >= 0)
        shape = (len(items), self._n_items)
        return csr_matrix((scores[row, place].astype(np.float32), (row, items[row, place])), shape=shape)

    def _among(self, known: csr_matrix, best: TopK) -> NDArray[np.bool_]:
        """Tell which ranked items a matrix holds: bool like `best.items`; what stands at ended places means nothing."""
        rows = np.repeat(np.arange(len(best.items)), best.items.shape[1])
        values = np.asarray(known[rows, np.maximum(best.items, 0).ravel()]).ravel()
        return np.asarray(values > 0).reshape(best.items.shape)
