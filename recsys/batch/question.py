"""What a ranking is asked to find, and how well it did: the test part of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags_array

from recsys.data.pairs import Pairs
from recsys.data.training import TrainingData
from recsys.evaluation import metrics
from recsys.models.base import Fitted
from recsys.models.progress import Progress

_SHOPPERS_AT_A_TIME = 1024
_DIVERSITY_LISTS = 5_000
"""Lists that intra-list diversity is taken over: its mean moves in the third digit, its cost falls sixfold."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Who is asked about, what must not be shown, and what was to be found.

    Attributes:
        rows: int32 [n], shoppers of the training data with at least one test item.
        exclude: [n, n_items], items that are never ranked; whatever is stored counts.
        truth: bool [n, n_items], the test items that the training data knows.
        sizes: int64 [n], |T|: all test items, those that the training data does not know among them.

    """

    rows: NDArray[np.int32]
    exclude: csr_matrix
    truth: csr_matrix
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """How well one model answered.

    Attributes:
        values: metrics by name and depth, such as ``ndcg@20``; the means over the shoppers asked about.
        per_shopper: float64 [n] by the same names, the accuracy metrics only.
        items: int32 [n, depth], the ranked lists.

    """

    values: dict[str, float]
    per_shopper: dict[str, NDArray[np.float64]]
    items: NDArray[np.int32]


def question_of_pairs(data: TrainingData, test: Pairs) -> tuple[Question, dict[str, int]]:
    """Ask for the test pairs, with everything of the training data excluded; and count what does not fit.

    As in the code of NGCF and LightGCN, |T| is every different test item of a user. An item that the training data
    does not know cannot be found and still counts, and so does one that the user has already: nothing makes the
    question easier. Users that the training data does not know have no ranking; they are left out and counted.
    """
    row, column = data.users.to_index(test.users)[test.user], data.items.to_index(test.items)[test.item]
    known = row >= 0
    sizes = np.bincount(row[known], minlength=len(data.users))
    asked = np.flatnonzero(sizes).astype(np.int32)
    findable = known & (column >= 0)
    shape = data.owned.shape
    truth = csr_matrix((np.ones(int(findable.sum()), bool), (row[findable], column[findable])), shape=shape)
    counts = {
        "users_evaluated": len(asked),
        "users_unknown": len(test.users) - len(asked),
        "users_without_test_items": len(data.users) - len(asked),
        "test_pairs": len(test),
        "test_pairs_of_unknown_users": int((~known).sum()),
        "test_pairs_with_unknown_items": int((known & (column < 0)).sum()),
        "test_pairs_seen_in_training": int(truth.astype(np.int8).multiply(data.owned.astype(np.int8)).nnz),
        "test_items_unknown": int((data.items.to_index(test.items) < 0).sum()),
    }
    return Question(asked, data.owned[asked], truth[asked], sizes[asked]), counts


def measure(
    fitted: Fitted,
    data: TrainingData,
    question: Question,
    ks: Sequence[int],
    *,
    seed: int,
    progress: Progress,
) -> Measured:
    """Rank all items that are not excluded for everybody asked about, and measure at every depth of `ks`."""
    items = rank(fitted, question, max(ks), progress)
    return measure_lists(items, data, question, ks, seed=seed)


def rank(fitted: Fitted, question: Question, k: int, progress: Progress) -> NDArray[np.int32]:
    """Rank the best k items for everybody asked about: int32 [n, k], -1 where a list has ended."""
    progress.step("Ranking", len(question.rows))
    items = np.full((len(question.rows), k), -1, np.int32)
    for start in range(0, len(items), _SHOPPERS_AT_A_TIME):
        block = slice(start, start + _SHOPPERS_AT_A_TIME)
        items[block] = fitted.top_k(question.rows[block], k, question.exclude[block]).items
        progress.advance(len(items[block]))
    return items


def measure_lists(
    items: NDArray[np.int32], data: TrainingData, question: Question, ks: Sequence[int], *, seed: int
) -> Measured:
    """Measure given lists; see `measure`."""
    truth, n_items = question.truth, len(data.items)
    hits = metrics.find_hits(items, truth.indptr, truth.indices, n_items)
    values: dict[str, float] = {}
    per_shopper: dict[str, NDArray[np.float64]] = {}
    for k in ks:
        outcome = metrics.evaluate(hits, question.sizes, k)
        values |= outcome.values | beyond_accuracy(items[:, :k], data, k, seed)
        per_shopper |= outcome.per_shopper
    return Measured(values, per_shopper, items)


def beyond_accuracy(lists: NDArray[np.int32], data: TrainingData, k: int, seed: int) -> dict[str, float]:
    """Measure reach, novelty, diversity and fairness of exposure; the catalog is that of the training data."""
    owners = np.bincount(data.owned.indices, minlength=len(data.items))
    shown = metrics.exposure(lists, len(data.items))
    return {
        f"coverage@{k}": metrics.coverage(shown),
        f"novelty@{k}": metrics.novelty(shown, owners, len(data.users)),
        f"diversity@{k}": diversity(lists, data.owned, np.random.default_rng(seed)),
        f"gini@{k}": metrics.gini(shown),
        f"long_tail@{k}": metrics.long_tail_share(shown, owners),
    }


def diversity(lists: NDArray[np.int32], owned: csr_matrix, rng: np.random.Generator) -> float:
    """Intra-list diversity where an item's vector is who owns it: mean over lists of the mean 1 - cosine of pairs.

    The same formula as `recsys.evaluation.metrics.intra_list_diversity`, with sparse vectors; over a sample of at
    most 5,000 lists. Items that nobody owns are left out of the pairs, lists with fewer than two items of the mean.
    """
    if len(lists) > _DIVERSITY_LISTS:
        lists = lists[np.sort(rng.choice(len(lists), _DIVERSITY_LISTS, replace=False))]
    by_item = csr_matrix(owned.T, dtype=np.float32)
    lengths = np.sqrt(np.diff(by_item.indptr))
    unit = csr_matrix(diags_array(1 / np.maximum(lengths, 1)) @ by_item)
    kept = (lists >= 0) & (lengths[lists] > 0)
    n = kept.sum(axis=1)
    total = np.zeros(len(lists))
    for start in range(0, len(lists), _SHOPPERS_AT_A_TIME):
        block = slice(start, start + _SHOPPERS_AT_A_TIME)
        rows, _ = np.nonzero(kept[block])
        columns = lists[block][kept[block]]
        shape = (len(lists[block]), len(lengths))
        summed = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape) @ unit
        total[block] = summed.multiply(summed).sum(axis=1).ravel()
    several = n > 1
    # The squared length of a sum of n unit vectors is n + 2 · (sum of the cosines of the pairs).
    means = 1 - (total[several] - n[several]) / (n[several] * (n[several] - 1))
    return float(means.mean()) if len(means) else 0.0
