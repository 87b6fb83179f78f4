"""Who takes part: every model tuned on a validation part of the training data, with an equal budget for each."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankings.questions import REPEATS
from recsys.batch.repeats import repeat_scores
from recsys.data.training import TrainingData
from recsys.models.auto import best_of, tune
from recsys.models.base import Fitted, FittedModel, Recommender, Rows
from recsys.models.loading import AUTO, BUILT_IN, recommender
from recsys.models.progress import Progress
from recsys.models.selection import BASELINE, DECISIVE
from recsys.models.tuning import parameters
from recsys.models.validation import ask

BUY_AGAIN = "buy-again"


@dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A model with settings that the validation part chose.

    Attributes:
        name: as in the tables.
        model: the settings.
        facts: ``parameters``, ``validation`` (its figure there, None where it was not tuned), ``tries``, ``seconds``
            of tuning.
        is_auto: whether it is the one that ``auto`` takes.
        only: the one question that it was chosen for; None for all.

    """

    name: str
    model: Recommender
    facts: dict[str, Any]
    is_auto: bool
    only: str | None = None


def tuned(data: TrainingData, *, budget: float, seed: int, progress: Progress) -> list[Contestant]:
    """Tune every model on a part cut from `data`, and their blend; the winner is what ``auto`` is."""
    question = ask(data, seed=seed).question
    if question is None:
        return [untuned(name) for name in BUILT_IN]
    tried = tune(question, seed=seed, budget=budget, progress=progress, monotonic=time.monotonic)
    winner = best_of(tried)
    return [
        Contestant(
            each.recommender.name,
            each.recommender,
            {
                "parameters": parameters(each.recommender),
                "validation": {DECISIVE: each.judged.values[DECISIVE]},
                "tries": each.tries,
                "seconds": round(each.seconds, 1),
            },
            each.recommender is winner,
        )
        for each in tried
    ]


def for_repeats(data: TrainingData, *, budget: float, seed: int, progress: Progress) -> list[Contestant]:
    """What ``auto`` takes where repeats may be ranked too: the same search, asked that question on the validation part."""
    question = ask(data, seed=seed, repeats=True).question
    if question is None:
        return []
    tried = tune(question, seed=seed, budget=budget, progress=progress, monotonic=time.monotonic)
    winner = max(tried, key=lambda each: each.judged.values[DECISIVE])
    facts = {
        "parameters": parameters(winner.recommender),
        "validation": {DECISIVE: winner.judged.values[DECISIVE]},
    }
    return [Contestant(f"{winner.recommender.name} for repeats", winner.recommender, facts, True, REPEATS)]


def untuned(name: str) -> Contestant:
    """Give a model with the settings that it has by itself."""
    model = recommender(name)
    return Contestant(model.name, model, {"parameters": parameters(model), "validation": None}, False)


def chosen(
    names: Sequence[str], data: TrainingData, *, budget: float, seed: int, progress: Progress
) -> list[Contestant]:
    """Give the contestants by name; ``auto`` brings every model that it tuned. Popularity is always among them."""
    found = tuned(data, budget=budget, seed=seed, progress=progress) if AUTO in names else []
    present = {each.name for each in found}
    others = [name for name in dict.fromkeys((BASELINE, *names)) if name != AUTO and name not in present]
    return [*(untuned(name) for name in others), *found]


class BuyAgain(FittedModel):
    """What the snapshot's repeats say (see docs/models.md), filled up by another model: a row "buy again"."""

    def __init__(self, data: TrainingData, behind: Fitted, behind_name: str) -> None:
        self.name = f"{BUY_AGAIN}, then {behind_name}"
        self._repeats = repeat_scores(data)
        self._behind = behind

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self._repeats.shape[1])

    def score(self, rows: Rows) -> NDArray[np.float32]:
        """Repeats have their score, at least 0.01; everything else comes behind them, in the other model's order."""
        others = self._behind.score(rows).astype(np.float64)
        known = np.isfinite(others)
        low = np.min(others, axis=1, keepdims=True, where=known, initial=np.inf)
        high = np.max(others, axis=1, keepdims=True, where=known, initial=-np.inf)
        span = np.where(high > low, high - low, 1.0)
        place = np.where(known, 1e-3 * (np.where(known, others, 0.0) - low) / span, -np.inf)
        repeats = self._repeats[rows].toarray()
        return np.where(repeats > 0, repeats, place).astype(np.float32)
