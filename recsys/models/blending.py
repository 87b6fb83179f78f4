"""Finding the weights of a blend on held-back purchases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.evaluation import metrics
from recsys.models.base import Fitted
from recsys.models.blend import standardised
from recsys.models.selection import K, Validation
from recsys.models.topk import MEMORY_BUDGET, blocks, top_k

Floats = NDArray[np.float32]

DEPTH = 60
"""Items of each part that take part in the search; an item that no part has among its first sixty is hardly ever
among the first twenty of a blend."""

STEPS = (0.1, 0.25, 0.5, 1.0)
"""Weights that are tried for a further part, beside 1 for the best."""

FINER = (0.6, 0.8, 1.25, 1.6)
"""Factors by which weights are then moved."""

WORTH = 0.002
"""A part has to raise the metric by this share of it: each costs time and memory in every run."""


ALIKE = 0.85
"""Models that reach this share of the best one's metric count alike in an even blend."""

GIVEN_UP = 0.01
"""Share of the metric that a blend may give up to be more even. Weights that are best on one sample of the past are
fitted to it; an even blend of good models does nearly as well there, and better where the future leans another way."""

KEPT_GAIN = 0.5
"""Share of what blending gains over the best model alone that an evened blend must keep: where little is gained, the
models have little to add to the best of them."""

TOWARDS_EVEN = (1.0, 0.75, 0.5, 0.25)
"""How far to go from the best weights to even ones; the furthest that gives up no more than it may is taken."""

SLIGHT = 0.1
"""A part below this share of the largest weight is left out: it costs as much as any other and changes next to nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Standardised scores of the items that any part would rank high.

    Attributes:
        scores: float32 [n_parts, n, width]; -inf where a shopper's list of items has ended.
        hits: bool [n, width], whether the item is a test item.
        relevant: int64 [n], number of test items.

    """

    scores: Floats
    hits: NDArray[np.bool_]
    relevant: NDArray[np.int64]

    def ndcg(self, weights: NDArray[np.float64]) -> float:
        """Mean NDCG at `K` of the weighted sum."""
        used = np.flatnonzero(weights)
        total = np.tensordot(weights[used].astype(np.float32), self.scores[used], axes=1)
        depth = min(K, total.shape[1])
        first = np.argpartition(-total, depth - 1, axis=1)[:, :depth]
        order = np.argsort(-np.take_along_axis(total, first, axis=1), axis=1, kind="stable")
        ranked = np.take_along_axis(self.hits, np.take_along_axis(first, order, axis=1), axis=1)
        return float(metrics.ndcg(ranked, self.relevant, K).mean())


def pool(parts: Sequence[Fitted], question: Validation, depth: int = DEPTH) -> Pool:
    """Score the shoppers of the question with every part, block by block, and keep what the search needs."""
    n, n_items = question.truth.shape
    width = min(depth * len(parts), n_items)
    scores = np.full((len(parts), n, width), -np.inf, np.float32)
    hits = np.zeros((n, width), bool)
    for block in blocks(n, n_items, MEMORY_BUDGET * 2):
        rows = question.rows[block]
        seen = question.train.weights[rows]
        units = [standardised(part.score(rows), seen)[0] for part in parts]
        firsts = [top_k(each, min(depth, n_items), question.exclude[block])[0] for each in units]
        truth = question.truth[block].toarray()
        for row, place in enumerate(range(block.start, block.stop)):
            items = np.unique(np.concatenate([each[row] for each in firsts]))
            items = items[items >= 0]
            scores[:, place, : len(items)] = [unit[row, items] for unit in units]
            hits[place, : len(items)] = truth[row, items]
    return Pool(scores, hits, np.diff(question.truth.indptr).astype(np.int64))


def find_weights(candidates: Pool) -> tuple[NDArray[np.float64], float]:
    """Find weights by greedy choice and then coordinate by coordinate: float64 [n_parts] and the metric they reach.

    The best part alone has weight 1; the part that gains most beside what is chosen comes next, until none gains enough.
    """
    n = len(candidates.scores)
    singles = [candidates.ndcg(row) for row in np.eye(n)]
    weights = np.eye(n)[int(np.argmax(singles))]
    reached = max(singles)
    while not weights.all():
        tries = [
            _moved(weights, part, step) for part in np.flatnonzero(weights == 0).tolist() for step in STEPS
        ]
        better, value = _best(candidates, tries)
        if value < reached * (1 + WORTH):
            break
        weights, reached = _refined(candidates, better, value)
    return weights, reached


def evened(
    candidates: Pool, weights: NDArray[np.float64], reached: float
) -> tuple[NDArray[np.float64], float]:
    """Bring weights towards even ones of all good parts: float64 [n_parts], the largest 1, and the metric they reach.

    Source: simple averages beat estimated weights where what comes is not quite like what was (Bates and Granger, "The
    combination of forecasts", 1969; Stock and Watson, "Combination forecasts of output growth", 2004).
    """
    singles = np.array([candidates.ndcg(row) for row in np.eye(len(candidates.scores))])
    best = float(singles.max())
    alike = singles >= ALIKE * best
    least = max(reached * (1 - GIVEN_UP), best + KEPT_GAIN * (reached - best))
    for share in TOWARDS_EVEN:
        mixed = (1 - share) * weights / weights.sum() + share * alike / alike.sum()
        tried = np.where(mixed < SLIGHT * mixed.max(), 0.0, mixed / mixed.max())
        value = candidates.ndcg(tried)
        if value >= least:
            return tried, value
    return weights, reached


def _refined(
    candidates: Pool, weights: NDArray[np.float64], reached: float
) -> tuple[NDArray[np.float64], float]:
    """Move one weight after the other as long as that helps; ends because the metric must rise each time."""
    while True:
        tries = [
            _moved(weights, part, weights[part] * by)
            for part in np.flatnonzero(weights).tolist()
            for by in FINER
        ]
        better, value = _best(candidates, tries)
        if value <= reached * (1 + WORTH / 10):
            return weights / weights.max(), reached
        weights, reached = better, value


def _moved(weights: NDArray[np.float64], part: int, to: float) -> NDArray[np.float64]:
    moved = weights.copy()
    moved[part] = to
    return moved


def _best(candidates: Pool, tries: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], float]:
    values = [candidates.ndcg(each) for each in tries]
    best = int(np.argmax(values))
    return tries[best], values[best]
