"""Writing a snapshot: into a hidden sibling folder first, the manifest last, then one rename.

A power cut or `kill -9` at any moment leaves either no folder under the final name or a whole one.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from recsys.domain.errors import Conflict
from recsys.durable import sync
from recsys.snapshots.layout import ARRAYS, MANIFEST, SPECS, ArrayEntry, Manifest, array_path, file_sha256


def _header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


@dataclass(slots=True)
class _Stream:
    """One `.npy` file that grows at its end; the header is corrected when it is closed."""

    file: IO[bytes]
    dtype: np.dtype[Any]
    width: tuple[int, ...]
    rows: int = 0

    def append(self, block: NDArray[Any]) -> None:
        self.file.write(np.ascontiguousarray(block, self.dtype).data)
        self.rows += len(block)

    def close(self) -> tuple[int, ...]:
        shape = (self.rows, *self.width)
        self.file.seek(0)
        # numpy pads the header so that a growing first axis never changes its length.
        self.file.write(_header(self.dtype, shape))
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return shape


@dataclass(slots=True)
class SnapshotWriter:
    """Writes the arrays of one snapshot, whole or in blocks, and makes them visible all at once.

    Use as a context manager: leaving it without `finish` removes what was written.

    Args:
        folder: where the snapshot is to stand; must not exist yet. Its parent is made where it is missing.
        dimensions: width of the vectors.

    """

    folder: Path
    dimensions: int
    _streams: dict[str, _Stream] = field(default_factory=dict)

    @property
    def _draft(self) -> Path:
        return self.folder.with_name(f".{self.folder.name}.writing")

    def __enter__(self) -> Self:
        if self.folder.exists():
            raise Conflict(f"The folder {self.folder} exists already; give the run a new id.")
        # A killed run with the same id may have left its draft behind.
        shutil.rmtree(self._draft, ignore_errors=True)
        self._draft.mkdir(parents=True)
        for name in ARRAYS:
            self._begin(name)
        return self

    def _begin(self, name: str) -> _Stream:
        spec = SPECS[name]
        width = {0: (), -1: (self.dimensions,)}.get(spec.width, (spec.width,))
        dtype = np.dtype(spec.dtype)
        file = array_path(self._draft, name).open("w+b")
        file.write(_header(dtype, (0, *width)))
        self._streams[name] = _Stream(file, dtype, width)
        return self._streams[name]

    def _stream(self, name: str) -> _Stream:
        """The array's stream; one that a snapshot need not have begins when it is first written to."""
        return self._streams.get(name) or self._begin(name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams.values():
            stream.file.close()
        shutil.rmtree(self._draft, ignore_errors=True)

    def append(self, name: str, block: NDArray[Any]) -> None:
        """Append rows to an array; `name` is one of `layout.SPECS`."""
        self._stream(name).append(block)

    def append_lists(
        self, name: str, lengths: NDArray[np.integer[Any]], parts: Mapping[str, NDArray[Any]]
    ) -> None:
        """Append lists: their lengths [n_rows], and their values end to end, by part (``items``, ``scores``, …)."""
        offsets = self._stream(f"{name}_indptr")
        if not offsets.rows:
            offsets.append(np.zeros(1))
        so_far = self._stream(f"{name}_items").rows
        offsets.append(so_far + np.cumsum(lengths, dtype=np.int64))
        for part, values in parts.items():
            self.append(f"{name}_{part}", values)

    def append_item_ids(self, item_ids: Sequence[str]) -> None:
        """Write the items' ids as UTF-8 end to end, with their offsets."""
        encoded = [item_id.encode() for item_id in item_ids]
        self.append("item_bytes", np.frombuffer(b"".join(encoded), np.uint8))
        self.append("item_offsets", np.concatenate(([0], np.cumsum([len(each) for each in encoded]))))

    def finish(self, claims: Manifest) -> Path:
        """Close the arrays, write the manifest and give the folder its final name.

        Args:
            claims: the manifest without its arrays, which are filled in here.

        """
        entries: dict[str, ArrayEntry] = {}
        for name, stream in self._streams.items():
            if name.endswith("_indptr") and not stream.rows:
                stream.append(np.zeros(1))
            shape = stream.close()
            path = array_path(self._draft, name)
            entries[name] = ArrayEntry(stream.dtype.str, shape, path.stat().st_size, file_sha256(path))
        whole = msgspec.structs.replace(claims, arrays=entries)
        write_durably(self._draft / MANIFEST, msgspec.json.format(msgspec.json.encode(whole)))
        sync(self._draft)
        self._draft.rename(self.folder)
        sync(self.folder.parent)
        return self.folder


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file's content so that a crash leaves the old or the new, never a part."""
    draft = path.with_name(f".{path.name}.writing")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync(path.parent)
