"""How often a key may ask: a token bucket a key, in the memory of one worker process."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock

from recsys.serving.http import Headers
from recsys.serving.problems import Problem
from recsys.slates.overlays import LiveKey

WINDOW_SECONDS = 60.0
"""A key's limit counts requests a minute."""


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Requests left, and when (seconds of the monotonic clock) that was true."""

    left: float
    at: float


class RateLimits:
    """The buckets of one process. A full bucket holds a minute's worth and fills evenly."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def take(self, key: LiveKey) -> Headers:
        """Count one request; gives the headers that tell where the key stands, none for a key without limit.

        Raises `Problem` (429) with `Retry-After` when the bucket is empty.
        """
        if key.rate_limit is None:
            return ()
        limit, now = key.rate_limit, self._monotonic()
        with self._lock:
            left = self._left(key.id, limit, now)
            allowed = left >= 1
            left = left - 1 if allowed else left
            self._buckets[key.id] = _Bucket(left, now)
        headers = _headers(limit, left)
        if not allowed:
            raise _too_many(limit, left, headers)
        return headers

    def _left(self, key_id: str, limit: int, now: float) -> float:
        bucket = self._buckets.get(key_id)
        if bucket is None:
            return float(limit)
        return min(float(limit), bucket.left + (now - bucket.at) * limit / WINDOW_SECONDS)


def _headers(limit: int, left: float) -> Headers:
    full_again = math.ceil((limit - left) * WINDOW_SECONDS / limit) if limit else math.ceil(WINDOW_SECONDS)
    return (
        ("RateLimit-Limit", str(limit)),
        ("RateLimit-Remaining", str(int(left))),
        ("RateLimit-Reset", str(full_again)),
    )


def _too_many(limit: int, left: float, headers: Headers) -> Problem:
    wait = max(1, math.ceil((1 - left) * WINDOW_SECONDS / limit)) if limit else math.ceil(WINDOW_SECONDS)
    return Problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"This key may ask {limit} times a minute; wait {wait} seconds.",
        headers=[*headers, ("Retry-After", str(wait))],
    )
