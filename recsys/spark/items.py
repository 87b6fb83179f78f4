"""What executors do for items: item-to-item by blocked products of sparse matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from scipy.sparse import csr_matrix, vstack

from recsys.models.cooccurrence import largest_per_row
from recsys.spark.parts import as_lists, from_lists

NEAR = "part int, row long, near_items binary, near_values binary"


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """What every executor must know: the weighed matrix, float32 [n_users, n_items], and how many neighbours to keep."""

    weights: csr_matrix
    keep: int


def nearest(batches: Iterator[pa.RecordBatch], known: Weighed) -> Iterator[pa.RecordBatch]:
    """Find the nearest neighbours of the items in column ``row``, each item among its own."""
    by_item = csr_matrix(known.weights.T)
    for batch in batches:
        items = batch.column("row").to_numpy()
        near = largest_per_row(by_item[items], known.weights, known.keep, diagonal=True)
        lengths = np.diff(near.indptr)
        yield pa.RecordBatch.from_pydict(
            {
                "part": batch.column("part"),
                "row": batch.column("row"),
                "near_items": as_lists(near.indices.astype("<i4"), lengths),
                "near_values": as_lists(near.data.astype("<f4"), lengths),
            }
        )


def similarity(tables: Iterator[pa.Table], n_items: int) -> csr_matrix:
    """Put together what executors found, parts in order: float32 [n_items, n_items]."""
    blocks = []
    for table in tables:
        items, lengths = from_lists(table["near_items"], "<i4")
        values, _ = from_lists(table["near_values"], "<f4")
        ends = np.concatenate(([0], np.cumsum(lengths)))
        blocks.append(csr_matrix((values, items, ends), shape=(len(lengths), n_items)))
    return csr_matrix(vstack(blocks, format="csr"))
