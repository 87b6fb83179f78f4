"""So many at a time: those who wait for the database must leave threads to those who do not."""

from __future__ import annotations

from collections.abc import Callable
from threading import Semaphore
from typing import Final

from recsys.serving.http import HttpRequest, HttpResponse
from recsys.serving.problems import unavailable
from recsys.slates.overlays import LiveKey

MOST_WRITING: Final = 12
"""Of the threads of a worker (`hosting.event_loop.THREADS`); the rest can always answer from memory."""

Handle = Callable[[HttpRequest, LiveKey], HttpResponse]


class Turnstile:
    """Lets `most` requests through at a time; the next one is 503, at once."""

    def __init__(self, most: int = MOST_WRITING) -> None:
        self._places = Semaphore(most)

    def through(self, handle: Handle) -> Handle:
        """The same handler behind this turnstile."""

        def guarded(http: HttpRequest, key: LiveKey) -> HttpResponse:
            if not self._places.acquire(blocking=False):
                raise unavailable("Too many writes wait for the database already; send this again.", 1)
            try:
                return handle(http, key)
            finally:
                self._places.release()

        return guarded
