"""The ranking metrics, one function each, with the formula beside the code.

All accuracy metrics read the same two arrays, one row a shopper:

``hits``      bool  [n_shoppers, depth]: whether the item at that place of the list is a test item
``relevant``  int64 [n_shoppers]: how many test items the shopper has, at least 1

and give one float64 a shopper, so that two models can be compared shopper by shopper.
A list shorter than ``k`` counts as one padded with misses. Shoppers without test items have no value in any of
these metrics: leave them out before, and count them (`evaluate` does both).

Other toolkits use the same names for other formulas; ours are those of the docstrings, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.integer[Any]]


def recall(hits: Bools, relevant: Ints, k: int) -> Floats:
    """Share of a shopper's test items found in the first k: hits / |T|."""
    return np.asarray(hits[:, :k].sum(axis=1) / relevant)


def precision(hits: Bools, relevant: Ints, k: int) -> Floats:
    """Share of the first k places that hold a test item: hits / k, also where the list is shorter."""
    _ = relevant
    return np.asarray(hits[:, :k].sum(axis=1) / float(k))


def average_precision(hits: Bools, relevant: Ints, k: int) -> Floats:
    """AP at k: the sum of precision@i over the places i of hits, divided by min(|T|, k)."""
    cut = hits[:, :k]
    precision_at = np.cumsum(cut, axis=1) / np.arange(1, cut.shape[1] + 1)
    return np.asarray((precision_at * cut).sum(axis=1) / np.minimum(relevant, k))


def ndcg(hits: Bools, relevant: Ints, k: int) -> Floats:
    """NDCG at k with binary gains.

    DCG = sum over hits of 1 / log2(i + 1), divided by the DCG of the ideal list, which holds min(|T|, k) hits first.
    Source: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002, with log2(i + 1).
    """
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)
    cut = hits[:, :k]
    gained = cut @ discount[: cut.shape[1]]
    return np.asarray(gained / ideal[np.minimum(relevant, k) - 1])


def reciprocal_rank(hits: Bools, relevant: Ints, k: int) -> Floats:
    """1 / place of the first hit within the first k, else 0. Its mean over shoppers is MRR."""
    _ = relevant
    cut = hits[:, :k]
    if not cut.shape[1]:
        return np.zeros(len(cut))
    return np.asarray(cut.any(axis=1) / (np.argmax(cut, axis=1) + 1), np.float64)


def hit_rate(hits: Bools, relevant: Ints, k: int) -> Floats:
    """1 where the first k hold at least one test item, else 0."""
    _ = relevant
    return np.asarray(hits[:, :k].any(axis=1), np.float64)


ACCURACY = {
    "recall": recall,
    "ndcg": ndcg,
    "map": average_precision,
    "precision": precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
}


def find_hits(items: Ints, truth_indptr: Ints, truth_items: Ints, n_items: int) -> Bools:
    """Mark the test items in ranked lists.

    Args:
        items: [n_shoppers, depth], best first; -1 where the list has ended.
        truth_indptr: [n_shoppers + 1], offsets into `truth_items`, as in a CSR matrix.
        truth_items: the test items, shopper after shopper.
        n_items: size of the catalog.

    Returns:
        bool [n_shoppers, depth]

    """
    rows = np.arange(len(items), dtype=np.int64)
    wanted = np.repeat(rows, np.diff(truth_indptr)) * n_items + truth_items
    found: Bools = np.isin(rows[:, None] * n_items + items, wanted) & (items >= 0)
    return found


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Metrics of one model over many shoppers.

    Attributes:
        values: mean over the evaluated shoppers, by name, such as ``ndcg@20``.
        per_shopper: float64 [evaluated] by name, for paired comparison.
        shoppers: bool [n_shoppers], who was evaluated.

    """

    values: dict[str, float]
    per_shopper: dict[str, Floats]
    shoppers: Bools

    @property
    def evaluated(self) -> int:
        """Number of shoppers with test items."""
        return int(self.shoppers.sum())

    @property
    def left_out(self) -> int:
        """Number of shoppers without test items."""
        return len(self.shoppers) - self.evaluated


def evaluate(hits: Bools, relevant: Ints, k: int) -> Evaluation:
    """Give all accuracy metrics at k; shoppers without test items are left out and counted.

    Without a single shopper to evaluate `values` is empty: no number is better than a made-up one.
    """
    kept = np.asarray(relevant) > 0
    if not kept.any():
        return Evaluation({}, {}, kept)
    per_shopper = {f"{name}@{k}": metric(hits[kept], relevant[kept], k) for name, metric in ACCURACY.items()}
    return Evaluation({name: float(each.mean()) for name, each in per_shopper.items()}, per_shopper, kept)


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean difference between two models over the same shoppers, and its standard error."""

    mean: float
    standard_error: float
    shoppers: int


def paired_difference(first: Floats, second: Floats) -> Difference:
    """Compare two models shopper by shopper: mean of (first - second); standard error s / sqrt(n), 0 for n < 2."""
    gap = first - second
    error = float(gap.std(ddof=1) / np.sqrt(len(gap))) if len(gap) > 1 else 0.0
    return Difference(float(gap.mean()) if len(gap) else 0.0, error, len(gap))


def exposure(items: Ints, n_items: int) -> NDArray[np.int64]:
    """How often each item of the catalog is shown: int64 [n_items]; -1 is not counted."""
    return np.bincount(items[items >= 0], minlength=n_items)


def coverage(shown: Ints) -> float:
    """Distinct recommended items / items in the catalog; `shown` is what `exposure` gives."""
    return float((shown > 0).mean()) if len(shown) else 0.0


def novelty(shown: Ints, owners: Ints, n_shoppers: int) -> float:
    """Mean over recommended places of -log2(share of shoppers who have the item), in bits.

    An item that nobody has would be infinitely new; such places are left out of the mean.
    """
    counted = (shown > 0) & (owners > 0)
    if not counted.any():
        return 0.0
    surprise = -np.log2(owners[counted] / n_shoppers)
    return float(np.average(surprise, weights=shown[counted]))


def intra_list_diversity(items: Ints, vectors: NDArray[np.floating[Any]]) -> float:
    """Mean over lists of the mean of 1 - cosine over the pairs of a list.

    Items without a vector (a row of zeros) are left out of the pairs, lists with fewer than two items of the mean.

    Args:
        items: [n_lists, depth], -1 where a list has ended.
        vectors: [n_items, d].

    """
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    known = (items >= 0) & (lengths[items] > 0)
    means = []
    for row, usable in zip(items, known, strict=True):
        n = int(usable.sum())
        if n > 1:
            # The squared length of the sum of unit vectors is n + 2 * (sum of cosines over pairs).
            total = unit[row[usable]].sum(axis=0)
            means.append(1.0 - float(total @ total - n) / (n * (n - 1)))
    return float(np.mean(means)) if means else 0.0


def gini(shown: Ints) -> float:
    """Gini coefficient of exposure over the whole catalog: 0 = all items alike, towards 1 = one item has it all.

    G = sum_i (2i - n - 1) x_i / (n * sum x), with x ascending and i from 1.
    """
    total = shown.sum()
    if not total:
        return 0.0
    n = len(shown)
    return float(((2 * np.arange(1, n + 1) - n - 1) * np.sort(shown)).sum() / (n * total))


HEAD_SHARE = 0.2
"""The head is the most popular fifth of the catalog (rounded up), the long tail is the rest."""


def long_tail_share(shown: Ints, popularity: NDArray[Any]) -> float:
    """Share of exposure going to items outside the most popular fifth of the catalog (ties by item index)."""
    total = shown.sum()
    if not total:
        return 0.0
    head = np.argsort(-popularity, kind="stable")[: int(np.ceil(HEAD_SHARE * len(popularity)))]
    return float(1.0 - shown[head].sum() / total)
