"""Trying the models, choosing one, and fitting on all of the data what the snapshot needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from recsys.batch.split import Asked
from recsys.data.training import TrainingData
from recsys.evaluation.metrics import paired_difference
from recsys.models.als import Als, FittedAls
from recsys.models.base import Fitted, Recommender
from recsys.models.item_knn import FittedItemKnn, ItemKnn
from recsys.models.loading import AUTO
from recsys.models.popular import FittedPopular, Popular
from recsys.models.progress import Progress
from recsys.models.selection import BASELINE, DECISIVE, Judged, K, steps

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


def choose(model: str, models: Sequence[Recommender], judged: Sequence[Judged]) -> Recommender:
    """Give the model asked for; for ``auto`` the best one.

    Where nothing could be measured, ``auto`` takes popularity: nothing shows that anything else would do better.
    """
    name = model if model != AUTO else judged[0].model if judged else BASELINE
    return next(each for each in models if each.name == name)


def fit_all(winner: Recommender, data: TrainingData, *, seed: int, progress: Progress) -> FittedModels:
    """Fit on everything; a winner that is one of the three is not fitted twice."""
    popular = _fit(Popular(), data, seed, progress)
    item_knn = _fit(ItemKnn(), data, seed, progress)
    als = _fit(Als(), data, seed, progress)
    known: dict[str, Fitted] = {each.name: each for each in (popular, item_knn, als)}
    chosen = known[winner.name] if winner.name in known else _fit(winner, data, seed, progress)
    return FittedModels(chosen, popular, item_knn, als)


class _Fits(Protocol[Kind_co]):
    @property
    def name(self) -> str: ...

    def fit(self, data: TrainingData, *, seed: int, progress: Progress) -> Kind_co: ...


def _fit(model: _Fits[Kind_co], data: TrainingData, seed: int, progress: Progress) -> Kind_co:
    progress.step(f"Fitting {model.name}", steps(model))
    return model.fit(data, seed=seed, progress=progress)


def leaderboard(asked: Asked, winner: str, judged: Sequence[Judged]) -> dict[str, Any]:
    """Put the measurements down as plain values that JSON can hold: see `BatchResult.metrics`."""
    by_name = {each.model: each for each in judged}
    return {
        "k": K,
        "decisive": DECISIVE,
        "winner": winner,
        "values": dict(by_name[winner].values) if winner in by_name else {},
        "models": [_line(each, by_name[BASELINE]) for each in judged],
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
