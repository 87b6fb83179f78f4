"""CSV files of rules and of themes, line by line: what each line says, and the lines that cannot be, bounded in size."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from recsys.data.report import BadRow
from recsys.data.rule_cells import plain, shown
from recsys.domain.errors import Invalid
from recsys.domain.rules import AnyRule

R = TypeVar("R", bound=AnyRule)

MAX_BYTES = 1024 * 1024
MAX_ROWS = 5_000
# A theme of many hand-picks is one long cell. The limit of the csv module counts for the whole process; the size of a
# file is bounded before it is read, so a longer cell costs nothing that is not bounded here.
csv.field_size_limit(max(csv.field_size_limit(), MAX_BYTES))


@dataclass(frozen=True, slots=True)
class RuleRow(Generic[R]):
    """A rule and the line of the file that it begins on; `named` is False where the line gave no id for it."""

    line: int
    rule: R
    named: bool


@dataclass(frozen=True, slots=True)
class Sheet(Generic[R]):
    """How one kind of file is made up.

    `noun`: what its lines are called. `columns`: all that it may have; `needed`: those without which no line can be
    read. `key`: the column that names a rule. `read`: a line by column, and its number, as a rule; it raises
    Invalid, or a group of them when several columns cannot be. `column_of`: which column says what a field of the
    domain holds, where the two are called differently.
    """

    noun: str
    columns: Sequence[str]
    needed: Sequence[str]
    key: str
    read: Callable[[Mapping[str, str], int], R]
    column_of: Mapping[str, str] = field(default_factory=dict)


def write_sheet(columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> str:
    """A header and the lines below it; no cell is a formula to a spreadsheet."""
    rows = [
        list(columns),
        *([shown(cells[column]) if column in cells else "" for column in columns] for cells in lines),
    ]
    return "".join(_line(row) for row in rows)


def _line(row: Sequence[str]) -> str:
    output = io.StringIO()
    # The csv module quotes a cell with a line break only when the sign stands in the end of lines too.
    csv.writer(output, lineterminator="\r\n").writerow(row)
    return output.getvalue().removesuffix("\r\n") + "\n"


def read_sheet(sheet: Sheet[R], data: bytes) -> tuple[list[RuleRow[R]], list[BadRow]]:
    """The rules of a file, and every line that cannot be one, by line.

    Raises:
        Invalid: when the file is too large, no UTF-8 text, or its header lacks what is needed.
    """
    if len(data) > MAX_BYTES:
        raise Invalid("file", f"is larger than {MAX_BYTES // 1024:,} KB; send it in pieces")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise Invalid("file", f"is not UTF-8 text (line {line}); save it as CSV UTF-8") from None
    rows: list[RuleRow[R]] = []
    bad: list[BadRow] = []
    lines: dict[str, int] = {}
    for line, row in _lines(sheet, text, bad):
        rule: R | None = None
        try:
            rule = sheet.read(_cells(row), line)
        except* Invalid as errors:
            bad += [
                BadRow(line, sheet.column_of.get(error.field, error.field), error.message)
                for error in errors.exceptions
                if isinstance(error, Invalid)
            ]
        if rule is None:
            continue
        earlier = lines.setdefault(rule.id, line)
        if earlier != line:
            name = row.get(sheet.key) or rule.id
            bad.append(BadRow(line, sheet.key, f"“{name}” stands on line {earlier} already"))
        else:
            rows.append(RuleRow(line, rule, bool(row.get(sheet.key))))
    if not rows and not bad:
        raise Invalid("file", f"holds no {sheet.noun} below its header")
    return rows, bad


def _cells(given: Mapping[str, str]) -> dict[str, str]:
    row = {column: plain(value) for column, value in given.items()}
    for column, value in row.items():
        if "\x00" in value:
            raise Invalid(column, "holds a character that cannot be stored; remove it")
    return row


def _lines(sheet: Sheet[R], text: str, bad: list[BadRow]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines below the header by column; what cannot be read as CSV goes to `bad`."""
    first = text.split("\n", 1)[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = _header(sheet, reader)
    count, line = 0, reader.line_num + 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            bad.append(
                BadRow(line, "", f"cannot be read as CSV ({error}); lines below it were not looked at")
            )
            return
        if row:
            count += 1
            if count > MAX_ROWS:
                raise Invalid("file", f"holds more than {MAX_ROWS:,} {sheet.noun}; send it in pieces")
            if len(row) == len(header):
                yield line, dict(zip(header, row, strict=True))
            else:
                bad.append(BadRow(line, "", f"has {len(row)} columns and the header {len(header)}"))
        line = reader.line_num + 1


def _header(sheet: Sheet[R], reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise Invalid("file", f"cannot be read as CSV ({error})") from None
    for name in sheet.needed:
        if name not in header:
            raise Invalid("file", f"has no column “{name}” in its first line; start from an exported file")
    unknown = [name for name in header if name not in sheet.columns]
    if unknown:
        raise Invalid("file", f"has a column that is not known: “{unknown[0]}”")
    if len(set(header)) < len(header):
        raise Invalid("file", "names a column twice")
    return header
