"""Opening a file from outside and cutting it into chunks of raw rows, whatever its format."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, cast

import pyarrow as pa

from recsys.data.columns import RawChunk
from recsys.data.csv_source import csv_chunks
from recsys.data.jsonl_source import jsonl_chunks
from recsys.data.parquet_source import parquet_chunks
from recsys.data.report import Report
from recsys.domain.errors import Invalid

#: Longer lines are not those of a table; reading on would need memory without bound.
LONGEST_LINE = 4_194_304
CHUNK_ROWS = 65_536
_CSV = (".csv", ".csv.gz")
_JSON = (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
_PARQUET = (".parquet",)


def raw_chunks(
    path: Path,
    report: Report,
    *,
    required: Sequence[str],
    known: Sequence[str],
    extra: bool,
    chunk_rows: int = CHUNK_ROWS,
) -> Iterator[RawChunk]:
    """Rows of `path` in chunks; rows that cannot be cut into fields are reported.

    `required`: columns that the file must have. `known`: columns to read. `extra`: whether to read all others too.
    Raises `Invalid` naming the file or the missing column.
    """
    name = path.name.lower()
    with _explained(path):
        report.bytes_total = path.stat().st_size
        if not report.bytes_total:
            raise Invalid("file", f"{path.name} is empty; give a header and at least one row")
        if name.endswith(_PARQUET):
            yield from parquet_chunks(path, report, required, known, extra, chunk_rows)
        elif name.endswith(_CSV + _JSON):
            cut = csv_chunks if name.endswith(_CSV) else jsonl_chunks
            with path.open("rb") as raw, _text(raw, name) as text:
                for chunk in cut(_lines(text), report, required, known, extra, chunk_rows):
                    report.bytes_read = raw.tell()
                    yield chunk
        else:
            endings = ", ".join(_CSV + _JSON + _PARQUET)
            raise Invalid("file", f"{path.name} has an ending that is not known; use one of {endings}")
    report.bytes_read = report.bytes_total


def _text(raw: BinaryIO, name: str) -> TextIOWrapper:
    """Text of an open file. Bytes that are not UTF-8 become lone surrogates, so that they can be reported by line."""
    # gzip's own type is not declared as the interface that it implements.
    binary = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if name.endswith(".gz") else raw
    return TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")


def _lines(text: TextIOWrapper) -> Iterator[str]:
    """Lines with their ends. Raises `Invalid` at a line beyond all measure."""
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise Invalid(
                "file", f"line {number} is longer than {LONGEST_LINE:,} characters; is this a table?"
            )
        yield line


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what can go wrong with a file into one sentence that names it."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise Invalid(
            "file", f"{path.name} is not a whole gzip file; compress or download it again"
        ) from error
    except FileNotFoundError as error:
        raise Invalid("file", f"{path} does not exist; check the path") from error
    except IsADirectoryError as error:
        raise Invalid("file", f"{path} is a folder; give a file") from error
    except pa.ArrowException as error:
        raise Invalid(
            "file", f"{path.name} is not a whole Parquet file; write or download it again"
        ) from error
    except OSError as error:
        raise Invalid("file", f"{path} cannot be read: {error.strerror or error}") from error
