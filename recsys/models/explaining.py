"""Reasons of many shoppers at a time, where numbers of the same kind stand in one array."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.models.base import CONTRIBUTORS, Contributions, Rows

_PARTS_AT_A_TIME = 500_000
"""Contributions of owned items to recommended ones that are worked out in one go: 2 MB in float32."""

Number = TypeVar("Number", bound=np.number)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some shoppers, what they bought, and the items to explain to them; rows are filled up to the longest.

    Attributes:
        rows: int64 [b], the shoppers.
        pairs: int64 [b, n], positions of the pairs asked for; -1 where the row has ended.
        wanted: int32 [b, n], the recommended items; 0 where the row has ended.
        has: int32 [b, h], items bought; 0 where the row has ended.
        amounts: float32 [b, h], their weights; 0 where the row has ended.

    """

    rows: NDArray[np.int64]
    pairs: NDArray[np.int64]
    wanted: NDArray[np.int32]
    has: NDArray[np.int32]
    amounts: NDArray[np.float32]


def batches(rows: Rows, items: Rows, weights: csr_matrix, owned: csr_matrix) -> Iterator[Batch]:
    """Gather pairs of shopper `rows` [n] and `items` [n] by shopper, shoppers with histories of like length together.

    Shoppers who bought nothing are left out; what was only looked at is no reason to name.
    """
    shoppers, place, asked = np.unique(np.asarray(rows, np.int64), return_inverse=True, return_counts=True)
    bought = csr_matrix(weights[shoppers].multiply(owned[shoppers]))
    lengths = np.diff(bought.indptr)
    by_shopper, starts = np.argsort(place, kind="stable"), np.concatenate(([0], np.cumsum(asked)))
    by_length = np.argsort(lengths, kind="stable")
    for part in _alike(by_length[lengths[by_length] > 0], lengths, asked):
        pairs = _filled(by_shopper.astype(np.int64), starts, part, -1)
        wanted = np.where(pairs >= 0, np.asarray(items, np.int32)[pairs], np.int32(0))
        has = _filled(bought.indices, bought.indptr, part, 0)
        amounts = _filled(bought.data, bought.indptr, part, 0)
        yield Batch(shoppers[part], pairs, wanted, has.astype(np.int32), amounts.astype(np.float32))


def _alike(
    chosen: NDArray[np.intp], lengths: NDArray[np.integer], asked: NDArray[np.integer]
) -> Iterator[NDArray[np.intp]]:
    """Cut shoppers, sorted by length of history, into parts whose contributions fit into memory."""
    start = 0
    while start < len(chosen):
        room = np.cumsum(np.ones(len(chosen) - start)) * lengths[chosen[start:]]
        room *= np.maximum.accumulate(asked[chosen[start:]])
        stop = start + max(1, int(np.searchsorted(room, _PARTS_AT_A_TIME, side="right")))
        yield chosen[start:stop]
        start = stop


def _filled(
    values: NDArray[Number], ends: NDArray[np.integer], part: NDArray[np.intp], blank: int
) -> NDArray[Number]:
    """Lists that stand end to end as the rows of a table."""
    lengths = ends[part + 1] - ends[part]
    place = np.arange(int(lengths.max(initial=0)))
    there = place < lengths[:, None]
    table = np.full(there.shape, blank, values.dtype)
    table[there] = values[(ends[part][:, None] + place)[there]]
    return table


def largest(parts: NDArray[np.floating], batch: Batch, result: Contributions) -> None:
    """Pick the largest positive contributors of a batch into `result`; the rules are `base.largest_contributors`'.

    Args:
        parts: [b, n, h], the contribution of each owned item to each recommended item.
        batch: whose they are.
        result: filled at the batch's pairs.

    """
    positive = np.maximum(parts, 0.0)
    positive[batch.wanted[:, :, None] == batch.has[:, None, :]] = 0.0
    there = batch.pairs >= 0
    total = positive.sum(axis=2)[there]
    for place in range(min(CONTRIBUTORS, positive.shape[2])):
        best = positive.argmax(axis=2)
        value = np.take_along_axis(positive, best[:, :, None], axis=2)[:, :, 0][there]
        named = np.take_along_axis(batch.has, best, axis=1)[there]
        found = value > 0
        at = batch.pairs[there][found]
        result.because[at, place] = named[found]
        result.shares[at, place] = np.minimum(value[found] / total[found], 1.0)
        np.put_along_axis(positive, best[:, :, None], 0.0, axis=2)
