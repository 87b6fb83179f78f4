"""Handing requests to an application so that what is quick never waits behind what is not.

A WSGI server runs each request from end to end in one thread of a pool. With many threads Python's lock goes round among
them in the middle of answers; with one, a write that waits for the database holds up all reads. Here one thread takes
every request, answers at once what it can, and hands the rest to a pool. See docs/decisions/one-thread-answers.md.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep
from typing import Any, Protocol

import structlog

_YIELD_EVERY_SECONDS = 0.005
_YIELD_SECONDS = 0.00001
"""How often the thread that takes requests lets others run, and for how long at least.

It lets go of Python's lock after each reply, but takes it again before a waiting thread has woken up, which then waits
on; without these pauses the others, who follow the releases and write events, stand still while requests come.
"""

_log = structlog.get_logger(__name__)

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers, body."""

_FAILED: Reply = (500, [("Content-Type", "text/plain"), ("Content-Length", "0")], b"")


class Prompt(Protocol):
    """An application that tells what it answers at once."""

    def begin(self, environ: dict[str, Any]) -> Reply | Callable[[], Reply]:
        """The reply to a request, or what is still to be done for it, which may take its time."""
        ...


class Exchange(Protocol):
    """Granian's end of one request; the reply may come from any thread, and later than the call."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the whole reply."""
        ...


def promptly(application: Prompt, threads: int) -> Callable[[Exchange, dict[str, Any]], None]:
    """What Granian calls for each request, in one thread; `threads` more do what takes its time."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix="recsys-answer")
    yielded = monotonic()

    def take(exchange: Exchange, scope: dict[str, Any]) -> None:
        nonlocal yielded
        # As in the server's own wrapper: the body's stream ends where the body ends.
        scope["wsgi.input_terminated"] = True
        reply = application.begin(scope)
        if isinstance(reply, tuple):
            exchange.response_bytes(*reply)
        else:
            pool.submit(_finish, exchange, reply)
        if monotonic() - yielded > _YIELD_EVERY_SECONDS:
            sleep(_YIELD_SECONDS)
            yielded = monotonic()

    return take


def _finish(exchange: Exchange, work: Callable[[], Reply]) -> None:
    try:
        reply = work()
    except Exception as fault:  # noqa: BLE001 - without a reply, the client would wait for ever
        _log.error("fault", error=type(fault).__name__)
        reply = _FAILED
    exchange.response_bytes(*reply)
