"""Trying the models, choosing one, and fitting on all of the data what the snapshot needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from recsys.data.training import TrainingData
from recsys.evaluation.metrics import paired_difference
from recsys.models.als import Als, FittedAls
from recsys.models.auto import best_of, tune
from recsys.models.base import Fitted, Recommender
from recsys.models.item_knn import FittedItemKnn, ItemKnn
from recsys.models.popular import FittedPopular, Popular
from recsys.models.progress import Progress
from recsys.models.selection import BASELINE, DECISIVE, Judged, K, Validation, compare, steps
from recsys.models.tuning import parameters
from recsys.models.validation import Asked

Kind_co = TypeVar("Kind_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class FittedModels:
    """The winner, and the three that every snapshot needs whoever won: popularity, neighbours and vectors."""

    winner: Fitted
    popular: FittedPopular
    item_knn: FittedItemKnn
    als: FittedAls

    @property
    def explainer(self) -> Fitted:
        """Who names the reasons: the winner if it can, else item-to-item. Popularity has no personal reasons to name."""
        return self.winner if self.winner.explains or self.winner is self.popular else self.item_knn


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The settings that a run uses, and what was measured on the way.

    Attributes:
        winner: the model to fit on everything.
        judged: what was measured, best first; empty where the data is too small to measure anything.
        settings: of every model tried, by name; plain values.

    """

    winner: Recommender
    judged: tuple[Judged, ...]
    settings: Mapping[str, Mapping[str, Any]]


def choose(
    models: tuple[Recommender, ...] | None,
    question: Validation | None,
    *,
    seed: int,
    budget: float | None,
    progress: Progress,
    monotonic: Callable[[], float],
) -> Choice:
    """Give the last of `models`, measured beside the others; without `models` tune and take the best.

    Where nothing could be measured, tuning takes popularity: nothing shows that anything else would do better.
    Raises `Invalid` for a model that fails.
    """
    if models is None:
        tried = (
            ()
            if question is None
            else tune(question, seed=seed, budget=budget, progress=progress, monotonic=monotonic)
        )
        judged = tuple(sorted((each.judged for each in tried), key=lambda one: -one.values[DECISIVE]))
        return Choice(
            best_of(tried), judged, {each.judged.model: parameters(each.recommender) for each in tried}
        )
    judged = () if question is None else compare(models, question, seed=seed, progress=progress)
    return Choice(models[-1], judged, {each.name: parameters(each) for each in models})


def fit_all(winner: Recommender, data: TrainingData, *, seed: int, progress: Progress) -> FittedModels:
    """Fit on everything; a winner that is one of the three, with the same settings, is not fitted twice."""
    popular = _fit(Popular(), data, seed, progress)
    item_knn = _fit(ItemKnn(), data, seed, progress)
    als = _fit(Als(), data, seed, progress)
    known: list[tuple[Recommender, Fitted]] = [(Popular(), popular), (ItemKnn(), item_knn), (Als(), als)]
    for settings, fitted in known:
        if settings == winner:
            return FittedModels(fitted, popular, item_knn, als)
    fitted = _fit(winner, data, seed, progress)
    # A winner that has vectors gives its own to themes and newcomers.
    return FittedModels(fitted, popular, item_knn, fitted if isinstance(fitted, FittedAls) else als)


class _Fits(Protocol[Kind_co]):
    @property
    def name(self) -> str: ...

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> Kind_co: ...


def _fit(model: _Fits[Kind_co], data: TrainingData, seed: int, progress: Progress) -> Kind_co:
    progress.step(f"Fitting {model.name}", steps(model))
    return model.fit(data, seed=seed, progress=progress)


def leaderboard(asked: Asked, choice: Choice) -> dict[str, Any]:
    """Put the measurements down as plain values that JSON can hold: see `BatchResult.metrics`."""
    winner, judged = choice.winner.name, choice.judged
    by_name = {each.model: each for each in judged}
    return {
        "k": K,
        "decisive": DECISIVE,
        "winner": winner,
        "values": dict(by_name[winner].values) if winner in by_name else {},
        "parameters": dict(choice.settings[winner]) if winner in choice.settings else {},
        "models": [
            _line(each, by_name[BASELINE]) | {"parameters": dict(choice.settings[each.model])}
            for each in judged
        ],
        "evaluated": len(asked.question.rows) if asked.question else 0,
        "left_out": asked.question.left_out if asked.question else None,
        "split": {"kind": asked.kind, "at": asked.at.isoformat() if asked.at else None, "words": asked.words},
    }


def _line(judged: Judged, baseline: Judged) -> dict[str, Any]:
    gap = paired_difference(judged.decisive, baseline.decisive)
    return {
        "model": judged.model,
        "values": dict(judged.values),
        "over_popular": {"mean": gap.mean, "standard_error": gap.standard_error},
    }
