"""Shoppers are found by a keyed hash of their id, so a snapshot names nobody."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

HASH_BYTES = 16
"""128 bits: among 10^9 shoppers a collision has a chance of about 10^-21."""


def shopper_hash(key: bytes, user_id: str) -> bytes:
    """Hash of a shopper's id: 16 bytes of BLAKE2b under `key` (RFC 7693), which is at most 64 bytes long."""
    return hashlib.blake2b(
        user_id.encode(), digest_size=HASH_BYTES, key=key, person=b"recsys-shopper"
    ).digest()


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


def find_hash(high: NDArray[np.uint64], low: NDArray[np.uint64], hashed: bytes) -> int | None:
    """Row of a hash in two columns sorted by `hash_order`, by binary search; None where it is not there."""
    first = np.uint64(int.from_bytes(hashed[:8], "big"))
    second = np.uint64(int.from_bytes(hashed[8:], "big"))
    start = int(np.searchsorted(high, first, side="left"))
    end = int(np.searchsorted(high, first, side="right"))
    row = start + int(np.searchsorted(low[start:end], second, side="left"))
    return row if row < end and low[row] == second else None
