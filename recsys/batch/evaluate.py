"""Evaluating a model on a fixed split of two files; no database."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys.batch.machine import machine, peak_memory_mib, versions
from recsys.batch.question import Measured, Question, measure, question_of_pairs
from recsys.data.pairs import Pairs, read_pairs, to_interactions
from recsys.data.training import TrainingData, build_training_data
from recsys.domain.errors import Invalid
from recsys.models.auto import Auto, fit_auto
from recsys.models.loading import AUTO, recommender
from recsys.models.progress import Progress, Silent
from recsys.models.selection import steps
from recsys.models.tuning import parameters

SEED = 0
"""Decides all that chance decides; fixed, so that equal files give equal figures."""

Clock = Callable[[], float]


class Stopwatch:
    """Seconds by phase, on a clock that is passed in."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = self._start = clock()
        self._phases: dict[str, float] = {}

    def lap(self, phase: str) -> None:
        """Say that `phase` is over; it began where the one before ended."""
        now = self._clock()
        self._phases[phase] = round(now - self._since, 3)
        self._since = now

    def seconds(self) -> dict[str, float]:
        """All phases so far, and their ``total``."""
        return self._phases | {"total": round(self._since - self._start, 3)}


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What an evaluation found.

    Attributes:
        report: plain values that JSON can hold: ``metrics`` (by name and depth, such as ``recall@20``),
            ``standard_errors`` of the accuracy metrics over users, ``k``, ``asked`` (the model asked for), ``model``,
            ``parameters``, ``leaderboard`` (of the validation part, best first), ``counts``, ``seconds`` by phase,
            ``peak_memory_mib``, ``notes``, ``seed``, ``budget``, ``versions``, ``machine``.
        measured: the same by shopper, for comparison of models in pairs.

    """

    report: dict[str, Any]
    measured: Measured


def evaluate_files(
    train: Path,
    test: Path,
    *,
    model: str = AUTO,
    budget: float | None = 300.0,
    k: int = 20,
    seed: int = SEED,
    progress: Progress | None = None,
    clock: Clock = time.monotonic,
) -> Evaluated:
    """Fit on `train`, rank all items that a user does not have there, and measure against `test`.

    The test file is not opened before the model is fitted, so nothing in it can have shaped the model.

    Args:
        train, test: files as `recsys.data.pairs.read_pairs` reads them.
        model: ``auto``, the name of a built-in model, or ``module:Class``.
        budget: seconds for tuning, of ``auto`` alone, by `clock`; None for no limit.
        k, seed, progress: depth of the lists; of all that chance decides; told where the work stands.

    Raises `Invalid` for files that cannot be used (fields ``train``, ``test``), and for the ``model``.
    """
    watch, stopwatch = progress or Silent(), Stopwatch(clock)
    # Both are told before the long work begins; looking whether a file is there is not reading it.
    _require(test, "test")
    if model != AUTO:
        recommender(model)
    pairs = _read(train, "train", watch)
    data = build_training_data(to_interactions(pairs), ())
    stopwatch.lap("read_train")
    won = fit(model, data, seed=seed, budget=budget, progress=watch, clock=clock)
    stopwatch.lap("fit")
    truth = _read(test, "test", watch)
    question, counts = question_of_pairs(data, truth)
    _require_somebody(question, truth)
    stopwatch.lap("read_test")
    measured = measure(won.fitted, data, question, (k,), seed=seed, progress=watch)
    stopwatch.lap("rank_and_measure")
    report = {
        "metrics": measured.values,
        "standard_errors": standard_errors(measured),
        "k": k,
        "asked": model,
        "seed": seed,
        "budget": budget if model == AUTO else None,
        "counts": _sizes(data) | counts,
        "notes": _notes(pairs, truth, counts),
    }
    return Evaluated(report | account(won, stopwatch), measured)


def account(won: Auto, stopwatch: Stopwatch) -> dict[str, Any]:
    """Tell what was fitted, at what cost, by what and where."""
    return {
        "model": won.name,
        "parameters": plain(won.parameters),
        "leaderboard": plain(won.leaderboard),
        "seconds": stopwatch.seconds(),
        "peak_memory_mib": peak_memory_mib(),
        "versions": versions(),
        "machine": machine(),
    }


def fit(
    model: str, data: TrainingData, *, seed: int, budget: float | None, progress: Progress, clock: Clock
) -> Auto:
    """Fit ``auto`` or the model of a name; only ``auto`` has a leaderboard and needs a budget."""
    if model == AUTO:
        return fit_auto(data, seed=seed, budget=budget, progress=progress, monotonic=clock)
    asked = recommender(model)
    progress.step(f"Fitting {asked.name}", steps(asked))
    return Auto(asked.fit(data, seed=seed, progress=progress), asked.name, parameters(asked), [])


def standard_errors(measured: Measured) -> dict[str, float]:
    """Standard error of the mean of every accuracy metric, s / sqrt(n); 0 for a single user."""
    return {
        name: float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
        for name, values in measured.per_shopper.items()
    }


def plain(value: Any) -> Any:
    """Turn settings and leaderboards into values that JSON can hold; NaN and infinity, which it cannot, become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _require(path: Path, field: str) -> None:
    if not path.exists():
        raise Invalid(field, f"there is no file {path}")


def _require_somebody(question: Question, test: Pairs) -> None:
    if not len(question.rows):
        raise Invalid(
            "test",
            f"none of its {len(test.users):,} users stands in the training file, so nothing can be measured; "
            "give two parts of one data set with the same ids",
        )


def _read(path: Path, field: str, progress: Progress) -> Pairs:
    _require(path, field)
    progress.step(f"Reading {path.name}", path.stat().st_size)
    return read_pairs(path, field, progress.advance)


def _sizes(data: TrainingData) -> dict[str, int]:
    return {
        "users_train": len(data.users),
        "items_train": len(data.items),
        "pairs_train": int(data.owned.nnz),
    }


def _notes(train: Pairs, test: Pairs, counts: Mapping[str, int]) -> list[str]:
    """Say in words what a reader of the figures must know; nothing where all is as it should be."""
    told = []
    for name, pairs in (("training", train), ("test", test)):
        if pairs.repeated:
            told.append(f"{pairs.repeated:,} lines of the {name} file repeat a pair and were left out.")
        if pairs.extra:
            told.append(f"The {name} file has more than three columns; the others were not read.")
    if test.weight is not None:
        told.append("The weights of the test file were not read: every test pair counts alike.")
    if counts["users_unknown"]:
        told.append(f"{counts['users_unknown']:,} test users are not in the training file and were left out.")
    if counts["test_pairs_with_unknown_items"]:
        told.append(
            f"{counts['test_pairs_with_unknown_items']:,} test pairs have items that the training file does not know; "
            "they count as not found."
        )
    if counts["test_pairs_seen_in_training"]:
        told.append(
            f"{counts['test_pairs_seen_in_training']:,} test pairs stand in the training file too; only unseen items "
            "are ranked, so they count as not found."
        )
    return told
