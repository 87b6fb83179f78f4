"""The process of one worker: an event loop that takes connections, answers at once what can be, and writes in lots.

What takes its time runs in threads. See docs/decisions/event-loop.md.
"""

from __future__ import annotations

import resource
import signal
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from time import monotonic, sleep
from typing import Final

import structlog
import uvloop

from recsys.hosting.connection import Connection
from recsys.hosting.faults import log_fault
from recsys.hosting.replies import Prompt, Reply

_log = structlog.get_logger(__name__)

THREADS: Final = 32
"""For what takes its time, started as they are needed."""
MOST_CONNECTIONS: Final = 8_000
"""Fewer where the process may not have so many files open."""
_FILES_OF_OUR_OWN = 256
_MOST_ACCEPTED = 16
"""Connections taken at a time, before it is the turn of those that are there."""
_MOST_TOGETHER = 16
"""Replies that are sent together, at most. Waking a client costs about as much as a tenth of an answer."""
_TICK_SECONDS = 1.0
_AGAIN_SECONDS = 0.1
_SETTLED_SECONDS = 1.0
"""Who has been silent for so long may be closed to make room."""
_LAST_SECONDS = 0.1
_YIELD_EVERY_SECONDS = 0.005
_YIELD_SECONDS = 0.00001
"""How often the event loop lets other threads run, and for how long at least.

It lets go of Python's lock whenever it waits, but takes it again before a waiting thread has woken up, which then waits
on; without these pauses the others, who follow the releases and write events, stand still while requests come.
"""


class EventLoop:
    """Answers what comes to a socket until it is told to stop.

    Attributes:
        application: who answers.
        now: the time of the last tick, in seconds of the monotonic clock: what is late may be so by a second more.
        passing: the headers that every reply has at this moment.
        stops: whether no more requests are taken.
        most: how many connections there may be.

    """

    def __init__(self, application: Prompt, listening: socket.socket, grace: float) -> None:
        self.application = application
        self.now = monotonic()
        self.passing = b""
        self.stops = False
        self._listening = listening
        self._grace = grace
        self.most = _most_connections()
        self._loop = uvloop.new_event_loop()
        self._connections: set[Connection] = set()
        self._written: list[Connection] = []
        self._threads = ThreadPoolExecutor(THREADS, "recsys-request")
        self._yielded = self.now

    def run_forever(self, signals: Iterable[int] = (signal.SIGTERM, signal.SIGINT)) -> None:
        """Until one of the signals or `stop`; requests under way are finished, for as long as `grace` seconds."""
        self._listening.setblocking(False)
        for number in signals:
            self._loop.add_signal_handler(number, self._stop)
        self._tick()
        self._listen()
        try:
            self._loop.run_forever()
        finally:
            for each in self._connections.copy():
                each.abort()
            # Once more, so that those who wait for bodies of the connections just ended are told.
            self._loop.call_soon(self._loop.stop)
            self._loop.run_forever()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def stop(self) -> None:
        """The same from another thread."""
        self.soon_threadsafe(self._stop)

    # For connections.

    def went(self, connection: Connection) -> None:
        """It is over."""
        self._connections.discard(connection)
        if self.stops and not self._connections:
            self._loop.stop()

    def post(self, connection: Connection) -> None:
        """It has something to send."""
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(connection)
        if len(self._written) >= _MOST_TOGETHER:
            self._flush()

    def run(self, begun: Callable[[], Reply], done: Callable[[Reply | None], None]) -> None:
        """Run what takes its time in a thread; `done` is told of its end here."""
        self._threads.submit(self._finish, begun, done)

    def soon(self, call: Callable[[], None]) -> None:
        """Call it when all that came together was heard."""
        self._loop.call_soon(call)

    def soon_threadsafe(self, call: Callable[[], None]) -> None:
        """The same, from another thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def _finish(self, begun: Callable[[], Reply], done: Callable[[Reply | None], None]) -> None:
        reply: Reply | None = None
        try:
            reply = begun()
        except Exception as fault:  # noqa: BLE001 - the last resort: the connection is told
            log_fault("the application failed", fault)
        self.soon_threadsafe(partial(done, reply))

    def _flush(self) -> None:
        waiting, self._written = self._written, []
        for each in waiting:
            try:
                each.flush()
            except Exception as fault:  # noqa: BLE001 - the replies of others must go out
                log_fault("a reply cannot be sent", fault)
                each.abort()
        now = monotonic()
        if now - self._yielded > _YIELD_EVERY_SECONDS:
            sleep(_YIELD_SECONDS)
            self._yielded = now

    # Connections that come.

    def _listen(self) -> None:
        if not self.stops:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self, most: int = _MOST_ACCEPTED) -> None:
        for _ in range(most):
            if len(self._connections) >= self.most:
                self._wait_for_room("so many connections are open already")
                self._make_room()
                return
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait_for_room(str(error))
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self)
            self._connections.add(connection)
            self._loop.create_task(self._connect(connection, accepted))

    async def _connect(self, connection: Connection, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: connection, sock=accepted)
        except OSError:  # the client has gone already
            accepted.close()
            self.went(connection)

    def _wait_for_room(self, why: str) -> None:
        """Those who call now wait in the kernel's queue."""
        _log.warning("no connection can be taken", error=why)
        self._loop.remove_reader(self._listening)
        self._loop.call_later(_AGAIN_SECONDS, self._listen)

    def _make_room(self) -> None:
        """Close those that have been idle the longest: they can call again, and others wait."""
        settled = self.now - _SETTLED_SECONDS
        idle = [each for each in self._connections if each.idle and each.since <= settled]
        for each in sorted(idle, key=lambda each: each.since)[:_MOST_ACCEPTED]:
            each.stop()

    # Time.

    def _tick(self) -> None:
        self.now = monotonic()
        self.passing = f"Date: {formatdate(usegmt=True)}\r\nServer: recsys\r\n".encode("ascii")
        for each in [each for each in self._connections if each.deadline and each.deadline < self.now]:
            each.expire()
        self._loop.call_later(_TICK_SECONDS, self._tick)

    def _stop(self) -> None:
        if self.stops:
            return
        # Those who wait to be let in have called before the end.
        self._accept(MOST_CONNECTIONS)
        self.stops = True
        self._loop.remove_reader(self._listening)
        self._listening.close()
        # Who has just sent a request over a connection that it kept open still has its reply.
        self._loop.call_later(_LAST_SECONDS, self._close_idle)
        self._loop.call_later(self._grace, self._loop.stop)

    def _close_idle(self) -> None:
        if not self._connections:
            self._loop.stop()
        for each in self._connections.copy():
            each.stop()


def _most_connections() -> int:
    """As many as this process may have files open, beside its own, once it has asked for as many as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(files // 2, files - _FILES_OF_OUR_OWN))
