"""Where an import waits until it is whole: a temporary file of rows, sorted by the day that they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import ipc

from recsys.data.schema import INTERACTIONS, as_interactions

#: Days since 1970 that stand for "no time known".
UNKNOWN_DAY = int(np.iinfo(np.int32).min)

# Many rows at once make few and long batches of each day, which are read back much faster than many short ones.
_SORTED_AT_ONCE = 524_288


class Staging:
    """A file of record batches, each holding rows of one day, with the list of the batches of each day.

    Rows of a day keep the order in which they came. Memory needed: one chunk and `_SORTED_AT_ONCE` rows.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._batches: dict[int, list[int]] = {}
        self._rows: dict[int, int] = {}
        self._count = 0
        self._waiting: list[pa.Table] = []
        self._held = 0
        self._writer = ipc.new_file(str(path), INTERACTIONS, options=ipc.IpcWriteOptions(compression="lz4"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def add(self, chunk: pa.Table) -> None:
        """Put the rows of `chunk` with those of their days."""
        self._waiting.append(as_interactions(chunk))
        self._held += chunk.num_rows
        if self._held >= _SORTED_AT_ONCE:
            self._sort()

    def finish(self) -> list[int]:
        """Days that have rows, in order; nothing may be added any more."""
        self._sort()
        self._writer.close()
        return sorted(self._batches)

    def count_of(self, day: int) -> int:
        """How many rows one day has; only after `finish`."""
        return self._rows[day]

    def rows_of(self, day: int) -> Iterator[pa.RecordBatch]:
        """Rows of one day in the order in which they came, batch by batch; only after `finish`."""
        with pa.OSFile(str(self._path)) as file:
            reader = ipc.open_file(file)
            for number in self._batches[day]:
                yield reader.get_batch(number)

    def _sort(self) -> None:
        if not self._held:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting, self._held = [], 0
        days = days_of(table)
        by = np.argsort(days, kind="stable")
        ordered = days[by]
        bounds = [0, *(np.flatnonzero(np.diff(ordered)) + 1).tolist(), len(ordered)]
        rows = table.take(pa.array(by)).combine_chunks()
        for start, end in pairwise(bounds):
            self._put(int(ordered[start]), rows.slice(start, end - start))

    def _put(self, day: int, rows: pa.Table) -> None:
        for batch in rows.to_batches():
            self._writer.write_batch(batch)
            self._batches.setdefault(day, []).append(self._count)
            self._rows[day] = self._rows.get(day, 0) + batch.num_rows
            self._count += 1


def days_of(table: pa.Table) -> NDArray[np.int32]:
    """Day of each row in days since 1970 UTC, `UNKNOWN_DAY` where it has no time: int32 [n_rows]."""
    days = pc.cast(pc.cast(table["timestamp"], pa.timestamp("us")), pa.date32(), safe=False).cast(pa.int32())
    return np.asarray(pc.fill_null(days, UNKNOWN_DAY), np.int32)
