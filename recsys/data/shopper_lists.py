"""Lists of shoppers: all whom the interactions name, or those of a file."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc

from recsys.data.columns import parse_column, refuse_rows
from recsys.data.report import Report
from recsys.data.sources import raw_chunks
from recsys.data.store import InteractionStore
from recsys.data.values import parse_id
from recsys.domain.errors import Invalid

_COLUMN = "user_id"


def shoppers_of(store: InteractionStore) -> set[str]:
    """The ids of all shoppers with an interaction."""
    found: set[str] = set()
    for batch in store.scan([_COLUMN]):
        found.update(pc.unique(batch.column(0)).to_pylist())
    return found


def read_shoppers(path: Path) -> list[str]:
    """The shoppers in the column `user_id` of a file (CSV, Parquet or JSON Lines), each once, in the file's order.

    Raises `Invalid` when the file cannot be used or any of its rows holds no id: nobody may be left out unnoticed.
    """
    report = Report()
    found: dict[str, None] = {}
    for chunk in raw_chunks(path, report, required=(_COLUMN,), known=(_COLUMN,), extra=False):
        columns = {_COLUMN: parse_column(chunk.columns[_COLUMN], parse_id, required=True)}
        good = refuse_rows(chunk, columns, report)
        users = columns[_COLUMN].rows()
        found.update((str(users[row]), None) for row in good.nonzero()[0])
        report.good += int(good.sum())
    if report.details:
        raise Invalid("users", f"{path.name}, {report.details[0]}; {report.bad:,} rows in all hold no id")
    if not found:
        raise Invalid("users", f"{path.name} holds no rows below its header")
    return list(found)
