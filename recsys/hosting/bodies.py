"""The body of a request on its way from the event loop to the thread that reads it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from time import monotonic
from typing import Final

MOST_WAITING_BYTES: Final = 1 << 18
"""So much of a body lies ready at most; then no more is taken from the connection until some of it was read."""

BODY_SECONDS: Final = 30.0
"""How long somebody who reads a body waits for the client, in all."""


class BodyStopped(OSError):
    """The client went away in the middle of a body, or took too long over it."""


class Body:
    """What a client sends, in the order in which it comes; `taken` is called, by whoever reads, when some was taken."""

    def __init__(self, taken: Callable[[], None], seconds: float = BODY_SECONDS) -> None:
        self._taken = taken
        self._seconds = seconds
        self._changed = Condition()
        self._waiting = bytearray()
        self._stopped = False
        self.ended = False

    @property
    def full(self) -> bool:
        """Whether no more should come for now."""
        return len(self._waiting) >= MOST_WAITING_BYTES

    def feed(self, more: bytes) -> None:
        """Some of it came."""
        with self._changed:
            self._waiting += more
            self._changed.notify_all()

    def end(self) -> None:
        """That was all."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        """No more will come, though it is not all."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def read(self, most: int) -> bytes:
        """The next bytes, `most` of them unless it ends before. Raises `BodyStopped`."""
        read = bytearray()
        while len(read) < most:
            some = self._some(most - len(read))
            if not some:
                break
            read += some
        return bytes(read)

    def _some(self, most: int) -> bytes:
        began = monotonic()
        self._taken()
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._waiting or self.ended or self._stopped, max(self._seconds, 0.0)
            )
            self._seconds -= monotonic() - began
            if not came:
                raise BodyStopped("the body did not come in time")
            if self._stopped and not self._waiting and not self.ended:
                raise BodyStopped("the connection ended before the body did")
            some = bytes(self._waiting[:most])
            del self._waiting[:most]
        return some
