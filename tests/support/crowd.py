"""Shoppers who ask without pause, so that the workers are busy."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException

import pytest

from support.endpoint import PATIENCE_SECONDS, Endpoint, Reply
from support.promise import let_the_promised_second_pass

_ENOUGH = 20
_PAUSE_SECONDS = 0.02


@dataclass(slots=True)
class Crowd:
    """What the shoppers were answered, each reply with the moment at which it was asked for."""

    endpoint: Endpoint
    replies: list[tuple[float, Reply]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)

    def asked_since(self, moment: float) -> list[Reply]:
        """The replies to what was asked for from a moment on."""
        return [reply for asked, reply in list(self.replies) if asked >= moment]

    def watch(self) -> list[Reply]:
        """Wait until enough has been answered that is asked for from now on."""
        return self.until(lambda replies: len(replies) >= _ENOUGH, f"{_ENOUGH} answers")

    def until(self, enough: Callable[[list[Reply]], bool], what: str) -> list[Reply]:
        """Wait until what is asked for from now on is enough, or give up and tell `what` did not come."""
        began = time.monotonic()
        while not enough(replies := self.asked_since(began)):
            assert not self.faults, self.faults
            assert time.monotonic() < began + PATIENCE_SECONDS, f"{what} did not come: {len(replies)} answers"
            time.sleep(_PAUSE_SECONDS)
        return replies

    def a_second_after(self, act: Callable[[], object], shows: Callable[[Reply], bool]) -> None:
        """Act, let the promised second pass, and check that every answer to what is asked from then on shows it."""
        act()
        began = time.monotonic()
        let_the_promised_second_pass(self.endpoint)
        second = time.monotonic() - began
        if not all(map(shows, self.watch())):
            last = max(asked for asked, reply in list(self.replies) if not shows(reply)) - began
            told = [line for line in self.endpoint.log_lines() if line["event"] != "request"]
            pytest.fail(
                f"asked {last:.2f} s later, still the old answer; the second took {second:.2f} s; {told}"
            )


@contextmanager
def crowd(endpoint: Endpoint, *, shoppers: int = 4, **query: object) -> Iterator[Crowd]:
    """Several shoppers who ask the same again and again, each time over a new connection."""
    made, over = Crowd(endpoint), threading.Event()

    def ask() -> None:
        while not over.is_set():
            moment = time.monotonic()
            try:
                made.replies.append((moment, endpoint.recommend(**{"limit": 100, **query})))
            except (OSError, HTTPException) as fault:
                made.faults.append(fault)

    threads = [threading.Thread(target=ask) for _ in range(shoppers)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert made.faults == []
