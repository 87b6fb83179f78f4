"""What the benchmarks ask: a fixed split of pairs, or the last days of a shop in two ways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix

from recsys.batch.question import Question, question_of_pairs
from recsys.data.pairs import Pairs, read_pairs, to_interactions
from recsys.data.training import TrainingData, build_training_data, microseconds, to_datetime
from recsys.evaluation.splits import split_by_time

LAST = timedelta(days=30)
UNSEEN, NEW, REPEATS = "unseen items", "new items only", "repeats allowed"


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Data to learn from, and what is asked of it afterwards.

    Attributes:
        data: the training part alone; it does not know the ids of the test part.
        questions: by name.
        split: in words.
        counts: how many of what.

    """

    data: TrainingData
    questions: dict[str, Question]
    split: str
    counts: dict[str, int]


def fixed_split(train: Path, test: Path) -> Problem:
    """Take a published split: all unseen items are ranked."""
    data = build_training_data(to_interactions(read_pairs(train, "train")), ())
    question, counts = question_of_pairs(data, read_pairs(test, "test"))
    return Problem(data, {UNSEEN: question}, "the published one", _sizes(data) | counts)


def last_days(table: pa.Table) -> Problem:
    """Learn from all but the last 30 days of a shop, and ask what its known shoppers bought in them.

    "New items only" asks for what they bought and did not have, and ranks what they do not have: a discovery row.
    "Repeats allowed" asks for all that they bought and ranks every item: what a "buy again" row may show.
    """
    split = split_by_time(microseconds(table["timestamp"]), LAST)
    if split is None or split.at is None:
        raise ValueError("A shop without times has no last days.")
    data = build_training_data(table.filter(pa.array(split.train)), ())
    everything, counts = question_of_pairs(data, pairs_of(table.filter(pa.array(split.test))))
    nowhere = np.zeros(0, np.int64)
    nothing = csr_matrix((np.zeros(0, bool), (nowhere, nowhere)), shape=everything.exclude.shape)
    repeats = Question(everything.rows, nothing, everything.truth, everything.sizes)
    at = to_datetime(split.at)
    return Problem(
        data,
        {NEW: only_new(everything), REPEATS: repeats},
        f"by time: learned from what came before {at:%d %B %Y}, asked about the {LAST.days} days from then on",
        _sizes(data) | counts | {"shoppers_with_new_items": len(only_new(everything).rows)},
    )


def only_new(question: Question) -> Question:
    """Ask only for what the shoppers did not have; who bought nothing new is left out."""
    had = question.exclude.astype(np.int8)
    wanted = question.truth.astype(np.int8)
    fresh = csr_matrix(wanted - wanted.multiply(had))
    fresh.eliminate_zeros()
    sizes = question.sizes - (np.diff(question.truth.indptr) - np.diff(fresh.indptr))
    kept = np.flatnonzero(sizes > 0)
    return Question(question.rows[kept], question.exclude[kept], fresh[kept].astype(bool), sizes[kept])


def pairs_of(table: pa.Table) -> Pairs:
    """Give the different pairs of shopper and item in a table of purchases."""
    users, items = (table[name].combine_chunks().dictionary_encode() for name in ("user_id", "item_id"))
    user, item = (np.asarray(each.indices, np.int32) for each in (users, items))
    _, first = np.unique(user.astype(np.int64) * len(items.dictionary) + item, return_index=True)
    return Pairs(
        users=tuple(users.dictionary.to_pylist()),
        items=tuple(items.dictionary.to_pylist()),
        user=user[first],
        item=item[first],
        weight=None,
        repeated=len(user) - len(first),
        extra=0,
    )


def _sizes(data: TrainingData) -> dict[str, int]:
    return {
        "shoppers_train": len(data.users),
        "items_train": len(data.items),
        "pairs_train": int(data.owned.nnz),
    }
