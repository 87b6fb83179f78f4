"""What executors do for shoppers: vectors, candidates, reasons, by the very functions that one machine uses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.batch.candidates import Block, Lists, ranked_block
from recsys.models.als import Als, FittedAls
from recsys.models.folding import solve_shoppers
from recsys.spark.parts import as_lists, from_lists

VECTORS = "part int, row long, vector binary"
LISTS = {
    "candidates_items": ("<i4", 0),
    "candidates_scores": ("<f4", 0),
    "candidates_because": ("<i4", 2),
    "candidates_shares": ("<f4", 2),
    "repeats_items": ("<i4", 0),
    "repeats_scores": ("<f4", 0),
    "repeats_because": ("<i4", 2),
    "repeats_shares": ("<f4", 2),
}
"""Columns of a shopper's lists: type and width."""

RANKED = "part int, row long, " + ", ".join(f"{name} binary" for name in LISTS)


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What every executor must know: the settings, and the vectors of all items, float32 [n_items, factors]."""

    settings: Als
    item_vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """What some shoppers have: weights float32 and owned bool, both [n, n_items]."""

    weights: csr_matrix
    owned: csr_matrix


def columns(matrix: csr_matrix, name: str) -> dict[str, pa.Array]:
    """A sparse matrix as columns of lists, one row a shopper: ``NAME_items`` and, unless it is bool, ``NAME_values``."""
    lengths = np.diff(matrix.indptr)
    written = {f"{name}_items": as_lists(matrix.indices.astype("<i4"), lengths)}
    if matrix.dtype != np.bool_:
        written[f"{name}_values"] = as_lists(matrix.data.astype("<f4"), lengths)
    return written


def matrix_of(batch: pa.RecordBatch, name: str, n_items: int) -> csr_matrix:
    """Undo `columns`."""
    items, lengths = from_lists(batch.column(f"{name}_items"), "<i4")
    if f"{name}_values" in batch.schema.names:
        values = from_lists(batch.column(f"{name}_values"), "<f4")[0]
    else:
        values = np.ones(len(items), np.bool_)
    ends = np.concatenate(([0], np.cumsum(lengths)))
    return csr_matrix((values, items, ends), shape=(len(lengths), n_items))


def solve(batches: Iterator[pa.RecordBatch], known: Known) -> Iterator[pa.RecordBatch]:
    """Find the vectors of shoppers, given those of the items: the last half of an iteration, by our own objective."""
    for batch in batches:
        weights = matrix_of(batch, "weights", len(known.item_vectors))
        vectors = solve_shoppers(known.settings, known.item_vectors, weights)
        yield _answer(batch, {"vector": as_lists(vectors.astype("<f4"), np.ones(len(vectors), np.int64))})


def rank(batches: Iterator[pa.RecordBatch], known: Known) -> Iterator[pa.RecordBatch]:
    """Rank candidates and repeats of shoppers, with the reasons behind them: blocked products of the vectors."""
    n_items = len(known.item_vectors)
    for batch in batches:
        vectors = from_lists(batch.column("vector"), "<f4", known.item_vectors.shape[1])[0]
        histories = Histories(matrix_of(batch, "weights", n_items), matrix_of(batch, "owned", n_items))
        model = FittedAls(known.settings, (vectors, known.item_vectors), histories)
        exclude, again = matrix_of(batch, "exclude", n_items), matrix_of(batch, "again", n_items)
        block = ranked_block(np.arange(len(vectors)), model, model, exclude, again)
        yield _answer(
            batch, {**_written("candidates", block.candidates), **_written("repeats", block.repeats)}
        )


def block_of(rows: NDArray[np.int64], table: pa.Table) -> Block:
    """What executors wrote of some shoppers, as one machine would have it; `rows` are theirs."""
    return Block(rows, _read("candidates", table), _read("repeats", table))


def _written(name: str, found: Lists) -> dict[str, pa.Array]:
    return {
        f"{name}_{part}": as_lists(values.astype(LISTS[f"{name}_{part}"][0]), found.lengths)
        for part, values in found.parts.items()
    }


def _read(name: str, table: pa.Table) -> Lists:
    parts: dict[str, NDArray[Any]] = {}
    lengths = np.zeros(0, np.int64)
    for column, (dtype, width) in LISTS.items():
        group, _, part = column.partition("_")
        if group == name:
            parts[part], lengths = from_lists(table[column], dtype, width)
    return Lists(lengths, parts)


def _answer(batch: pa.RecordBatch, more: dict[str, pa.Array]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"part": batch.column("part"), "row": batch.column("row"), **more})
