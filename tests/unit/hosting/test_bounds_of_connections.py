"""What a client may not do over a connection, with rubbish too; and how a worker ends."""

from __future__ import annotations

import resource
import socket
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest
from structlog.testing import capture_logs
from support.connections import BOUGHT, GET, PATIENCE_SECONDS, Client, Echo, answer, ask, ended, running

from recsys.hosting import bodies, connection, event_loop
from recsys.hosting.event_loop import EventLoop


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"hello\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: -1\r\n\r\n",
        b"GET /a HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET /a HTTP/1.1\r\nX-One: 1\r\n X-Folded: 2\r\n\r\n",
        b"POST /slow HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /a HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400_and_the_end(client, port, rubbish):
    client.sendall(rubbish)
    status, headers, body = answer(client)
    assert (status, headers["Content-Type"]) == (400, "application/problem+json") or status == 408
    assert body or status == 408
    assert ended(client)
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as other:
        other.request("GET", "/a")
        assert other.getresponse().status == 200


def test_rubbish_after_a_request_leaves_its_answer_alone(client):
    client.sendall(GET % b"slow" + b"\x00\x01\x02\r\n\r\n")
    assert answer(client)[0] == 200
    assert ended(client)


def test_who_asks_for_another_protocol_is_answered_in_this_one(client):
    request = (
        b"GET /a HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello"
    )
    assert ask(client, request)[0] == 200
    assert ended(client)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET /a HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n", 431),
        (b"GET /a HTTP/1.1\r\nX-Long: " + b"a" * 600_000 + b"\r\n\r\n", 431),
    ],
)
def test_a_head_has_bounds(client, head, status, at_once):
    pieces = [head] if at_once else [head[n : n + 9_000] for n in range(0, len(head), 9_000)]
    for each in pieces:
        client.sendall(each)
    assert answer(client)[0] == status
    assert ended(client)


def test_a_head_that_does_not_come_is_408(client, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    assert ask(client, GET % b"a")[0] == 200
    assert ask(client, b"GET /a HTT")[0] == 408
    assert ended(client)


def test_a_connection_that_says_nothing_is_closed(client, monkeypatch):
    monkeypatch.setattr(connection, "IDLE_SECONDS", 0.1)
    assert ask(client, GET % b"a")[0] == 200
    assert ended(client)


def test_a_connection_that_never_said_anything_is_closed(port, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    with closing(Client(port)) as silent:
        assert ended(silent)


def test_a_body_that_does_not_come_in_time_is_not_waited_for(client, echo, monkeypatch):
    monkeypatch.setattr(bodies.Body.__init__, "__defaults__", (0.1,))
    status, headers, _ = ask(client, b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nabc")
    assert (status, headers["Connection"]) == (408, "close")
    assert str(echo.failures[0]) == "the body did not come in time"
    assert ended(client)


def test_a_client_that_goes_away_in_the_middle_of_a_body_is_not_waited_for(client, echo):
    client.sendall(b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: 9\r\n\r\nabc")
    client.close()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not echo.failures:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert str(echo.failures[0]) == "the connection ended before the body did"


def test_who_reads_no_answers_is_not_written_to_without_end(port, monkeypatch):
    monkeypatch.setattr(connection, "TAKING_SECONDS", 0.2)
    with closing(socket.socket()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.settimeout(PATIENCE_SECONDS)
        deaf.connect(("127.0.0.1", port))
        many = GET % (b"a" * 1_000) * 10_000
        with pytest.raises(OSError, match=r"reset|Broken"):
            deaf.sendall(many * 20)


@pytest.mark.parametrize("path", [b"fails", b"fails-slowly", b"split"])
def test_an_application_that_fails_is_500_and_the_log_names_nobody(client, path):
    with capture_logs() as logs:
        assert ask(client, GET % path)[0] == 500
    assert logs[0]["log_level"] == "error"
    assert BOUGHT not in str(logs)
    if path != b"split":
        assert logs[0]["error"] == "RuntimeError"
        assert ask(client, GET % b"a")[0] == 200


def test_who_asks_for_another_protocol_with_a_body_is_not_waited_for(client):
    head = b"POST /slow HTTP/1.1\r\nHost: shop\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 9\r\n\r\n"
    assert ask(client, head + b"abc")[0] in {200, 408}
    assert ended(client)


def test_a_connection_that_cannot_be_written_to_leaves_the_others_alone(client, port, monkeypatch):
    failing = connection.Connection.flush

    def flush(self):
        if any(b"/broken" in text for text in self._written):
            raise RuntimeError(BOUGHT)
        failing(self)

    monkeypatch.setattr(connection.Connection, "flush", flush)
    with closing(Client(port)) as other, capture_logs() as logs:
        other.sendall(GET % b"broken")
        assert ended(other)
        assert ask(client, GET % b"a")[0] == 200
    assert logs[0]["event"] == "a reply cannot be sent"


def test_what_is_under_way_is_finished_before_the_end():
    echo = Echo()
    with running(echo, grace=PATIENCE_SECONDS) as (port, loop):
        with (
            closing(Client(port)) as busy,
            closing(Client(port)) as idle,
        ):
            assert ask(idle, GET % b"a")[0] == 200
            busy.sendall(GET % b"wait")
            assert echo.begun.wait(PATIENCE_SECONDS)
            loop.stop()
            assert ended(idle)
            echo.go_on.set()
            status, headers, _ = answer(busy)
            assert (status, headers["Connection"]) == (200, "close")
            assert ended(busy)
        with pytest.raises(ConnectionRefusedError):
            Client(port)


def test_the_end_waits_for_nobody_longer_than_its_grace():
    echo = Echo()
    with running(echo, grace=0.1) as (port, loop):
        with closing(Client(port)) as busy:
            busy.sendall(GET % b"wait")
            assert echo.begun.wait(PATIENCE_SECONDS)
            loop.stop()
            assert ended(busy)
        echo.go_on.set()


@pytest.mark.parametrize(
    ("files", "most"),
    [(resource.RLIM_INFINITY, 8_000), (1_048_576, 8_000), (1_024, 768), (256, 128), (8_200, 7_944)],
)
def test_there_are_as_many_connections_as_the_process_may_have_files(monkeypatch, files, most):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        assert EventLoop(Echo(), listening, 0.1).most == most


def test_where_there_is_no_room_idle_connections_make_it_and_busy_ones_do_not(monkeypatch):
    monkeypatch.setattr(event_loop, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(event_loop, "_SETTLED_SECONDS", 0.1)
    monkeypatch.setattr(event_loop, "_TICK_SECONDS", 0.02)
    echo = Echo()
    with running(echo, grace=PATIENCE_SECONDS) as (port, _), closing(Client(port)) as busy:
        busy.sendall(GET % b"wait")
        assert echo.begun.wait(PATIENCE_SECONDS)
        with closing(Client(port)) as idle:
            assert ask(idle, GET % b"a")[0] == 200
            with closing(Client(port)) as third:
                assert ask(third, GET % b"a")[0] == 200
            assert ended(idle)
        echo.go_on.set()
        assert answer(busy)[0] == 200
