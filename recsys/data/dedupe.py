"""Which interactions are the same row, by a 128-bit digest of what identifies a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys.data.schema import IDENTITY, TEXT_COLUMNS

_MISSING: Final = "\x00"
_SHARES: Final = 16
# Odd constants of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
_GAMMA: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True, eq=False)
class Digests:
    """128 bits a row, in two halves: uint64 [n_rows] each."""

    high: NDArray[np.uint64]
    low: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.low)

    @classmethod
    def joined(cls, parts: Iterable[Digests], rows: int) -> Digests:
        """The digests of `parts`, which are `rows` in all, one after the other; no part is held for longer."""
        whole = cls(np.empty(rows, np.uint64), np.empty(rows, np.uint64))
        start = 0
        for part in parts:
            end = start + len(part)
            whole.high[start:end] = part.high
            whole.low[start:end] = part.low
            start = end
        return whole


def digests_of(table: pa.Table | pa.RecordBatch) -> Digests:
    """Digests of the rows of `table`, which holds at least the columns of `IDENTITY`.

    Equal rows have equal digests whatever file or chunk they come from, within one process: digests are never stored.
    Two different rows among 10 million agree with a probability of about 1e-25.
    """
    rows = table.num_rows
    high, low = np.full(rows, _GAMMA), np.full(rows, _MIX_2)
    for name in IDENTITY:
        halves = _text_halves(table[name]) if name in TEXT_COLUMNS else _time_halves(table[name])
        high, low = _mixed(high * _MIX_1 + halves.high), _mixed(low * _GAMMA + halves.low)
    return Digests(high, low)


def first_occurrences(digests: Digests) -> NDArray[np.bool_]:
    """True at every row whose digest has not occurred before it: bool [n_rows]."""
    first = np.zeros(len(digests), np.bool_)
    # Share by share, so that sorting needs a sixteenth of the memory.
    share_of = digests.low.view(np.uint8)[::8] % _SHARES
    for share in range(_SHARES):
        rows = np.flatnonzero(share_of == share)
        if len(rows):
            first[rows[_first_of(digests.high[rows], digests.low[rows])]] = True
    return first


def _first_of(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.intp]:
    by = np.lexsort((high, low))  # stable, so the earliest of equal rows comes first
    high, low = high[by], low[by]
    fresh = np.ones(len(by), np.bool_)
    fresh[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    return np.asarray(by[fresh], np.intp)


def _text_halves(column: pa.ChunkedArray | pa.Array) -> Digests:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = (
            pa.array([], encoded.type)
            if not encoded.num_chunks
            else encoded.unify_dictionaries().combine_chunks()
        )
        encoded = encoded.chunk(0) if isinstance(encoded, pa.ChunkedArray) else encoded
    # The last place is where a missing text, code -1, points to. No id holds a control character.
    texts = [*encoded.dictionary.to_pylist(), _MISSING]
    # Python's own hash is a keyed SipHash: fast, and stable for as long as this process lives, which is long enough.
    high = np.fromiter((hash(text) for text in texts), np.int64, len(texts)).view(np.uint64)
    low = np.fromiter((hash(text + _MISSING) for text in texts), np.int64, len(texts)).view(np.uint64)
    codes = np.asarray(pc.fill_null(encoded.indices, -1), np.int64)
    return Digests(high[codes], low[codes])


def _time_halves(column: pa.ChunkedArray | pa.Array) -> Digests:
    whole = pc.fill_null(column.cast(pa.int64()), np.iinfo(np.int64).min)
    micros = np.asarray(whole).view(np.uint64)
    return Digests(_mixed(micros), _mixed(micros ^ _GAMMA))


def _mixed(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: every bit of the input stirs every bit of the output."""
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return np.asarray(value ^ (value >> np.uint64(31)), np.uint64)
