"""Neighbours by tags and title words: what stands beside an item that nobody has bought yet.

Source: TF-IDF and the cosine, Salton and Buckley, "Term-weighting approaches in automatic text retrieval", 1988.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recsys.data.id_map import IdMap
from recsys.models.base import Rows, TopK
from recsys.models.nearest import best_stored, bounded_rows
from recsys.models.topk import MEMORY_BUDGET, NOTHING

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class ItemText:
    """What the catalog says about an item in words."""

    item_id: str
    title: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """TF-IDF over tags and title words; a tag counts as a whole, and a tag and an equal word are two different terms.

    weight(i, t) = tf_it * ln(N / n_t), rows scaled to length 1, N being the items with any text and n_t those with the
    term: what stands on every item says nothing.

    Attributes:
        most_products: bound on the sum of n_t², which is the work of comparing everything with everything. Where it is
            exceeded, the commonest terms are left out: they cost the most and say the least.

    """

    most_products: int = 250_000_000

    def fit(self, items: IdMap, catalog: Iterable[ItemText]) -> FittedContent:
        """Weigh the words of the catalog; texts of items that `items` does not hold are left out."""
        terms = {items.index(each.item_id): terms_of(each) for each in catalog if each.item_id in items}
        counts = _count(terms.items(), len(items))
        held = np.bincount(counts.indices, minlength=counts.shape[1])
        n_described = int((np.diff(counts.indptr) > 0).sum())
        rarity = np.log(max(1, n_described) / np.maximum(1, held)) * self._affordable(held)
        weighted = csr_matrix(counts @ diags_array(rarity))
        weighted.eliminate_zeros()
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
        return FittedContent(csr_matrix(diags_array(scale) @ weighted, dtype=np.float32))

    def _affordable(self, held: NDArray[np.integer]) -> NDArray[np.bool_]:
        rarest_first = np.argsort(held, kind="stable")
        spent = np.cumsum(held[rarest_first].astype(np.float64) ** 2)
        kept = np.zeros(len(held), np.bool_)
        kept[rarest_first] = spent <= self.most_products
        return kept


class FittedContent:
    """Items as unit vectors over terms: float32 [n_items, n_terms], sparse; rows without text are empty."""

    def __init__(self, vectors: csr_matrix) -> None:
        self.vectors = vectors
        self._by_term = csr_matrix(vectors.T)

    def similar(
        self, items: Rows, k: int, *, among: NDArray[np.bool_] | None = None, budget: int = MEMORY_BUDGET
    ) -> TopK:
        """Rank the k items most like each by the cosine, never itself.

        Args:
            items: columns of the training data.
            k: at least 1.
            among: bool [n_items], which items may be ranked; by default all.
            budget: bytes that a block of the product may take.

        Returns:
            Scores are in (0, 1]; items are -1 where a list has ended.

        """
        wanted = np.ones(len(self.vectors.indptr) - 1, np.bool_) if among is None else among
        found = np.full((len(items), k), -1, np.int32)
        scores = np.full((len(items), k), NOTHING, np.float32)
        asked = csr_matrix(self.vectors[items])
        # Every item that shares a term may be a neighbour, once per term.
        most = _ones(asked) @ np.diff(self._by_term.indptr)
        for block in bounded_rows(np.minimum(most, len(self.vectors.indptr)).astype(np.int64), budget):
            near = csr_matrix(asked[block] @ self._by_term)
            row = np.repeat(items[block], np.diff(near.indptr))
            # Rounding may leave a cosine a hair above 1.
            other = wanted[near.indices] & (row != near.indices)
            cosine = np.where(other, np.minimum(near.data, np.float32(1)), np.float32(0))
            others = csr_matrix((cosine, near.indices, near.indptr), shape=near.shape)
            found[block], scores[block] = best_stored(others, k)
        return TopK(found, scores)


def terms_of(text: ItemText) -> list[str]:
    """Terms of an item: its tags as they are and its title's words, both without regard to case and width."""
    tags = [f"tag {_plain(tag).strip()}" for tag in text.tags if tag.strip()]
    return tags + [f"word {word}" for word in _WORD.findall(_plain(text.title))]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _count(described: Iterable[tuple[int, Sequence[str]]], n_items: int) -> csr_matrix:
    """How often each term stands on each item: float64 [n_items, n_terms]; terms in the order they came."""
    vocabulary: dict[str, int] = {}
    pairs = np.array(list(_pairs(described, vocabulary)), np.int64).reshape(-1, 2)
    # Equal pairs are summed: a word that stands twice counts twice.
    return csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n_items, len(vocabulary)))


def _pairs(
    described: Iterable[tuple[int, Sequence[str]]], vocabulary: dict[str, int]
) -> Iterator[tuple[int, int]]:
    for item, terms in described:
        for term in terms:
            yield item, vocabulary.setdefault(term, len(vocabulary))


def _ones(matrix: csr_matrix) -> csr_matrix:
    return csr_matrix((np.ones(len(matrix.data)), matrix.indices, matrix.indptr), shape=matrix.shape)
