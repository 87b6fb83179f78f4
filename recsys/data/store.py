"""The interaction store: append-only Parquet, a folder a day, made visible by commit files.

- `date=2011-12-09/000001.parquet`: rows of that day (UTC) added by commit 1
- `date=unknown/000001.parquet`: rows without a time
- `_commits/000001.json`: the files of commit 1; what no commit lists does not exist
- `_lock`, `_staging/`: of the import that is running
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys.data.commits import Commit, Part
from recsys.data.dedupe import Digests, digests_of, first_occurrences
from recsys.data.depots import Depot, LocalDepot
from recsys.data.schema import IDENTITY, INTERACTIONS, TEXT_COLUMNS, encoded_schema
from recsys.data.staging import UNKNOWN_DAY, Staging

_STAGING = "_staging"
_IDENTITY_TEXTS = [name for name in IDENTITY if name in TEXT_COLUMNS]
_ROW_GROUP = 131_072
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Appended:
    """What an import did: rows that were new, and rows that were there already."""

    added: int
    repeated: int


class InteractionStore:
    """All interactions of the shop, in a depot or a folder, which is made when first needed."""

    def __init__(self, place: Path | Depot) -> None:
        self._depot: Depot = LocalDepot(place) if isinstance(place, Path) else place

    def append(self, chunks: Iterable[pa.Table], *, progress: Progress | None = None) -> Appended:
        """Add the rows of `chunks` that are not stored yet, all of them or, when anything fails, none.

        A row is the same row when user, item, kind, timestamp and order agree; of equal rows the first one stays.
        `chunks`: tables with columns of `recsys.data.schema.INTERACTIONS`; those left out become null.
        `progress`: called with days written and days in all. A second appender of this machine waits for the first;
        where several machines append to one place, the later to finish gets `Conflict` and may run again.
        Memory needed: one chunk, one row group, and a few dozen bytes for each row of the fullest day.
        """
        with self._depot.locked():
            commits = self._depot.commits()
            folder = self._depot.scratch / _STAGING
            shutil.rmtree(folder, ignore_errors=True)
            self._depot.clear(commits)
            folder.mkdir()
            with Staging(folder / "rows.arrow") as staging:
                for chunk in chunks:
                    staging.add(chunk)
                return self._write(staging, commits, progress)

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows, days in order and unknown times first, with `columns` (default: all).

        Text columns are dictionary-encoded (int32 codes), each with one dictionary for the whole table.
        """
        names = list(columns) if columns is not None else INTERACTIONS.names
        schema = encoded_schema(names)
        table = pa.Table.from_batches(self._batches(names, _ROW_GROUP * 8), schema=schema)
        return table.unify_dictionaries()

    def scan(
        self, columns: Sequence[str] | None = None, *, rows: int = _ROW_GROUP
    ) -> Iterator[pa.RecordBatch]:
        """All rows in batches of at most `rows`, in the order and with the types of `read`."""
        yield from self._batches(list(columns) if columns is not None else INTERACTIONS.names, rows)

    def count(self) -> int:
        """How many rows are stored."""
        return sum(commit.rows for commit in self._depot.commits())

    def fingerprint(self) -> str:
        """Changes when, and only when, rows were added: number of the last commit and count of rows."""
        commits = self._depot.commits()
        return f"{commits[-1].number if commits else 0}-{sum(commit.rows for commit in commits)}"

    def _batches(self, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        parts = sorted(part.path for commit in self._depot.commits() for part in commit.parts)
        texts = [name for name in names if name in TEXT_COLUMNS]
        schema = encoded_schema(names)
        # "date=unknown" would sort last; rows without a time come first, as everywhere.
        for path in sorted(parts, key=lambda path: not path.startswith("date=unknown/")):
            with self._depot.reading(path) as local, pq.ParquetFile(local, read_dictionary=texts) as file:
                for batch in file.iter_batches(batch_size=rows, columns=names):
                    yield batch.select(names).cast(schema)

    def _write(self, staging: Staging, commits: tuple[Commit, ...], progress: Progress | None) -> Appended:
        number = commits[-1].number + 1 if commits else 1
        stored = _parts_by_folder(commits)
        parts: list[Part] = []
        repeated = 0
        days = staging.finish()
        for done, day in enumerate(days, start=1):
            folder = _folder(day)
            keep = self._new_rows(staging, day, stored.get(folder, []))
            repeated += int(len(keep) - keep.sum())
            if keep.any():
                path = self._depot.name(folder, number)
                with self._depot.writing(path) as local:
                    _write_part(local, staging.rows_of(day), keep)
                parts.append(Part(path, int(keep.sum())))
            if progress is not None:
                progress(done, len(days))
        if parts:
            self._depot.commit(number, parts)
        return Appended(sum(part.rows for part in parts), repeated)

    def _new_rows(self, staging: Staging, day: int, stored: list[Part]) -> NDArray[np.bool_]:
        """Which staged rows of `day` are neither stored nor repeats of one before: bool, in staged order."""
        before = sum(part.rows for part in stored)
        batches = chain(self._identities(stored), staging.rows_of(day))
        digests = Digests.joined(map(digests_of, batches), before + staging.count_of(day))
        return first_occurrences(digests)[before:]

    def _identities(self, parts: list[Part]) -> Iterator[pa.RecordBatch]:
        """What identifies the rows of `parts`, batch by batch."""
        for part in parts:
            with (
                self._depot.reading(part.path) as local,
                pq.ParquetFile(local, read_dictionary=_IDENTITY_TEXTS) as file,
            ):
                yield from file.iter_batches(_ROW_GROUP, columns=list(IDENTITY))


def _folder(day: int) -> str:
    return "date=unknown" if day == UNKNOWN_DAY else f"date={date(1970, 1, 1) + timedelta(days=day)}"


def _parts_by_folder(commits: tuple[Commit, ...]) -> dict[str, list[Part]]:
    folders: dict[str, list[Part]] = {}
    for commit in commits:
        for part in commit.parts:
            folders.setdefault(part.path.partition("/")[0], []).append(part)
    return folders


def _write_part(path: Path, batches: Iterator[pa.RecordBatch], keep: NDArray[np.bool_]) -> None:
    """Write the rows of `batches` where `keep` is true as one file."""
    with pq.ParquetWriter(path, INTERACTIONS, compression="zstd") as writer:
        for table in _row_groups(batches, keep):
            writer.write_table(table)


def _row_groups(batches: Iterator[pa.RecordBatch], keep: NDArray[np.bool_]) -> Iterator[pa.Table]:
    """The kept rows in tables of at least a row group's size, but for the last."""
    waiting: list[pa.RecordBatch] = []
    start = held = 0
    for batch in batches:
        kept = batch.filter(pa.array(keep[start : start + batch.num_rows]))
        start += batch.num_rows
        held += kept.num_rows
        waiting.append(kept)
        if held >= _ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting, held = [], 0
    if held:
        yield pa.Table.from_batches(waiting)
