"""Shoppers are found by a keyed hash of their id, so a snapshot names nobody."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_NEAR = 32
_PART_OF_STEP = 8
"""What is looked for stands at most so many rows, and such a part of the step before, from where the step ends: next to
always, for the error of a step is about the square root of its length."""

HASH_BYTES = 16
"""128 bits: among 10^9 shoppers a collision has a chance of about 10^-21."""


def shopper_hash(key: bytes, user_id: str) -> bytes:
    """Hash of a shopper's id: 16 bytes of BLAKE2b under `key` (RFC 7693), which is at most 64 bytes long."""
    hashed = _prepared(key).copy()
    hashed.update(user_id.encode())
    return hashed.digest()


@lru_cache(maxsize=8)
def _prepared(key: bytes) -> hashlib.blake2b:
    """The hash once it has taken in its key: a copy is cheaper than a new one."""
    return hashlib.blake2b(digest_size=HASH_BYTES, key=key, person=b"recsys-shopper")


def key_fingerprint(key: bytes) -> str:
    """Name of a key that tells it from others and gives nothing of it away: 16 hexadecimal digits."""
    return hashlib.blake2b(b"fingerprint", digest_size=8, key=key, person=b"recsys-keyprint").hexdigest()


def hash_columns(key: bytes, user_ids: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hashes of many ids as two columns (high and low 64 bits, big-endian), in the order of `user_ids`."""
    joined = b"".join(shopper_hash(key, user_id) for user_id in user_ids)
    halves = np.frombuffer(joined, ">u8").reshape(-1, 2).astype(np.uint64)
    return np.ascontiguousarray(halves[:, 0]), np.ascontiguousarray(halves[:, 1])


def hash_order(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Order in which the hashes ascend: int64 [n]."""
    return np.lexsort((low, high))


class HashTable:
    """Hashes in two columns sorted by `hash_order`, mostly on disk: finding one reads as few pages of them as it can.

    Hashes are spread evenly, so a hash stands close to where its size says, and how far from there is told by the hash
    that one finds instead. Each page of a large table costs a miss in every cache there is, so a search by halves,
    which reads a dozen places, comes last.
    """

    def __init__(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> None:
        self._high, self._low = memoryview(high.data), memoryview(low.data)
        self._size = len(high)

    def find(self, hashed: bytes) -> int | None:
        """Row of a hash (16 bytes), None where it is not there."""
        first, size, table = int.from_bytes(hashed[:8], "big"), self._size, self._high
        row = self._first_of(first)
        while row < size and table[row] == first:
            if self._low[row] == int.from_bytes(hashed[8:], "big"):
                return row
            row += 1
        return None

    def _first_of(self, high: int) -> int:
        """First row whose high half is not below `high`."""
        size, table = self._size, self._high
        at = high * size >> 64
        if at >= size:
            return size
        step = (high - table[at]) * size >> 64
        at += step
        far = _NEAR + abs(step) // _PART_OF_STEP
        start, end = max(0, at - far), min(size, at + far)
        if start < end:
            row = bisect_left(table, high, start, end)
            if (row > start or not start) and (row < end or end == size):
                return row
        return bisect_left(table, high)
