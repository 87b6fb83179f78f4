"""JSON Lines: an object a line; its keys are the columns, and keys may differ from line to line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from recsys.data.columns import RawChunk
from recsys.data.report import Report

_DECODER = msgspec.json.Decoder(dict[str, object])


def jsonl_chunks(
    lines: Iterator[str],
    report: Report,
    required: Sequence[str],
    known: Sequence[str],
    extra: bool,
    chunk_rows: int,
) -> Iterator[RawChunk]:
    """Rows of a JSON Lines file in chunks of at most `chunk_rows`; see `sources.raw_chunks`.

    A required key that an object lacks is that row's mistake, not the file's.
    """
    numbered = enumerate(lines, start=1)
    while True:
        numbers, rows = _take(numbered, report, chunk_rows)
        if not rows:
            return
        keys = dict.fromkeys(key for row in rows for key in row) if extra else dict.fromkeys(known)
        names = dict.fromkeys([*required, *keys])
        columns: dict[str, list[object]] = {name: [row.get(name) for row in rows] for name in names}
        yield RawChunk(np.array(numbers, np.int64), dict(columns))


def _take(
    numbered: Iterator[tuple[int, str]], report: Report, most: int
) -> tuple[list[int], list[dict[str, object]]]:
    """The next objects, at most `most`, and their lines."""
    numbers: list[int] = []
    rows: list[dict[str, object]] = []
    for line, text in numbered:
        if not text.strip():
            continue
        try:
            rows.append(_DECODER.decode(text.encode("utf-8", "surrogateescape")))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            report.refuse(line, "", 'is not a JSON object in UTF-8; write {"item_id": "…", …} on one line')
            continue
        numbers.append(line)
        if len(rows) == most:
            break
    return numbers, rows
