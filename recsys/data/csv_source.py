"""CSV as RFC 4180 has it: commas, double quotes, a header; quoted fields may hold line ends."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator, Sequence

import numpy as np

from recsys.data.columns import RawChunk
from recsys.data.headers import check_header, chosen_columns
from recsys.data.report import Report
from recsys.domain.errors import Invalid

Records = Iterator[tuple[int, list[str] | None]]


def csv_chunks(
    lines: Iterator[str],
    report: Report,
    required: Sequence[str],
    known: Sequence[str],
    extra: bool,
    chunk_rows: int,
) -> Iterator[RawChunk]:
    """Rows of a CSV file in chunks of at most `chunk_rows`; see `sources.raw_chunks`."""
    records = _records(lines)
    names = _header(records)
    chosen = chosen_columns(names, report, required, known, extra)
    while True:
        numbers, rows = _take(records, len(names), report, chunk_rows)
        if not rows:
            return
        whole = dict(zip(names, zip(*rows, strict=True), strict=True))
        yield RawChunk(np.array(numbers, np.int64), {name: whole[name] for name in chosen})


class _Lines:
    """Lines that can be put back. Not a generator, for it must go on after its end when lines were put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def put_back_all_but_first(self) -> None:
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def _records(source: Iterator[str]) -> Records:
    """Records of a CSV file, each with the line on which it begins; None for one that cannot be parsed.

    A record that cannot be parsed (a quote never closed) costs its first line alone: the next record begins on the
    line after it, where a plain reader would swallow everything up to the next quote.
    """
    lines = _Lines(source)
    reader = csv.reader(lines, strict=True)
    first = 1
    while True:
        lines.taken.clear()
        try:
            fields: list[str] | None = next(reader)
        except StopIteration:
            return
        except csv.Error:
            fields = None
            lines.put_back_all_but_first()
        yield first, fields
        first += len(lines.taken)


def _header(records: Records) -> list[str]:
    for _line, fields in records:
        if fields is None:
            break
        if fields:
            check_header(",".join(fields) if len(fields) > 1 else fields[0])
            return [field.strip() for field in fields]
    raise Invalid("file", "has no header; begin with a line of column names separated by commas")


def _take(records: Records, width: int, report: Report, most: int) -> tuple[list[int], list[list[str]]]:
    """The next rows of the right width, at most `most`, and the lines on which they begin."""
    numbers: list[int] = []
    rows: list[list[str]] = []
    for line, fields in records:
        if fields is None:
            report.refuse(line, "", "has a quote that is never closed, or text after a closing quote")
        elif len(fields) == width:
            numbers.append(line)
            rows.append(fields)
            if len(rows) == most:
                break
        elif fields:  # an empty line has no fields, and is nobody's mistake
            report.refuse(
                line, "", f"has {len(fields)} fields where the header has {width}; quote fields with commas"
            )
    return numbers, rows
