"""Reading the catalog from a file of the shop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from recsys.data.columns import RawChunk, parse_column, refuse_rows
from recsys.data.report import Report
from recsys.data.sources import raw_chunks
from recsys.data.values import (
    Parser,
    parse_address,
    parse_amount,
    parse_attribute,
    parse_count,
    parse_currency,
    parse_flag,
    parse_id,
    parse_ids,
    parse_text,
    parse_time,
    rfc3339,
)
from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid

_REQUIRED = ("item_id", "title")
BATCH_ROWS = 1_000
#: Attribute that holds a time, and therefore moves with `shift` as `added_at` does.
LAST_SOLD_AT = "last_sold_at"

PARSERS: Final[Mapping[str, Parser]] = {
    "item_id": parse_id,
    "title": parse_text,
    "price": parse_amount,
    "currency": parse_currency,
    "tags": parse_ids,
    "markets": parse_ids,
    "available": parse_flag,
    "group_id": parse_id,
    "image_url": parse_address,
    "url": parse_address,
    "added_at": parse_time,
    "stock": parse_count,
}


def read_items(
    path: Path,
    report: Report,
    *,
    strict: bool = False,
    shift: timedelta = timedelta(0),
    batch_rows: int = BATCH_ROWS,
) -> Iterator[list[Item]]:
    """The good rows of `path` (CSV, Parquet or JSON Lines) as batches of at most `batch_rows` items.

    Columns that we do not know become attributes. An id that stands twice is refused the second time.
    Refused rows go into `report`. `shift` is added to `added_at` and to the attribute `last_sold_at`.
    Raises as `read_interactions` does.
    """
    seen: dict[str, int] = {}
    chunks = raw_chunks(
        path, report, required=_REQUIRED, known=tuple(PARSERS), extra=True, chunk_rows=batch_rows
    )
    for chunk in chunks:
        batch = [_item(row, shift) for row in _rows(chunk, report, seen)]
        report.good += len(batch)
        if batch:
            yield batch
    report.close(strict=strict)


def _rows(chunk: RawChunk, report: Report, seen: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Good rows of `chunk`: validated values by column name, without those that are missing."""
    columns = {
        name: parse_column(values, PARSERS.get(name, parse_attribute), required=name in _REQUIRED)
        for name, values in chunk.columns.items()
    }
    good = refuse_rows(chunk, columns, report)
    by_name = {name: column.rows() for name, column in columns.items()}
    for row in np.flatnonzero(good):
        values = {name: column[row] for name, column in by_name.items() if column[row] is not None}
        line = int(chunk.lines[row])
        first = seen.setdefault(str(values["item_id"]), line)
        if first == line:
            yield values
        else:
            report.refuse(line, "item_id", f"stands on line {first} already; keep one of the two")


def _item(values: dict[str, Any], shift: timedelta) -> Item:
    known = {name: value for name, value in values.items() if name in PARSERS}
    if shift and "added_at" in known:
        known["added_at"] += shift
    attributes = {name: value for name, value in values.items() if name not in PARSERS}
    if shift and LAST_SOLD_AT in attributes:
        attributes[LAST_SOLD_AT] = _shifted_text(attributes[LAST_SOLD_AT], shift)
    return Item(**known, attributes=attributes)


def _shifted_text(value: object, shift: timedelta) -> object:
    """The time in `value`, moved; what is not a time stays as it is."""
    try:
        moment: datetime = parse_time(value)
    except Invalid:
        return value
    return rfc3339(moment + shift)
