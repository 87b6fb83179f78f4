"""Validating a column by its distinct values: each is looked at once, however many rows hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.report import Report
from recsys.data.values import Parser
from recsys.domain.errors import Invalid

RawColumn: TypeAlias = Sequence[object] | pa.Array


@dataclass(frozen=True, slots=True, eq=False)
class RawChunk:
    """Some rows of a file as they stand there.

    `lines`: int64 [n_rows], where each row begins, counted from 1. `columns`: one value a row each; a missing value is
    None or the empty text.
    """

    lines: NDArray[np.int64]
    columns: dict[str, RawColumn]

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A validated column.

    `values`: its distinct values, None where refused. `codes`: int32 [n_rows], index into `values`, -1 where missing.
    `reasons`: why a distinct value was refused, by its index; -1 stands for missing where a value is required.
    """

    values: list[object]
    codes: NDArray[np.int32]
    reasons: dict[int, str]

    def refused(self) -> NDArray[np.bool_]:
        """Rows that may not stay: bool [n_rows]."""
        return np.isin(self.codes, list(self.reasons))

    def array(self, kind: pa.DataType) -> pa.Array:
        """The column as an array of `kind`, null where missing or refused."""
        return pa.array(self.values, kind).take(pa.array(self.codes, mask=self.codes < 0))

    def rows(self) -> list[object]:
        """The column as one value a row, None where missing or refused."""
        values = [*self.values, None]
        return [values[code] for code in self.codes.tolist()]


def parse_column(column: RawColumn, parse: Parser, *, required: bool = False) -> Parsed:
    """Validate `column` with `parse`, which raises `Invalid` with the reason for a value that it refuses."""
    values, codes = _distinct(column)
    parsed: list[object] = []
    reasons = {-1: "is missing"} if required else {}
    for index, value in enumerate(values):
        result: object = None
        if value == "":
            codes = np.where(codes == index, np.int32(-1), codes)
        else:
            try:
                result = parse(value)
            except Invalid as error:
                reasons[index] = error.message
        parsed.append(result)
    return Parsed(parsed, codes, reasons)


def refuse_rows(chunk: RawChunk, columns: dict[str, Parsed], report: Report) -> NDArray[np.bool_]:
    """Report the rows of `chunk` that a column refuses, each for its first refused field; bool [n_rows], true = good."""
    good = np.ones(len(chunk), np.bool_)
    found: list[tuple[int, str, str]] = []
    for name, column in columns.items():
        fresh = np.flatnonzero(column.refused() & good)
        good[fresh] = False
        found += [(int(chunk.lines[row]), name, column.reasons[int(column.codes[row])]) for row in fresh]
    for line, name, reason in sorted(found):
        report.refuse(line, name, reason)
    return good


def _distinct(column: RawColumn) -> tuple[list[object], NDArray[np.int32]]:
    """Distinct values of `column`, and the index of each row's value in them, -1 for None."""
    if isinstance(column, pa.Array):
        array = column
    else:
        try:
            array = pa.array(column, pa.string())
        except (pa.ArrowException, UnicodeError, TypeError):
            return _distinct_objects(column)
    if pa.types.is_nested(array.type):
        return _distinct_objects(array.to_pylist())
    encoded = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
    codes = np.asarray(encoded.indices.cast(pa.int32()).fill_null(-1), np.int32)
    return encoded.dictionary.to_pylist(), codes


def _distinct_objects(column: Sequence[object]) -> tuple[list[object], NDArray[np.int32]]:
    """As `_distinct`, for values of mixed types, of which some cannot be keys, and for text that is not UTF-8."""
    index: dict[tuple[type, object], int] = {}
    values: list[object] = []
    codes = np.full(len(column), -1, np.int32)
    for row, value in enumerate(column):
        if value is None:
            continue
        key = (type(value), repr(value) if isinstance(value, (list, dict)) else value)
        code = index.setdefault(key, len(values))
        if code == len(values):
            values.append(value)
        codes[row] = code
    return values, codes
