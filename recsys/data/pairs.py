"""Reading who has which item from a file in the form of the public benchmarks: ``user<TAB>item`` a line, no header."""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recsys.data.kinds import DEFAULT_KIND
from recsys.data.schema import as_interactions
from recsys.domain.errors import Invalid
from recsys.domain.ids import check_id

_GZIP: Final = b"\x1f\x8b"
_MARK: Final = b"\xef\xbb\xbf"
_TOLD_EVERY: Final = 50_000
LEAST_WEIGHT, MOST_WEIGHT = 1e-6, 1e15
"""Bounds of a weight: what single precision can hold and still tell from nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Different pairs of user and item, in the order of the file.

    Attributes:
        users, items: outside ids in the order of their first line.
        user, item: int32 [n], places in `users` and `items`; no pair stands twice.
        weight: float32 [n], the third column; None where the file has only two.
        repeated: lines left out because their pair stood further up.
        extra: lines with more than three columns, of which the rest was not read.

    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    user: NDArray[np.int32]
    item: NDArray[np.int32]
    weight: NDArray[np.float32] | None
    repeated: int
    extra: int

    def __len__(self) -> int:
        return len(self.user)


def read_pairs(path: Path, field: str, told: Callable[[int], None] | None = None) -> Pairs:
    """Read a file of pairs, plain or compressed with gzip (found by its content, not by its name).

    A third column is the weight of the pair, a number above 0; columns after it are not read. Ids are text as it
    stands, spaces and all; empty lines are passed over. Of equal pairs the first stays.

    Args:
        path: the file.
        field: what the file is, for messages: ``train`` or ``test``.
        told: called with the bytes of the file read since the last call.

    Raises:
        Invalid: naming `field`, the line and the mend, for a file that cannot be read as such pairs.

    """
    try:
        with path.open("rb") as raw:
            return _Reading(field).read(_lines(raw, told or _ignore))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise Invalid(
            field, f"{path.name} is a damaged gzip file ({error}); fetch or pack it again"
        ) from error
    except OSError as error:
        raise Invalid(field, f"{path} cannot be read: {error.strerror or error}") from error


def to_interactions(pairs: Pairs) -> pa.Table:
    """Turn pairs into a table of purchases without times, for `recsys.data.training.build_training_data`."""
    kinds = np.zeros(len(pairs), np.int32)
    columns = {
        "user_id": pa.DictionaryArray.from_arrays(pa.array(pairs.user), pa.array(pairs.users, pa.string())),
        "item_id": pa.DictionaryArray.from_arrays(pa.array(pairs.item), pa.array(pairs.items, pa.string())),
        "kind": pa.DictionaryArray.from_arrays(pa.array(kinds), pa.array([DEFAULT_KIND])),
    }
    if pairs.weight is not None:
        columns["weight"] = pa.array(pairs.weight)
    return as_interactions(pa.table(columns))


def _ignore(_: int) -> None:
    """Tell nobody."""


def _lines(raw: BinaryIO, told: Callable[[int], None]) -> Iterator[bytes]:
    """Lines without their ends, whatever the packing."""
    start = raw.read(len(_GZIP))
    raw.seek(0)
    source = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if start == _GZIP else raw
    seen = 0
    for number, line in enumerate(source):
        if number % _TOLD_EVERY == 0:
            seen, before = raw.tell(), seen
            told(seen - before)
        yield (line.removeprefix(_MARK) if number == 0 else line).rstrip(b"\r\n")
    told(raw.tell() - seen)


class _Reading:
    """A file on its way into arrays; ids are kept as bytes until they are known to be new."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._users: dict[bytes, int] = {}
        self._items: dict[bytes, int] = {}
        self._user, self._item, self._weight = array("i"), array("i"), array("f")
        self._extra = 0

    def read(self, lines: Iterator[bytes]) -> Pairs:
        """Take in all lines and give the different pairs."""
        for number, line in enumerate(lines, start=1):
            if line:
                self._take(number, line.split(b"\t"))
        if not self._user:
            raise Invalid(self._field, "the file holds no rows; give one user, a tab and one item a line")
        user, item = np.array(self._user, np.int32), np.array(self._item, np.int32)
        _, first = np.unique(user.astype(np.int64) * len(self._items) + item, return_index=True)
        first.sort()
        return Pairs(
            users=tuple(raw.decode() for raw in self._users),
            items=tuple(raw.decode() for raw in self._items),
            user=user[first],
            item=item[first],
            weight=np.array(self._weight, np.float32)[first] if self._weight else None,
            repeated=len(user) - len(first),
            extra=self._extra,
        )

    def _take(self, number: int, cells: list[bytes]) -> None:
        if len(cells) < 2:
            self._refuse(number, f"{_shown(cells[0])} has no tab; give one user, a tab and one item a line")
        if bool(self._weight) != (len(cells) > 2) and self._user:
            self._refuse(number, "a weight stands in some lines only; give every line three columns, or two")
        self._user.append(self._code(self._users, number, "user", cells[0]))
        self._item.append(self._code(self._items, number, "item", cells[1]))
        if len(cells) > 2:
            self._weight.append(self._number(number, cells[2]))
            self._extra += len(cells) > 3

    def _code(self, known: dict[bytes, int], number: int, what: str, raw: bytes) -> int:
        code = known.get(raw)
        if code is not None:
            return code
        try:
            check_id(raw.decode(), "")
        except UnicodeDecodeError:
            self._refuse(number, f"the {what} {_shown(raw)} is not text in UTF-8; save the file as UTF-8")
        except Invalid as error:
            self._refuse(number, f"the {what} {_shown(raw)} {error.message}")
        return known.setdefault(raw, len(known))

    def _number(self, number: int, raw: bytes) -> float:
        try:
            weight = float(raw)
        except ValueError:
            weight = float("nan")
        if not LEAST_WEIGHT <= weight <= MOST_WEIGHT:
            self._refuse(
                number,
                f"the weight {_shown(raw)} is not a number above 0; leave the line out, or give a weight such as 1",
            )
        return weight

    def _refuse(self, number: int, why: str) -> None:
        raise Invalid(self._field, f"line {number:,}: {why}")


def _shown(raw: bytes) -> str:
    """Text for a message: short, and with nothing in it that a terminal would obey."""
    text = raw[:40].decode("utf-8", "replace")
    return f"'{''.join(each if each.isprintable() else '�' for each in text)}{'…' if len(raw) > 40 else ''}'"
