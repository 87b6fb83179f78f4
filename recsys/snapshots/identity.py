"""Shoppers are found by a keyed hash of their id, so a snapshot names nobody."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

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
    """Hashes in two columns sorted by `hash_order`, mostly on disk: finding one reads as little of them as it can.

    Hashes are spread evenly, so a hash stands close to where its size says: the search begins there, within a few
    pages of memory, and goes through all of the table only where it was not that close.
    """

    def __init__(self, high: NDArray[np.uint64], low: NDArray[np.uint64]) -> None:
        self._high, self._low = memoryview(high.data), memoryview(low.data)
        self._size = len(high)
        # The place of one of n even draws strays by up to sqrt(n) / 2; six times as much is next to never left.
        self._reach = 3 * isqrt(self._size) + 8

    def find(self, hashed: bytes) -> int | None:
        """Row of a hash (16 bytes), None where it is not there."""
        first, second = int.from_bytes(hashed[:8], "big"), int.from_bytes(hashed[8:], "big")
        row = self._first_of(first)
        while row < self._size and self._high[row] == first:
            if self._low[row] == second:
                return row
            row += 1
        return None

    def _first_of(self, high: int) -> int:
        """First row whose high half is not below `high`."""
        size, guess = self._size, high * self._size >> 64
        start, end = max(0, guess - self._reach), min(size, guess + self._reach)
        row = bisect_left(self._high, high, start, end)
        if (row == start and start) or (row == end and end < size):
            return bisect_left(self._high, high)
        return row
