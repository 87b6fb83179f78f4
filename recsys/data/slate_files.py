"""Writing slates to one file, Parquet or CSV, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from recsys.domain.errors import Invalid, Unavailable
from recsys.durable import sync

Format = Literal["parquet", "csv"]

SLATES = pa.schema(
    [
        ("user_id", pa.string()),
        ("position", pa.int32()),
        ("item_id", pa.string()),
        ("source", pa.string()),
        ("rule_id", pa.string()),
        ("score", pa.float64()),
        ("model_rank", pa.int32()),
        ("theme", pa.string()),
        ("displaced", pa.string()),
        ("reason", pa.string()),
        ("surface", pa.string()),
        ("row", pa.string()),
        ("market", pa.string()),
        ("personalised", pa.bool_()),
        ("release_id", pa.int64()),
        ("run_id", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
    ]
)
"""A row an item on a slate, in the words of the endpoint's answers; `at` is the moment that the slates are of."""


class SlateWriter:
    """Appends rows of `SLATES` to an open file."""

    def __init__(self, file: BinaryIO, kind: Format) -> None:
        self._writer = (
            pq.ParquetWriter(file, SLATES, compression="zstd")
            if kind == "parquet"
            else pa_csv.CSVWriter(file, SLATES)
        )

    def write(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Append rows, given as one list a column."""
        self._writer.write_table(pa.table(dict(columns), schema=SLATES))

    def close(self) -> None:
        """Write what is still to be written."""
        self._writer.close()


@contextmanager
def slate_file(path: Path, kind: Format) -> Iterator[SlateWriter]:
    """A file that stands under its name, durably, once the block ends well; an older one is replaced then.

    Until then it is written under a hidden name beside it, which is removed when anything goes wrong.
    Raises `Invalid` where it cannot be made, and `Unavailable` when the disk is full.
    """
    draft = _begin(path)
    try:
        with _explained(path), draft.open("wb") as file:
            writer = SlateWriter(file, kind)
            try:
                yield writer
            finally:
                writer.close()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _begin(path: Path) -> Path:
    if path.is_dir():
        raise Invalid("output", f"{path} is a folder; name a file in it")
    try:
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        folder = path.absolute().parent
        raise Invalid("output", f"no file can be made in {folder} ({error.strerror})") from error
    # Others may read it as they may read what any command writes.
    mask = os.umask(0)
    os.umask(mask)
    os.fchmod(descriptor, 0o666 & ~mask)
    os.close(descriptor)
    return Path(draft)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        said = error.strerror or str(error)
        raise Unavailable(
            f"{path} could not be written ({said}); nothing of it is left. Make room and try again."
        ) from error
