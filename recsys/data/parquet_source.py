"""Parquet: columns with types of their own, which are kept until each value is validated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from recsys.data.columns import RawChunk
from recsys.data.headers import chosen_columns
from recsys.data.report import Report


def parquet_chunks(
    path: Path,
    report: Report,
    required: Sequence[str],
    known: Sequence[str],
    extra: bool,
    chunk_rows: int,
) -> Iterator[RawChunk]:
    """Rows of a Parquet file in chunks of at most `chunk_rows`; see `sources.raw_chunks`. A line is a row."""
    with pq.ParquetFile(path) as file:
        chosen = chosen_columns(file.schema_arrow.names, report, required, known, extra)
        rows, first = file.metadata.num_rows, 1
        for batch in file.iter_batches(chunk_rows, columns=chosen, use_threads=False):
            lines = np.arange(first, first + batch.num_rows, dtype=np.int64)
            first += batch.num_rows
            # The reader tells no position; the share of rows stands for it.
            report.bytes_read = report.bytes_total * (first - 1) // max(rows, 1)
            yield RawChunk(lines, {name: _microseconds(batch[name]) for name in chosen})


def _microseconds(column: pa.Array) -> pa.Array:
    """Times in microseconds UTC, for Python's own times hold no nanoseconds; other columns as they are."""
    if not pa.types.is_timestamp(column.type):
        return column
    return pc.cast(column, pa.timestamp("us", tz="UTC"), safe=False)
