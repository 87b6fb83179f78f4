"""``auto``: the model that ranks held-back purchases best, with its settings tuned, fitted on everything."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from recsys.data.training import TrainingData
from recsys.models.base import Fitted, Recommender
from recsys.models.blend import Blend, FittedBlend
from recsys.models.blending import evened, find_weights, pool
from recsys.models.grids import families
from recsys.models.popular import Popular
from recsys.models.progress import Progress, Silent
from recsys.models.selection import DECISIVE, Validation, judge
from recsys.models.tuning import Tried, as_values, explore, parameters
from recsys.models.validation import ask

BUDGET = 300.0
"""Seconds for tuning where nothing else is said."""

BLENDING_SHARE = 0.2
"""Share of the budget that is kept for the blend."""

HOPELESS = 0.5
"""A model below this share of the best one's metric takes no part in the blend: trying it costs as much as any other."""


@dataclass(frozen=True, slots=True, eq=False)
class Auto:
    """What `fit_auto` found.

    Attributes:
        fitted: the winner, fitted on everything.
        name: the winner's name.
        parameters: its settings, plain values.
        leaderboard: one entry a model, best first: ``model``, ``values``, ``parameters``, ``tries``, ``seconds``; empty
            where the data is too small to measure anything, and popularity was taken.

    """

    fitted: Fitted
    name: str
    parameters: Mapping[str, Any]
    leaderboard: list[Mapping[str, Any]]


def fit_auto(
    data: TrainingData,
    *,
    seed: int,
    budget: float | None = BUDGET,
    progress: Progress | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Auto:
    """Tune on a validation part cut from `data`, choose, and fit the winner on all of `data`.

    Args:
        data: all that may be learned from; nothing else is looked at.
        seed: of all that chance decides.
        budget: seconds for tuning, by `monotonic`; None for no limit. Fitting on everything comes on top.
        progress: told where the work stands.
        monotonic: the clock of the budget.

    """
    watch = progress or Silent()
    watch.step("Splitting", 1)
    question = ask(data, seed=seed).question
    tried = (
        ()
        if question is None
        else tune(question, seed=seed, budget=budget, progress=watch, monotonic=monotonic)
    )
    winner = best_of(tried)
    watch.step(f"Fitting {winner.name}", 1)
    fitted = winner.fit(data, seed=seed, progress=watch)
    return Auto(fitted, winner.name, parameters(winner), as_values(tried))


def tune(
    question: Validation,
    *,
    seed: int,
    budget: float | None,
    progress: Progress,
    monotonic: Callable[[], float],
) -> tuple[Tried, ...]:
    """Find the best settings of every model, and the best blend of them, within `budget` seconds.

    The blend stands last, and is there only where it beats every model by itself.
    """
    seconds = float("inf") if budget is None else budget
    known = families(question.train, len(question.rows))
    start = monotonic()
    tried = explore(
        known,
        question,
        seed=seed,
        seconds=seconds * (1 - BLENDING_SHARE),
        progress=progress,
        monotonic=monotonic,
    )
    if len(tried) < 2 or monotonic() - start >= seconds:
        return tried
    return tried + _blended(tried, question, progress, monotonic)


def _blended(
    tried: tuple[Tried, ...], question: Validation, progress: Progress, monotonic: Callable[[], float]
) -> tuple[Tried, ...]:
    """Blend what was tried; nothing where one model alone is as good."""
    start = monotonic()
    progress.step("Blending", 1)
    best = max(each.judged.values[DECISIVE] for each in tried)
    able = [each for each in tried if each.judged.values[DECISIVE] >= HOPELESS * best]
    candidates = pool([each.fitted for each in able], question)
    weights, _ = evened(candidates, *find_weights(candidates))
    progress.advance()
    used = [(each, weight) for each, weight in zip(able, weights.tolist(), strict=True) if weight > 0]
    if len(used) < 2:
        return ()
    recommender = Blend(tuple(each.recommender for each, _ in used), tuple(weight for _, weight in used))
    fitted = FittedBlend(
        [each.fitted for each, _ in used], recommender.weights, question.train.weights, recommender.name
    )
    judged = judge(fitted, question)
    if judged.values[DECISIVE] <= best:
        return ()
    return (Tried(recommender, fitted, judged, 1, monotonic() - start),)


def best_of(tried: tuple[Tried, ...]) -> Recommender:
    """Give the settings of the best model, of equals the simpler; popularity where nothing could be measured."""
    if not tried:
        return Popular()
    return max(tried, key=lambda each: each.judged.values[DECISIVE]).recommender
