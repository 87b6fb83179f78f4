"""Reading which shoppers belong to which segments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recsys.data.columns import parse_column, refuse_rows
from recsys.data.report import Report
from recsys.data.sources import CHUNK_ROWS, raw_chunks
from recsys.data.values import parse_id

_COLUMNS = ("user_id", "segment")


def read_segments(
    path: Path, report: Report, *, strict: bool = False, chunk_rows: int = CHUNK_ROWS
) -> Iterator[list[tuple[str, str]]]:
    """The good rows of `path` (CSV, Parquet or JSON Lines) as batches of pairs (user id, segment).

    A shopper may stand in several segments. Refused rows go into `report`. Raises as `read_interactions` does.
    """
    chunks = raw_chunks(path, report, required=_COLUMNS, known=_COLUMNS, extra=False, chunk_rows=chunk_rows)
    for chunk in chunks:
        columns = {name: parse_column(chunk.columns[name], parse_id, required=True) for name in _COLUMNS}
        good = np.flatnonzero(refuse_rows(chunk, columns, report))
        users, segments = columns["user_id"].rows(), columns["segment"].rows()
        batch = [(str(users[row]), str(segments[row])) for row in good]
        report.good += len(batch)
        if batch:
            yield batch
    report.close(strict=strict)
