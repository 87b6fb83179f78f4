"""Turning requests away before all of them wait too long.

A request waits where Python does not see it: in the kernel's queue, and in the server's for a free thread.
So each worker asks its own server for `/healthz` over a new connection, ten times a second, as a client
would, and sees how long that takes. While it takes longer than the budget, more and more requests are
turned away, which costs a fraction of an answer; when it is quick again, fewer and fewer.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from recsys.settings import Settings

CANARY: Final = "recsys-canary"
"""How these questions call themselves, so that the log can leave them out."""

_EVERY_SECONDS = 0.1
_PATIENCE: Final = 2
"""So many slow answers in a row: a single one may be the machine's."""

_MOST = 0.95
_UP = 0.5
_DOWN = 0.02
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - an address to translate, not to listen on


@dataclass(slots=True)
class Shedder:
    """Which requests of one worker are turned away; `budget` is in seconds, `share` between 0 and 0.95."""

    budget: float
    share: float = 0.0
    _slow: int = 0
    _owed: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def waited(self, seconds: float) -> None:
        """A canary had its answer after so long, or gave up.

        From the second slow one on, half of those still let in are turned away as well; each quick one lets in a
        fiftieth of all again. In between things stay as they are.
        """
        with self._lock:
            self._slow = self._slow + 1 if seconds >= self.budget else 0
            if self._slow >= _PATIENCE:
                self.share = min(_MOST, self.share + _UP * (1.0 - self.share))
            elif seconds < self.budget / 2:
                self.share = max(0.0, self.share - _DOWN)

    def turns_away(self) -> bool:
        """Whether this request is one of those, evenly spread."""
        if self.share == 0.0:
            return False
        with self._lock:
            self._owed += self.share
            if self._owed < 1.0:
                return False
            self._owed -= 1.0
            return True


class Canary:
    """Asks this server, from a thread of its own, until it is stopped."""

    def __init__(self, settings: Settings, shedder: Shedder, monotonic: Callable[[], float]) -> None:
        self._address = (_ANYWHERE.get(settings.host, settings.host), settings.api_port)
        self._shedder = shedder
        self._monotonic = monotonic
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recsys-canary", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            self._ask()

    def _ask(self) -> None:
        began = self._monotonic()
        try:
            self._question()
        except TimeoutError:
            pass
        except OSError:
            return  # the server begins or ends, or has no connection left: that says nothing of waiting
        self._shedder.waited(self._monotonic() - began)

    def _question(self) -> None:
        """Wait for the first bytes of an answer, as long as the budget is; raises TimeoutError after that."""
        host, port = self._address
        with socket.create_connection(self._address, timeout=self._shedder.budget) as connection:
            head = f"GET /healthz HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {CANARY}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode("ascii"))
            connection.recv(64)
