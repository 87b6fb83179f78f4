"""Starting the processes of a server, and starting them again: Granian's part, for the endpoint and the desk alike."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from threading import Semaphore
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import MPServer, mp

from recsys.hosting.event_loop import EventLoop
from recsys.hosting.replies import Prompt, Reply, has_body
from recsys.settings import Settings

THREADS = 16
"""Threads a worker of Granian's, started as they are needed: Python runs one at a time, the others wait or write."""

_MOST_BODIES = THREADS - 4
"""Requests with a body at a time: who sends one byte by byte must leave threads to those who read."""

_WRAPPER = "_wsgi_call_wrap"
"""What Granian calls to wrap an application, looked up whenever a worker starts."""
_BUSY: Reply = (
    503,
    [("Content-Type", "text/plain"), ("Retry-After", "1"), ("Connection", "close")],
    b"Too many requests are still being sent; send this one again.\n",
)
_BACKLOG = 1024
_KILL_SECONDS = 10
_GRACE_SECONDS = 8
_BEGUN_SECONDS = 1.0
_MOST_STILLBORN = 10
_STILLBORN_PAUSE_SECONDS = 0.2


_Take = Callable[[Any, dict[str, Any]], object]
"""What Granian calls for each request, with its end of the exchange and the environment."""


class Host(MPServer):
    """Granian that starts workers again however often they are killed.

    Granian itself takes two ends of one worker within 5.5 seconds for a crash at every start, and ends the server, all
    other workers included. Here only workers that end as soon as they are started, ten in a row, end it: then somebody
    must look.
    """

    _stillborn = 0

    def _respawn_workers(
        self, workers: Sequence[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        now = time.monotonic()
        if any(now - self.wrks[idx].birth < _BEGUN_SECONDS for idx in workers):
            self._stillborn += 1
            time.sleep(_STILLBORN_PAUSE_SECONDS)
        else:
            self._stillborn = 0
        super()._respawn_workers(workers, spawn_target, target_loader, delay)
        if self._stillborn < _MOST_STILLBORN:
            self.respawned_wrks.clear()


def host(target: str, settings: Settings, *, port: int, workers: int) -> None:
    """Answer with a WSGI application on `settings.host` until SIGTERM or SIGINT; must run in the main thread.

    A worker that dies is started again, see `Host`. Requests under way are finished.

    Args:
        target: the application's factory, as module:function.
        settings: where to listen.
        port: the port there.
        workers: how many processes.

    """
    wrapped = getattr(mp, _WRAPPER, None)
    if wrapped is not None:
        setattr(mp, _WRAPPER, partial(_bounded, wrapped))
    _host(target, settings, port, workers).serve()


def host_promptly(target: str, settings: Settings, *, port: int, workers: int) -> None:
    """The same with a `replies.Prompt` in place of a WSGI application: workers run our own event loop."""
    _host(target, settings, port, workers).serve(spawn_target=_run_event_loop)


def _host(target: str, settings: Settings, port: int, workers: int) -> Host:
    # Workers read the environment: they must see the settings given here.
    os.environ.update(settings.to_environment())
    # Imported before the workers are forked, everything is there when they begin.
    import_module(target.partition(":")[0])
    logging.getLogger("_granian").addFilter(_is_no_advice)
    return Host(
        target,
        address=settings.host,
        port=port,
        interface=Interfaces.WSGI,
        factory=True,
        workers=workers,
        blocking_threads=THREADS,
        backlog=_BACKLOG,
        http=HTTPModes.http1,
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=_KILL_SECONDS,
    )


def _run_event_loop(
    _number: int,
    _name: str | None,
    load: Callable[[], Prompt],
    sockets: tuple[tuple[Any, Any], object],
    *_granians: object,
) -> None:
    """What a worker of the endpoint does: Granian has started it, and will stop it."""
    application = load()
    # Where the kernel shares connections out among the sockets of one port, each worker has its own; else all have one.
    own, shared = sockets[0]
    holder = shared if own is None else own.build()
    with socket.socket(fileno=os.dup(holder.get_fd())) as listening:
        listening.listen(_BACKLOG)
        EventLoop(application, listening, _GRACE_SECONDS).run_forever()


def _bounded(wrapped: Callable[..., _Take], *given: Any) -> _Take:
    """The server's own way of running an application, with so many bodies at a time."""
    take, places = wrapped(*given), Semaphore(_MOST_BODIES)

    def bounded(exchange: Any, scope: dict[str, Any]) -> object:
        if not has_body(scope):
            return take(exchange, scope)
        if not places.acquire(blocking=False):
            exchange.response_bytes(*_BUSY)
            return None
        try:
            return take(exchange, scope)
        finally:
            places.release()

    return bounded


def _is_no_advice(record: logging.LogRecord) -> bool:
    """Granian advises against more threads than twice the processors: ours wait for the database, and few work."""
    return "Python threads" not in record.getMessage()
