"""Bodies on their way in: so many at a time, for a client that sends one byte by byte holds a thread while it may.

Who has no key has no body read. What is left of the threads goes on answering, and keys cannot take all places from each
other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from recsys.serving.problems import unavailable

MOST_READING: Final = 16
"""Of the threads of a worker (`hosting.event_loop.THREADS`), beside those that write; the rest answer reads."""
MOST_OF_A_KEY: Final = 12


class Uploads:
    """The places for bodies that are being read: `most` in all, `of_a_key` for one key."""

    def __init__(self, most: int = MOST_READING, of_a_key: int = MOST_OF_A_KEY) -> None:
        self._most = most
        self._of_a_key = of_a_key
        self._reading: Counter[str] = Counter()
        self._lock = Lock()

    @contextmanager
    def place(self, key_id: str) -> Iterator[None]:
        """A place for one body of a key. Raises `Problem` (503), at once, when there is none."""
        with self._lock:
            if self._reading.total() >= self._most or self._reading[key_id] >= self._of_a_key:
                raise unavailable("Too many bodies are still being sent; send this one again.", 1)
            self._reading[key_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._reading[key_id] -= 1
                if not self._reading[key_id]:
                    del self._reading[key_id]
