"""Slowing down guesses at passwords: a few tries per address and email, then a pause.

Kept in the process's memory: a restart forgives, and several processes each count for themselves. That is enough
against guessing online, which is what it is for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

TRIES = 5
WINDOW = timedelta(minutes=10)
REMEMBERED = 10_000


@dataclass(slots=True)
class Throttle:
    """Counts failures by key within a sliding window; the oldest keys are forgotten first."""

    clock: Callable[[], datetime]
    tries: int = TRIES
    window: timedelta = WINDOW
    remembered: int = REMEMBERED
    _failures: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def wait(self, key: str) -> timedelta:
        """How long until `key` may try again; zero when it may now."""
        with self._lock:
            recent = self._recent(key)
        return recent[0] + self.window - self.clock() if len(recent) >= self.tries else timedelta(0)

    def failed(self, key: str) -> None:
        """Count a failure."""
        with self._lock:
            self._failures[key] = [*self._recent(key), self.clock()][-self.tries :]
            self._failures.move_to_end(key)
            while len(self._failures) > self.remembered:
                self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of `key`."""
        with self._lock:
            self._failures.pop(key, None)

    def _recent(self, key: str) -> list[datetime]:
        since = self.clock() - self.window
        return [moment for moment in self._failures.get(key, ()) if moment > since]
