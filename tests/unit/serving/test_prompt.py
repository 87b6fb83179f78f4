"""One thread works, others rest or take their time; whatever becomes of them, requests are answered."""

from __future__ import annotations

import queue
import threading
import time

import pytest
from granian.server import mp

from recsys.services import hosting, prompt
from recsys.services.prompt import promptly

PATIENCE_SECONDS = 10


class Answering:
    """Answers at once, but for /slow, which waits until it may go on, and /broken, which fails."""

    def __init__(self):
        self.go_on = threading.Event()

    def begin(self, environ):
        path = environ["PATH_INFO"]
        if path == "/quick":
            return 200, [], b"quick"
        return self._slowly if path == "/slow" else self._badly

    def _slowly(self):
        assert self.go_on.wait(PATIENCE_SECONDS)
        return 200, [], b"slow"

    def _badly(self):
        raise RuntimeError("broken")


class Server:
    """A pool of threads before `take`, as Granian's: each takes the next request once its call is over."""

    def __init__(self, application, threads):
        self._take = promptly(application)
        self._requests = queue.Queue()
        self.failures = []
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for each in self.threads:
            each.start()

    def ask(self, path):
        exchange = Exchange()
        self._requests.put((exchange, path))
        return exchange

    def end_one(self):
        """Let one thread that waits for a request end."""
        self._requests.put(None)

    def close(self):
        for _ in self.threads:
            self._requests.put(None)

    def _work(self):
        while (found := self._requests.get()) is not None:
            exchange, path = found
            try:
                self._take(exchange, {"PATH_INFO": path})
            except RuntimeError as error:
                self.failures.append(error)
                exchange.replied.set()


class Exchange:
    def __init__(self):
        self.replied = threading.Event()
        self.body = None
        self.thread = None

    def response_bytes(self, _status, _headers, body):
        self.body, self.thread = body, threading.get_ident()
        self.replied.set()

    def wait(self):
        assert self.replied.wait(PATIENCE_SECONDS)
        return self


@pytest.fixture
def application():
    made = Answering()
    yield made
    made.go_on.set()


@pytest.fixture
def serving(application):
    servers = []

    def serve(threads):
        servers.append(Server(application, threads))
        return servers[-1]

    yield serve
    application.go_on.set()
    for each in servers:
        each.close()


def settled(server):
    """The thread that answers, once each of the others has answered and rests; fails where that never comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        threads = {server.ask("/quick").wait().thread for _ in range(40)}
        if len(threads) == 1:
            return threads.pop()
    raise AssertionError("no thread is left alone with the work")


def test_what_is_quick_is_answered_by_one_thread(serving):
    server = serving(8)
    assert settled(server) == settled(server)


def test_what_takes_its_time_holds_nothing_up(serving, application, monkeypatch):
    monkeypatch.setattr(prompt, "_REST_SECONDS", 10 * PATIENCE_SECONDS)
    server = serving(4)
    settled(server)
    slow = [server.ask("/slow") for _ in range(3)]
    assert server.ask("/quick").wait().body == b"quick"
    assert not any(each.replied.is_set() for each in slow)
    application.go_on.set()
    assert [each.wait().body for each in slow] == [b"slow"] * 3
    settled(server)


def test_when_all_take_their_time_the_next_waits_and_is_answered(serving, application):
    server = serving(2)
    slow = [server.ask("/slow") for _ in range(2)]
    quick = server.ask("/quick")
    assert not quick.replied.wait(0.1)
    application.go_on.set()
    assert quick.wait().body == b"quick"
    assert all(each.wait().body == b"slow" for each in slow)


def test_who_fails_works_on(serving):
    server = serving(1)
    server.ask("/broken").wait()
    assert [str(each) for each in server.failures] == ["broken"]
    assert server.ask("/quick").wait().body == b"quick"


def test_when_the_one_that_works_is_gone_another_takes_its_place(serving, monkeypatch):
    monkeypatch.setattr(prompt, "_REST_SECONDS", 0.2)
    server = serving(4)
    before = settled(server)
    server.end_one()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while sum(each.is_alive() for each in server.threads) == 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert settled(server) != before


def test_who_was_not_counted_anew_does_not_count_others_out(monkeypatch):
    """One thread works for longer than others rest, so that these count anew; then it makes way."""
    monkeypatch.setattr(prompt, "_REST_SECONDS", 0.01)
    floor, rested, over = prompt.Floor(), threading.Event(), threading.Event()

    def rest():
        floor.come()
        floor.rest()
        rested.set()
        over.wait(PATIENCE_SECONDS)

    floor.come()
    other = threading.Thread(target=rest)
    other.start()
    assert rested.wait(PATIENCE_SECONDS)
    floor.leave()
    assert floor._working == 1
    floor.come_back()
    assert floor._working == 2
    over.set()
    other.join()


def test_what_is_replaced_in_the_server_is_there():
    """A new version of Granian may call it otherwise; then the endpoint goes the usual way, and more slowly."""
    assert callable(getattr(mp, hosting._WRAPPER))


class TestBodies:
    """Without a prompt application: so many bodies at a time."""

    def test_so_many_requests_with_bodies_leave_threads_to_those_without(self):
        inside, go_on, taken = threading.Semaphore(0), threading.Event(), []

        def wrapped(_application):
            def take(exchange, scope):
                if "CONTENT_LENGTH" in scope:
                    inside.release()
                    assert go_on.wait(PATIENCE_SECONDS)
                exchange.response_bytes(200, [], b"done")

            return take

        take = hosting._bounded(wrapped, object())
        threads = []
        for _ in range(hosting._MOST_BODIES):
            taken.append(Exchange())
            threads.append(threading.Thread(target=take, args=(taken[-1], {"CONTENT_LENGTH": "9"})))
            threads[-1].start()
            assert inside.acquire(timeout=PATIENCE_SECONDS)
        refused, read = Exchange(), Exchange()
        take(refused, {"HTTP_TRANSFER_ENCODING": "chunked"})
        take(read, {})
        assert (refused.body[:8], read.body) == (b"Too many", b"done")
        go_on.set()
        for each in threads:
            each.join()
        again = Exchange()
        take(again, {"CONTENT_LENGTH": "9"})
        assert [each.body for each in (*taken, again)] == [b"done"] * (hosting._MOST_BODIES + 1)
        assert hosting._MOST_BODIES < hosting.THREADS
