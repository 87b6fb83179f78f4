"""Measuring contestants on a problem: means with intervals, differences in pairs, and who is served how well."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rankings.contestants import BuyAgain, Contestant
from rankings.questions import REPEATS, Problem
from recsys.batch.evaluate import plain
from recsys.batch.question import Measured, Question, measure_lists, rank
from recsys.data.training import TrainingData
from recsys.domain.errors import RecsysError
from recsys.evaluation.intervals import bootstrap
from recsys.models.base import Fitted
from recsys.models.loading import AUTO
from recsys.models.progress import Progress
from recsys.models.selection import BASELINE

KS = (5, 10, 20, 50)
SHOWN = ("recall@20", "ndcg@20")
"""Metrics that get intervals and differences; all others are means."""

BANDS = ((1, 4), (5, 9), (10, 19), (20, 49), (50, None))
MARKETS_SHOWN = 6
FEWEST_SHOPPERS = 5
"""A market with fewer shoppers asked about has no figure of its own."""

Record = Callable[[dict[str, Any]], None]


def measure_all(
    problem: Problem, contestants: Sequence[Contestant], *, seed: int, progress: Progress, record: Record
) -> dict[str, Any]:
    """Fit every contestant, answer every question, and compare; `record` is told of each look at the test part."""
    board = _Board(problem, seed, progress, record)
    refused: list[dict[str, str]] = []
    for contestant in contestants:
        begun = time.perf_counter()
        progress.step(f"Fitting {contestant.name}", 1)
        try:
            fitted = contestant.model.fit(problem.data, seed=seed, progress=progress)
        except RecsysError as error:
            refused.append({"model": contestant.name, "why": str(error)})
            continue
        facts = contestant.facts | {"fit_seconds": round(time.perf_counter() - begun, 2)}
        for question in problem.questions:
            if contestant.only in (None, question):
                board.add(
                    question,
                    contestant.name,
                    fitted,
                    facts | {AUTO: _is_auto(contestant, question, contestants)},
                )
        if contestant.only is None and _has_buy_again(problem, contestant):
            again = BuyAgain(problem.data, fitted, contestant.name)
            board.add(REPEATS, again.name, again, {AUTO: False, "parameters": {}, "validation": None})
    return {"questions": {name: board.answers(name) for name in problem.questions}, "refused": refused}


def _is_auto(contestant: Contestant, question: str, contestants: Sequence[Contestant]) -> bool:
    """Whether ``auto`` takes it for this question: one that was chosen for the question stands before one for all."""
    chosen = any(each.is_auto and each.only == question for each in contestants)
    return contestant.is_auto and (contestant.only == question or not chosen)


def _has_buy_again(problem: Problem, contestant: Contestant) -> bool:
    return REPEATS in problem.questions and (contestant.is_auto or contestant.name == BASELINE)


class _Board:
    """The answers to every question so far."""

    def __init__(self, problem: Problem, seed: int, progress: Progress, record: Record) -> None:
        self._problem, self._seed, self._progress, self._record = problem, seed, progress, record
        self._found: dict[str, dict[str, Measured]] = {name: {} for name in problem.questions}
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in problem.questions}

    def add(self, question: str, model: str, fitted: Fitted, facts: dict[str, Any]) -> None:
        """Look at the test part once: let a model answer a question, and record it."""
        asked = self._problem.questions[question]
        measured, row = _answer(fitted, self._problem.data, asked, self._seed, self._progress)
        self._found[question][model] = measured
        self._rows[question].append({"model": model} | facts | row)
        shown = {name: row["metrics"][name] for name in SHOWN}
        self._record({"question": question, "model": model, "parameters": plain(facts["parameters"])} | shown)

    def answers(self, question: str) -> dict[str, Any]:
        """Give the models, best first, and their differences in pairs."""
        rows = self._rows[question]
        return {
            "shoppers": len(self._problem.questions[question].rows),
            "models": sorted(rows, key=lambda row: -row["metrics"]["ndcg@20"]),
            "differences": _differences(self._found[question], rows, self._seed),
        }


def _answer(
    fitted: Fitted, data: TrainingData, question: Question, seed: int, progress: Progress
) -> tuple[Measured, dict[str, Any]]:
    begun = time.perf_counter()
    lists = rank(fitted, question, max(KS), progress)
    seconds = time.perf_counter() - begun
    measured = measure_lists(lists, data, question, KS, seed=seed)
    row = {
        "metrics": {name: round(value, 5) for name, value in measured.values.items()},
        "intervals": {name: _interval(measured.per_shopper[name], seed) for name in SHOWN},
        "by_activity": by_activity(measured, data, question),
        "by_market": by_market(measured, data, question),
        "rank_seconds": round(seconds, 2),
    }
    return measured, row


def _interval(values: NDArray[np.float64], seed: int) -> list[float]:
    """Give low and high of the mean, 95 %."""
    _, low, high = bootstrap(values, rng=np.random.default_rng(seed))
    return [round(low, 5), round(high, 5)]


def _differences(
    found: dict[str, Measured], rows: Sequence[dict[str, Any]], seed: int
) -> list[dict[str, Any]]:
    """Compare in pairs, shopper by shopper: every model with popularity, and what ``auto`` took with every model."""
    winner = next((row["model"] for row in rows if row[AUTO]), None)
    pairs = [(name, BASELINE) for name in found if name != BASELINE]
    pairs += [(winner, name) for name in found if winner and name not in (winner, BASELINE)]
    return [
        {"model": first, "over": second}
        | {
            name: _gap(found[first].per_shopper[name] - found[second].per_shopper[name], seed)
            for name in SHOWN
        }
        for first, second in pairs
    ]


def _gap(values: NDArray[np.float64], seed: int) -> dict[str, float]:
    mean, low, high = bootstrap(values, rng=np.random.default_rng(seed))
    return {"mean": round(mean, 5), "low": round(low, 5), "high": round(high, 5)}


def by_activity(measured: Measured, data: TrainingData, question: Question) -> list[dict[str, Any]]:
    """Mean accuracy by how many different items a shopper had when the model learned."""
    had = np.diff(data.owned.indptr)[question.rows]
    groups = [
        (f"{low}–{high}" if high else f"{low} and more", (had >= low) & (had <= (high or np.inf)))
        for low, high in BANDS
    ]
    return [_group(name, inside, measured) for name, inside in groups if inside.any()]


def by_market(measured: Measured, data: TrainingData, question: Question) -> list[dict[str, Any]]:
    """Mean accuracy by home market: those with most shoppers asked about, and the rest together."""
    home = data.user_market[question.rows]
    sizes = np.bincount(home[home >= 0], minlength=len(data.markets))
    shown = [
        market
        for market in np.argsort(-sizes, kind="stable")[:MARKETS_SHOWN].tolist()
        if sizes[market] >= FEWEST_SHOPPERS
    ]
    if not shown:
        return []
    groups = [(data.markets[market], home == market) for market in shown]
    groups.append(("elsewhere or unknown", ~np.isin(home, shown)))
    return [_group(name, inside, measured) for name, inside in groups if inside.any()]


def _group(name: str, inside: NDArray[np.bool_], measured: Measured) -> dict[str, Any]:
    means = {metric: round(float(measured.per_shopper[metric][inside].mean()), 5) for metric in SHOWN}
    return {"group": name, "shoppers": int(inside.sum())} | means
