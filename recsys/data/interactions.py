"""Reading interactions from a file of the shop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from recsys.data.columns import Parsed, RawChunk, parse_column, refuse_rows
from recsys.data.kinds import DEFAULT_KIND
from recsys.data.report import Report
from recsys.data.schema import INTERACTIONS
from recsys.data.sources import CHUNK_ROWS, raw_chunks
from recsys.data.values import Parser, parse_amount, parse_id, parse_kind, parse_number, parse_time_until

_REQUIRED = ("user_id", "item_id")


def read_interactions(
    path: Path,
    report: Report,
    *,
    strict: bool = False,
    shift: timedelta = timedelta(0),
    latest: datetime | None = None,
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[pa.Table]:
    """The good rows of `path` (CSV, Parquet or JSON Lines) as tables of at most `chunk_rows`, for `InteractionStore`.

    Refused rows go into `report`. `shift` is added to every time. `latest`: the present; a time more than a day after
    it is refused. Memory needed: a few chunks, whatever the size of the file.
    Raises `Invalid` when the file as a whole cannot be used; with `strict` also, at the end, when a row was refused, so
    that an import which runs in one transaction keeps nothing.
    """
    parsers = _parsers(latest)
    chunks = raw_chunks(
        path, report, required=_REQUIRED, known=tuple(parsers), extra=False, chunk_rows=chunk_rows
    )
    for chunk in chunks:
        table = _table(chunk, parsers, report, shift)
        report.good += table.num_rows
        if table.num_rows:
            yield table
    report.close(strict=strict)


def _parsers(latest: datetime | None) -> dict[str, Parser]:
    return {
        "user_id": parse_id,
        "item_id": parse_id,
        "kind": parse_kind,
        "timestamp": parse_time_until(latest),
        "order_id": parse_id,
        "quantity": parse_amount,
        "value": parse_number,
        "weight": parse_amount,
        "market": parse_id,
    }


def _table(chunk: RawChunk, parsers: dict[str, Parser], report: Report, shift: timedelta) -> pa.Table:
    columns = {
        name: parse_column(chunk.columns[name], parse, required=name in _REQUIRED)
        for name, parse in parsers.items()
        if name in chunk.columns
    }
    if "timestamp" in columns and shift:
        columns["timestamp"] = _shifted(columns["timestamp"], shift)
    good = refuse_rows(chunk, columns, report)
    arrays = [
        columns[field.name].array(field.type) if field.name in columns else pa.nulls(len(chunk), field.type)
        for field in INTERACTIONS
    ]
    kind = INTERACTIONS.get_field_index("kind")
    arrays[kind] = arrays[kind].fill_null(DEFAULT_KIND)
    table = pa.table(arrays, names=INTERACTIONS.names)
    kept = table if np.all(good) else table.filter(pa.array(good))
    return kept.cast(INTERACTIONS)


def _shifted(column: Parsed, shift: timedelta) -> Parsed:
    moved = [value + shift if isinstance(value, datetime) else None for value in column.values]
    return Parsed(list(moved), column.codes, column.reasons)
