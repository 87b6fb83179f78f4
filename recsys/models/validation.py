"""The validation part: what shoppers bought last, that they did not have before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.dislikes import disliked
from recsys.data.training import TrainingData, restrict
from recsys.evaluation.splits import Split, split_at_random, split_by_time
from recsys.models.selection import Validation

LAST = timedelta(days=28)
"""Length of the validation part: four whole weeks, so that every weekday counts alike."""

AT_MOST = 0.2
"""The validation part takes no more than this share of the timeline, or, without times, of a shopper's items."""

MOST = 5_000
"""Shoppers who are asked about: with more, measuring takes longer and says hardly more."""

FEWEST = 10
"""With fewer shoppers to ask about, a measurement is noise and would choose a model by chance."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The validation question, or None where the data is too small for one, and how it came about, in words."""

    question: Validation | None
    kind: str
    at: datetime | None
    words: str


def ask(data: TrainingData, *, seed: int, most: int = MOST, repeats: bool = False) -> Asked:
    """Split by time where times allow it, else within shoppers (see `split_at_random`), else not at all.

    With `repeats` what shoppers had before may be asked for and ranked too, else only what is new to them.

    At most `most` shoppers are asked about. All of them give something up all the same: items then have as few and as
    uncertain counts as after any other split, on which it depends how much popularity should be held against them.
    """
    events = data.events
    rng = np.random.default_rng(seed)
    by_time = split_by_time(events.timestamp, LAST, at_most=AT_MOST)
    if by_time is not None and by_time.at is not None:
        question = question_of(data, by_time, most, rng, repeats=repeats)
        if len(question.rows) >= FEWEST:
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=by_time.at)
            return Asked(
                question, "time", at, f"Trained on what came before {at:%d %B %Y}, tested on what came after."
            )
    at_random = split_at_random(events.user, events.item, share=AT_MOST, rng=rng)
    question = question_of(data, at_random, most, rng, repeats=repeats)
    if len(question.rows) >= FEWEST:
        return Asked(
            question,
            "random",
            None,
            "Too few shoppers have times before and after a split, so a fifth of their items was held out at random.",
        )
    return Asked(
        None,
        "none",
        None,
        f"Nothing was measured: fewer than {FEWEST} shoppers bought enough to hold some of it back.",
    )


def _sample(rows: NDArray[np.intp], most: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def question_of(
    data: TrainingData, split: Split, most: int, rng: np.random.Generator, *, repeats: bool = False
) -> Validation:
    """Ask at most `most` shoppers, chosen by chance, about the test part of a split; with or without `repeats`, see `ask`."""
    # The whole data decides which kind of interaction counts, so that both parts speak of the same.
    purchases = bool(data.owned.nnz)
    train, test = restrict(data, split.train), restrict(data, split.test)
    before, after = (part.owned if purchases else part.weights.astype(bool) for part in (train, test))
    fresh = csr_matrix(after.astype(np.int8))
    if not repeats:
        fresh = csr_matrix(fresh - after.multiply(before).astype(np.int8))
    fresh.eliminate_zeros()
    known = np.diff(train.weights.indptr) > 0
    able = np.flatnonzero((np.diff(fresh.indptr) > 0) & known)
    rows = _sample(able, most, rng).astype(np.int32)
    exclude = disliked(train) if repeats else csr_matrix(before + disliked(train))
    return Validation(train, rows, exclude[rows], fresh[rows].astype(bool), len(data.users) - len(able))
