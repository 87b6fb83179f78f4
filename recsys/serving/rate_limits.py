"""How often a key may ask: one bucket a key, in memory that all workers of a server share.

The generic cell rate algorithm (ITU-T I.371): of a key only the moment is kept at which its bucket would
be whole again. That is one number, and writing it is one step, so no lock can outlive a worker that is
killed. When two workers write within the same microseconds, one of both requests may go uncounted.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from http import HTTPStatus
from threading import Lock
from typing import Final

from recsys.serving.http import Headers
from recsys.serving.problems import Problem
from recsys.slates.overlays import LiveKey

WINDOW_SECONDS = 60.0
"""A key's limit counts requests a minute."""

_MOST_KEYS: Final = 4_096
_HAIR: Final = 1e-6
"""Moments are sums of fractions, so that a request may seem to lack a hair's breadth."""

TABLE_NUMBERS: Final = 2 * _MOST_KEYS
"""Numbers of the shared table: for each place the mark of a key, and the moment."""


class RateLimits:
    """The buckets of a server. A full bucket holds a minute's worth and fills evenly.

    `table` has `TABLE_NUMBERS` numbers; `monotonic` is the same for all processes of a machine.
    """

    def __init__(self, monotonic: Callable[[], float], table: memoryview[float]) -> None:
        self._monotonic = monotonic
        self._table = table
        self._marks: dict[str, float] = {}
        self._lock = Lock()

    def take(self, key: LiveKey) -> Headers:
        """Count one request; gives the headers that tell where the key stands, none for a key without limit.

        Raises `Problem` (429) with `Retry-After` when the bucket is empty.
        """
        if key.rate_limit is None:
            return ()
        limit = key.rate_limit
        with self._lock:
            left = self._left(key.id, limit, self._monotonic())
        headers = _headers(limit, max(left, 0.0))
        if left < 0:
            raise _too_many(limit, left + 1, headers)
        return headers

    def _left(self, key_id: str, limit: int, now: float) -> float:
        """How many requests are left after this one; below 0 when it may not be."""
        each = WINDOW_SECONDS / limit if limit else math.inf
        place = self._place(key_id)
        whole_at = max(self._table[place + 1], now)
        left = (WINDOW_SECONDS - (whole_at - now)) / each - 1
        if left < -_HAIR:
            return left
        self._table[place + 1] = whole_at + each
        return max(left, 0.0)

    def _place(self, key_id: str) -> int:
        """Where a key stands in the table: at its mark, or at the first free place after it."""
        mark = self._marks.get(key_id)
        if mark is None:
            digest = hashlib.blake2b(key_id.encode(), digest_size=6).digest()
            mark = self._marks[key_id] = float(1 + int.from_bytes(digest, "big"))
        first = int(mark) % _MOST_KEYS
        for step in range(_MOST_KEYS):
            place = 2 * ((first + step) % _MOST_KEYS)
            if self._table[place] == mark:
                return place
            if self._table[place] == 0.0:
                self._table[place] = mark
                return place
        return 2 * first


def _headers(limit: int, left: float) -> Headers:
    full_again = math.ceil((limit - left) * WINDOW_SECONDS / limit) if limit else math.ceil(WINDOW_SECONDS)
    return (
        ("RateLimit-Limit", str(limit)),
        ("RateLimit-Remaining", str(int(left + _HAIR))),
        ("RateLimit-Reset", str(full_again)),
    )


def _too_many(limit: int, left: float, headers: Headers) -> Problem:
    wait = max(1, math.ceil((1 - left) * WINDOW_SECONDS / limit)) if limit else math.ceil(WINDOW_SECONDS)
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"This key may ask {limit} times a minute; wait {wait} seconds.",
        headers=[*headers, ("Retry-After", str(wait))],
    )
