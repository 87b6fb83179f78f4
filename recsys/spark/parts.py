"""What passes between the driver and the executors: Parquet files of numbers and of lists, in parts.

A column of lists holds each list as its bytes, little-endian, so that neither Spark nor anybody else looks at the
values one by one: a batch of lists is one array on both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

_LONGEST = 2**31 - 1


def write_parts(folder: Path, columns: Mapping[str, pa.Array], parts: int) -> None:
    """Write rows as files of about equal length, in order; each row gets the ``part`` it belongs to.

    Args:
        folder: is made.
        columns: by name, all of one length.
        parts: how many files at most.

    """
    folder.mkdir(parents=True)
    rows = len(next(iter(columns.values())))
    ends = np.linspace(0, rows, min(parts, max(rows, 1)) + 1).astype(np.int64)
    for part, (start, end) in enumerate(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)):
        cut = {name: values.slice(start, end - start) for name, values in columns.items()}
        cut["part"] = pa.array(np.full(end - start, part, np.int32))
        pq.write_table(pa.table(cut), folder / f"{part:06}.parquet", compression="zstd")


def read_parts(folder: Path, columns: Sequence[str], key: str) -> Iterator[pa.Table]:
    """Read what executors wrote, part by part in order, the rows of each part sorted by `key`."""
    folders = sorted(folder.glob("part=*"), key=lambda each: int(each.name.partition("=")[2]))
    for each in folders:
        files = [pq.ParquetFile(path).read([*columns]) for path in sorted(each.glob("*.parquet"))]
        yield pa.concat_tables(files).sort_by(key).combine_chunks()


def as_lists(values: NDArray[Any], lengths: NDArray[np.integer]) -> pa.Array:
    """Lists that stand end to end (along the first axis of `values`) as one column of bytes."""
    flat = np.ascontiguousarray(values)
    width = flat.itemsize * int(np.prod(flat.shape[1:], dtype=np.int64))
    ends = np.concatenate(([0], np.cumsum(np.asarray(lengths, np.int64) * width)))
    large = int(ends[-1]) > _LONGEST
    kind, offsets = (pa.large_binary(), ends) if large else (pa.binary(), ends.astype(np.int32))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(flat.reshape(-1).view(np.uint8))]
    return pa.Array.from_buffers(kind, len(lengths), buffers)


def from_lists(
    column: pa.Array | pa.ChunkedArray, dtype: str, width: int = 0
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Undo `as_lists`: the values end to end, [n] or [n, width], and the lengths of the lists."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):  # a table without rows has no chunk
        whole = whole.chunk(0) if whole.num_chunks else pa.array([], pa.binary())
    large = pa.types.is_large_binary(whole.type)
    _, starts, data = whole.buffers()
    kind: Any = np.int64 if large else np.int32
    if len(whole):
        offsets = np.frombuffer(starts, kind)[whole.offset : whole.offset + len(whole) + 1].astype(np.int64)
    else:
        offsets = np.zeros(1, np.int64)
    size = np.dtype(dtype).itemsize * max(width, 1)
    held = b"" if data is None else memoryview(data)[int(offsets[0]) : int(offsets[-1])]
    values = np.frombuffer(held, dtype)
    return values.reshape(-1, width) if width else values, np.diff(offsets) // size
