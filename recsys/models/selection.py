"""Choosing a model by what it would have said about purchases that it did not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.evaluation import metrics
from recsys.models.base import Fitted, Recommender
from recsys.models.loading import BUILT_IN, recommender
from recsys.models.progress import Progress

K = 20
"""Depth at which models are compared."""

DECISIVE = f"ndcg@{K}"
"""The metric that chooses: it looks at the order and not only at the set."""

BASELINE = "popular"


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """A question with a known answer: what did these shoppers buy next that they did not have.

    Attributes:
        train: what a model may learn from; id maps as in the whole data.
        rows: int32 [n], the shoppers who are asked about; each has at least one test item.
        exclude: [n, n_items], what they had already and what they dislike.
        truth: bool [n, n_items], the new items that they bought.
        left_out: number of shoppers without a train part or without a test part.

    """

    train: TrainingData
    rows: NDArray[np.int32]
    exclude: csr_matrix
    truth: csr_matrix
    left_out: int

    def some(self, n: int, rng: np.random.Generator) -> Validation:
        """Ask about no more than n of the shoppers, chosen by chance."""
        if len(self.rows) <= n:
            return self
        kept = np.sort(rng.choice(len(self.rows), n, replace=False))
        return replace(self, rows=self.rows[kept], exclude=self.exclude[kept], truth=self.truth[kept])


@dataclass(frozen=True, slots=True)
class Judged:
    """How one model did.

    Attributes:
        model: its name.
        values: metrics at `K` by name, such as ``ndcg@20``.
        decisive: float64 [n], `DECISIVE` by shopper.
        per_shopper: float64 [n] by name, every metric that has a value for each shopper.

    """

    model: str
    values: Mapping[str, float]
    decisive: NDArray[np.float64] = field(repr=False)
    per_shopper: Mapping[str, NDArray[np.float64]] = field(default_factory=dict, repr=False)


def contenders(model: str) -> tuple[Recommender, ...]:
    """Give the model asked for, and before it the baseline beside which it is measured.

    Raises `Invalid` as `recommender` does.
    """
    if model == BASELINE:
        return (BUILT_IN[BASELINE],)
    return (BUILT_IN[BASELINE], recommender(model))


def judge(fitted: Fitted, question: Validation) -> Judged:
    """Rank all items that are new to the shoppers, and measure."""
    n_items = question.truth.shape[1]
    lists = fitted.top_k(question.rows, K, question.exclude)
    hits = metrics.find_hits(lists.items, question.truth.indptr, question.truth.indices, n_items)
    outcome = metrics.evaluate(hits, np.diff(question.truth.indptr), K)
    owners = np.bincount(question.train.owned.indices, minlength=n_items)
    shown = metrics.exposure(lists.items, n_items)
    beyond = {
        f"coverage@{K}": metrics.coverage(shown),
        f"novelty@{K}": metrics.novelty(shown, owners, question.train.owned.shape[0]),
        f"gini@{K}": metrics.gini(shown),
        f"long_tail@{K}": metrics.long_tail_share(shown, owners),
    }
    return Judged(fitted.name, outcome.values | beyond, outcome.per_shopper[DECISIVE], outcome.per_shopper)


def compare(
    models: Sequence[Recommender],
    question: Validation,
    *,
    seed: int,
    progress: Progress,
) -> tuple[Judged, ...]:
    """Fit models on the train part and judge them; the best first, of equals the simpler."""
    judged: list[Judged] = []
    for model in models:
        progress.step(f"Trying {model.name}", steps(model))
        judged.append(judge(model.fit(question.train, seed=seed, progress=progress), question))
    return tuple(sorted(judged, key=lambda each: -each.values[DECISIVE]))


def steps(model: object) -> int:
    """Tell how often `fit` will advance the progress."""
    return int(getattr(model, "iterations", 1))
