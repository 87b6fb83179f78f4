"""What a run's model reached shopper by shopper, kept beside the run so that a later run can be compared with it in pairs.

One compressed file a run: two columns of the shoppers' keyed hashes, ascending, and a column a metric. It names nobody.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_HIGH, _LOW = "shopper_high", "shopper_low"


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Figures by shopper.

    Attributes:
        high, low: uint64 [n], the halves of the shoppers' hashes.
        values: float32 [n] by the metric's name, such as ``ndcg@20``.

    """

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    values: Mapping[str, NDArray[np.float32]]


def write_measured(path: Path, measured: Measured) -> None:
    """Write the file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            columns = {_HIGH: measured.high, _LOW: measured.low, **measured.values}
            np.savez_compressed(file, allow_pickle=False, **columns)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        Path(half).replace(path)
    finally:
        Path(half).unlink(missing_ok=True)


def read_measured(path: Path) -> Measured | None:
    """What was written; None where there is no file, or one that cannot be read."""
    try:
        return parse_measured(path.read_bytes())
    except OSError:
        return None


def parse_measured(content: bytes) -> Measured | None:
    """The same from a file's content; None for one that was cut off or altered."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
        return Measured(columns.pop(_HIGH), columns.pop(_LOW), columns)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def in_pairs(first: Measured, second: Measured) -> Mapping[str, NDArray[np.float64]]:
    """First minus second by metric, for the shoppers and the metrics that both have; float64 [n shared]."""
    _, left, right = np.intersect1d(_joined(first), _joined(second), assume_unique=True, return_indices=True)
    return {
        name: values[left].astype(np.float64) - second.values[name][right]
        for name, values in first.values.items()
        if name in second.values
    }


def _joined(measured: Measured) -> NDArray[np.void]:
    """Both halves as one value that can be sorted and compared."""
    joined = np.empty(len(measured.high), np.dtype([(_HIGH, np.uint64), (_LOW, np.uint64)]))
    joined[_HIGH], joined[_LOW] = measured.high, measured.low
    return joined
