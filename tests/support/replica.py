"""One replica of several: a home of its own, a line to the database that may be cut, and a client that counts."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import psutil

from support.cut_line import CutLine
from support.endpoint import Endpoint, running_endpoint
from support.ledger import Ledger
from support.promise import let_the_promised_second_pass
from support.tiny_shop import OWNED, TinyShop

_PAUSE_SECONDS = 0.02
_A_PAGE_EVERY = 4


@dataclass(eq=False)
class Replica:
    """A replica under watch. While it is not `trusted` its answers must be whole, but need not be new."""

    tiny: TinyShop
    folder: Path
    line: CutLine
    ledger: Ledger = field(init=False)
    trusted: bool = True
    answers: int = 0
    _running: AbstractContextManager[Endpoint] | None = None
    _endpoint: Endpoint | None = None
    _free: threading.Lock = field(default_factory=threading.Lock)
    _waiting: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    def __post_init__(self) -> None:
        """Its ledger measures seconds by its pace."""
        self.ledger = Ledger(self.second)

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers now."""
        assert self._endpoint is not None
        return self._endpoint

    def second(self) -> None:
        """Let a second pass by its pace."""
        let_the_promised_second_pass(self.endpoint)

    def second_from_now(self) -> Future[None]:
        """What is done once a second has passed by its pace, with an error where it did not answer all the while."""
        return self._waiting.submit(self.second)

    def start(self) -> None:
        """Start its processes, and wait until a release is live."""
        own = {"RECSYS_HOME": str(self.folder / "home"), "RECSYS_DATABASE_URL": self.line.url}
        environment = {**self.tiny.environment, "RECSYS_STORE_URL": self.tiny.settings.store_url or "", **own}
        self._running = running_endpoint(environment, self.folder, key=self.tiny.keys.read, workers=1)
        self._endpoint = self._running.__enter__()

    def kill(self) -> None:
        """End all its processes at once."""
        for process in self._processes():
            process.kill()
        assert self._running is not None
        self._running.__exit__(None, None, None)

    def stop(self, number: signal.Signals) -> None:
        """Send a signal to all its processes."""
        for process in self._processes():
            process.send_signal(number)

    def _processes(self) -> list[psutil.Process]:
        host = psutil.Process(self.endpoint.process.pid)
        return [host, *host.children(recursive=True)]

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Nobody asks it meanwhile, and no question is under way."""
        with self._free:
            yield

    def asks(self, over: threading.Event) -> None:
        """Ask until it is over, and hold every answer against the ledger."""
        for number in itertools.count():
            if over.wait(_PAUSE_SECONDS):
                return
            user = [*OWNED, "stranger"][number % (len(OWNED) + 1)]
            with self._free:
                self._ask(user, whole_page=number % _A_PAGE_EVERY == 0)

    def _ask(self, user: str, *, whole_page: bool) -> None:
        standing = self.ledger.standing() if self.trusted else (frozenset(), 0)
        try:
            if whole_page:
                reply = self.endpoint.ask("/v1/pages/home", query={"user_id": user, "limit": 40})
            else:
                reply = self.endpoint.recommend(user_id=user, limit=40)
        except (OSError, HTTPException) as fault:
            self.ledger.fault(f"{self.folder.name}: no answer ({fault!r})")
            return
        if reply.status != 200:
            self.ledger.fault(f"{self.folder.name}: {reply.status} {reply.body[:200]!r}")
            return
        self.answers += 1
        answer = reply.json
        if standing[0] and not self.trusted:
            return  # it was cut off while it answered
        rows = [row["items"] for row in answer["rows"]] if whole_page else [answer["items"]]
        self.ledger.judge(standing, user, answer, rows, pins=True)
