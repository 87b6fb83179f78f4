"""Running requests so that one thread answers what is quick, and others only do what takes its time.

A WSGI server runs each request from end to end in some thread of a pool. With many threads at work Python's lock goes
round among them in the middle of answers; with a pool of one, a write that waits for the database holds up all reads.
Here all threads of the pool but one rest, inside their last call, until the one that works meets a request that takes its
time: then another one works on in its place. See docs/decisions/one-thread-answers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Condition, local
from time import monotonic, sleep
from typing import Any, Protocol

_YIELD_EVERY_SECONDS = 0.005
_YIELD_SECONDS = 0.00001
"""How often the thread that works lets others run, and for how long at least.

It lets go of Python's lock after each reply, but takes it again before a waiting thread has woken up, which then waits
on; without these pauses the others, who follow the releases and write events, stand still while requests come.
"""
_REST_SECONDS = 1.0
"""How often those who rest look whether anybody works: the server may end a thread that has nothing to do."""

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers, body."""


class Prompt(Protocol):
    """An application that tells what it answers at once."""

    def begin(self, environ: dict[str, Any]) -> Reply | Callable[[], Reply]:
        """The reply to a request, or what is still to be done for it, which may take its time."""
        ...


class Exchange(Protocol):
    """Granian's end of one request."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the whole reply."""
        ...


Take = Callable[[Exchange, dict[str, Any]], object]
"""What Granian calls for each request."""


def has_body(environ: Mapping[str, Any]) -> bool:
    """Whether a body comes with a request."""
    return "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ


class Floor:
    """Who works: one thread at most, besides those whose requests take their time."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._working = 0
        self._resting = 0
        self._called = 0
        self._taken = 0
        self._count = object()
        self._own = local()

    def come(self) -> None:
        """The thread that calls this takes a request."""
        self._taken += 1
        if getattr(self._own, "count", None) is not self._count:
            with self._changed:
                self._enter()

    def leave(self) -> None:
        """It takes its time now; another one may work."""
        with self._changed:
            self._step_out()
            if self._working < 1 and self._called < self._resting:
                self._called += 1
                self._changed.notify()

    def come_back(self) -> None:
        """It has done what took its time."""
        with self._changed:
            self._enter()

    def rest(self) -> None:
        """Having replied, it rests as long as another one works."""
        if self._working > 1:
            with self._changed:
                if self._working > 1:
                    self._rest()

    def _enter(self) -> None:
        self._working += 1
        self._own.count = self._count

    def _step_out(self) -> None:
        # Since it came, all may have been counted anew, and without it.
        if self._own.count is self._count:
            self._working -= 1
        self._own.count = None

    def _rest(self) -> None:
        self._step_out()
        self._resting += 1
        seen = self._taken
        while not self._changed.wait_for(lambda: self._called, _REST_SECONDS):
            if self._taken == seen:
                # Nobody has taken a request since the last look, so whoever works may be gone: all are counted anew.
                self._count, self._working, self._called = object(), 0, 1
            seen = self._taken
        self._called -= 1
        self._resting -= 1
        self._enter()


def promptly(application: Prompt) -> Take:
    """What Granian calls for each request, in any of its threads."""
    floor, yielded = Floor(), monotonic()

    def take(exchange: Exchange, scope: dict[str, Any]) -> None:
        nonlocal yielded
        floor.come()
        # As in the server's own wrapper: the body's stream ends where the body ends.
        scope["wsgi.input_terminated"] = True
        reply = application.begin(scope)
        if isinstance(reply, tuple):
            exchange.response_bytes(*reply)
        else:
            floor.leave()
            try:
                exchange.response_bytes(*reply())
            finally:
                floor.come_back()
        floor.rest()
        if monotonic() - yielded > _YIELD_EVERY_SECONDS:
            sleep(_YIELD_SECONDS)
            yielded = monotonic()

    return take
