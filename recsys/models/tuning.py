"""Trying settings of many models within a time budget: an equal share of the time for each of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from recsys.evaluation.metrics import paired_difference
from recsys.models.base import Fitted, Recommender
from recsys.models.progress import Progress, Silent
from recsys.models.selection import DECISIVE, Judged, Validation, judge

Clock = Callable[[], float]

ENOUGH = 2_000
"""Shoppers by whom settings of one model are told apart; the best settings are then measured on all."""


@dataclass(frozen=True, slots=True)
class Family:
    """One model with the settings that are worth a try.

    Attributes:
        name: the model's.
        settings: where to begin, the most promising first; at least one.
        around: what to try next to the best settings so far, where time remains.

    """

    name: str
    settings: tuple[Recommender, ...]
    around: Callable[[Recommender], Sequence[Recommender]] = lambda _: ()


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """The best settings of a family.

    Attributes:
        recommender: the settings.
        fitted: what learned from the train part of the question; a blend scores with it.
        judged: how it did.
        tries: how many settings the time allowed for.
        seconds: what the family took.

    """

    recommender: Recommender
    fitted: Fitted
    judged: Judged
    tries: int
    seconds: float


def parameters(model: object) -> dict[str, Any]:
    """Give the settings of a model as plain values that JSON can hold; empty for a stranger's.

    A model that is fitted elsewhere has those of ours under ``settings``.
    """
    ours = getattr(model, "settings", model)
    return {key: value for key, value in _plain(ours).items() if key != "name"} if is_dataclass(ours) else {}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def explore(
    families: Sequence[Family],
    question: Validation,
    *,
    seed: int,
    seconds: float,
    progress: Progress,
    monotonic: Clock,
) -> tuple[Tried, ...]:
    """Find the best settings of every family; in the order of the families.

    Every family has an equal share of the time, and what the ones before it left over. Its first settings are tried in
    any case as long as the whole time is not over, further ones while the share has room for one that takes as long as
    the one before. The first family is always tried.
    """
    end = monotonic() + seconds
    tried: list[Tried] = []
    for place, family in enumerate(families):
        left = end - monotonic()
        if tried and left <= 0:
            break
        search = _Search(question, seed, progress, monotonic, monotonic() + left / (len(families) - place))
        tried.append(search.run(family))
    return tuple(tried)


class _Search:
    """The search through one family's settings until a moment of the clock."""

    def __init__(
        self, question: Validation, seed: int, progress: Progress, monotonic: Clock, until: float
    ) -> None:
        self._whole, self._seed, self._progress = question, seed, progress
        self._question = question.some(ENOUGH, np.random.default_rng(seed))
        self._monotonic, self._until = monotonic, until
        self._seen: list[Recommender] = []
        self._took = 0.0

    def run(self, family: Family) -> Tried:
        """Try the settings to begin with, then those around the best as long as one of them is better still."""
        start = self._monotonic()
        self._progress.step(f"Tuning {family.name}", len(family.settings))
        best = self._try(family.settings[0])
        for settings in itertools.takewhile(self._has_time, family.settings[1:]):
            best = self._better(best, settings)
        best = self._climb(best, family)
        judged = best.judged if self._question is self._whole else judge(best.fitted, self._whole)
        return replace(best, judged=judged, tries=len(self._seen), seconds=self._monotonic() - start)

    def _climb(self, best: Tried, family: Family) -> Tried:
        """Move to the first setting around the best that is better, until none is."""
        for settings in itertools.takewhile(self._has_time, family.around(best.recommender)):
            better = self._better(best, settings)
            if better is not best:
                return self._climb(better, family)
        return best

    def _has_time(self, _: Recommender) -> bool:
        return self._monotonic() + self._took <= self._until

    def _better(self, best: Tried, settings: Recommender) -> Tried:
        """Give these settings where they are better than the best so far by more than chance, else the best so far."""
        if settings in self._seen:
            return best
        tried = self._try(settings)
        gap = paired_difference(tried.judged.decisive, best.judged.decisive)
        return tried if gap.mean > gap.standard_error else best

    def _try(self, settings: Recommender) -> Tried:
        start = self._monotonic()
        fitted = settings.fit(self._question.train, seed=self._seed, progress=Silent())
        judged = judge(fitted, self._question)
        self._took = self._monotonic() - start
        self._seen.append(settings)
        self._progress.advance()
        return Tried(settings, fitted, judged, 1, self._took)


def as_values(leaders: Sequence[Tried]) -> list[Mapping[str, Any]]:
    """Put down what was tried as plain values, best first, of equals the simpler."""
    return [
        {
            "model": each.judged.model,
            "values": dict(each.judged.values),
            "parameters": parameters(each.recommender),
            "tries": each.tries,
            "seconds": each.seconds,
        }
        for each in sorted(leaders, key=lambda one: -one.judged.values[DECISIVE])
    ]
