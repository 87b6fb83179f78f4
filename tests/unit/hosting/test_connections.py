"""What a client may do over a connection, and what it may not: over real sockets, with rubbish too."""

from __future__ import annotations

import resource
import socket
import threading
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import unquote_to_bytes

import pytest
from structlog.testing import capture_logs

from recsys.hosting import bodies, connection, event_loop
from recsys.hosting.event_loop import EventLoop

PATIENCE_SECONDS = 10
BOUGHT = "anna bought a lamp"
GET = b"GET /%s HTTP/1.1\r\nHost: shop\r\n\r\n"


class Echo:
    """Tells what it was asked: at once, or slowly where the path begins with /slow; /wait waits until it may go on."""

    def __init__(self):
        self.go_on = threading.Event()
        self.begun = threading.Event()
        self.failures = []

    def begin(self, environ):
        path = environ["PATH_INFO"]
        if path == "/fails":
            raise RuntimeError(BOUGHT)
        if path == "/split":
            return 200, [("X-Two", "one\r\nSet-Cookie: two")], b""
        if path.startswith(("/slow", "/wait", "/fails-slowly")):
            return lambda: self._slowly(environ, path)
        return told(environ, b"")

    def _slowly(self, environ, path):
        if path == "/fails-slowly":
            raise RuntimeError(BOUGHT)
        if path == "/wait":
            self.begun.set()
            assert self.go_on.wait(PATIENCE_SECONDS)
        if path == "/slow-unread" or "wsgi.input" not in environ:
            return told(environ, b"")
        try:
            return told(environ, environ["wsgi.input"].read(10_000_000))
        except bodies.BodyStopped as stopped:
            self.failures.append(stopped)
            return 408, [("Content-Length", "0")], b""


def told(environ, body):
    names = sorted(name for name in environ if name.startswith("HTTP_X_") or name == "QUERY_STRING")
    said = [environ["REQUEST_METHOD"], environ["PATH_INFO"], *(f"{name}={environ[name]}" for name in names)]
    text = " ".join(said).encode("latin-1") + b" " + body
    return 200, [("Content-Length", str(len(text)))], text


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def port(echo, monkeypatch):
    monkeypatch.setattr(event_loop, "_TICK_SECONDS", 0.02)
    with running(echo) as (port, _):
        yield port
    echo.go_on.set()


@contextmanager
def running(application, grace=0.5):
    listening = socket.create_server(("127.0.0.1", 0))
    loop = EventLoop(application, listening, grace)
    thread = threading.Thread(target=loop.run_forever, args=((),), daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], loop
    finally:
        loop.stop()
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


@pytest.fixture
def client(port):
    with closing(Client(port)) as made:
        yield made


class Client:
    """A connection whose answers are read one after another."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
        self._reader = self._socket.makefile("rb")
        self.sendall, self.shutdown = self._socket.sendall, self._socket.shutdown

    def makefile(self, _mode):
        return Kept(self._reader)

    def recv(self, size):
        return self._reader.read(size)

    def close(self):
        self._reader.close()
        self._socket.close()


class Kept:
    """What a response reads from and closes, when the next one is still to come."""

    def __init__(self, reader):
        self.read, self.readline, self.readinto = reader.read, reader.readline, reader.readinto

    def close(self):
        pass

    def flush(self):
        pass


def answer(client):
    """The next response on a connection: status, headers and body."""
    response = HTTPResponse(client)
    response.begin()
    return response.status, response.headers, response.read()


def ask(client, request):
    client.sendall(request)
    return answer(client)


def ended(client):
    """Whether the server closed the connection."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def test_requests_follow_one_another_over_one_connection(client):
    for path in (b"a", b"slow", b"b"):
        status, headers, body = ask(client, GET % path)
        assert (status, body) == (200, b"GET /%s QUERY_STRING= " % path)
        assert headers["Date"]
        assert headers["Connection"] is None


def test_a_request_may_come_byte_by_byte(client):
    for byte in GET % b"a?b=c":
        client.sendall(bytes([byte]))
    assert answer(client)[2] == b"GET /a QUERY_STRING=b=c "


@pytest.mark.parametrize("path", [b"a", b"slow"])
def test_requests_that_come_together_are_answered_in_their_order(client, path):
    client.sendall(b"".join(GET % (b"%s?%d" % (path, n)) for n in range(100)))
    assert [answer(client)[2] for _ in range(100)] == [
        b"GET /%s QUERY_STRING=%d " % (path, n) for n in range(100)
    ]


def test_quick_and_slow_requests_that_come_together_keep_their_order(client):
    paths = [b"a", b"slow1", b"b", b"slow2", b"c"]
    client.sendall(b"".join(GET % path for path in paths))
    assert [answer(client)[2].split()[1] for _ in paths] == [b"/" + path for path in paths]


def test_a_slow_request_holds_up_nobody_else(client, port, echo):
    client.sendall(GET % b"wait")
    assert echo.begun.wait(PATIENCE_SECONDS)
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as other:
        for _ in range(3):
            other.request("GET", "/a")
            assert other.getresponse().read()
    echo.go_on.set()
    assert answer(client)[0] == 200


def test_requests_that_say_the_same_but_for_their_target_are_each_read(client):
    """From the second on they are told apart without the parser."""
    head = b" HTTP/1.1\r\nHost: shop\r\nX-Key: one\r\n\r\n"
    for target in (b"/a", b"/b%20c?d=%20", b"/slow", b"/e?f#g", b"/a" * 1_000, b"/"):
        status, _, body = ask(client, b"GET " + target + head)
        path, _, query = target.partition(b"#")[0].partition(b"?")
        assert (status, body) == (
            200,
            b"GET %s HTTP_X_KEY=one QUERY_STRING=%s " % (unquote_to_bytes(path), query),
        )
    assert (
        ask(client, b"GET /a HTTP/1.1\r\nHost: shop\r\nX-Key: two\r\n\r\n")[2].split()[2] == b"HTTP_X_KEY=two"
    )
    client.sendall(b"GET /1" + head + b"GET /2" + head)
    assert [answer(client)[2].split()[1] for _ in range(2)] == [b"/1", b"/2"]
    assert ask(client, b"GET /3" + head)[2].split()[1] == b"/3"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /a b HTTP/1.1", 400),
        (b"GET /a\x01 HTTP/1.1", 400),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1", 414),
    ],
)
def test_what_is_wrong_with_a_request_is_seen_after_many_right_ones(client, line, status):
    rest = b"\r\nHost: shop\r\n\r\n"
    for _ in range(3):
        assert ask(client, b"GET /a HTTP/1.1" + rest)[0] == 200
    assert ask(client, line + rest)[0] == status
    assert ended(client)


def test_a_body_that_reads_like_a_request_is_a_body(client):
    request = GET % b"b"
    for _ in range(2):
        assert ask(client, GET % b"a")[0] == 200
        client.sendall(
            b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n" % (2 * len(request))
        )
        client.sendall(request)
        time.sleep(0.05)
        client.sendall(request + GET % b"c")
        assert answer(client)[2] == b"POST /slow QUERY_STRING= " + 2 * request
        assert answer(client)[2].split()[1] == b"/c"


def test_the_path_is_decoded_and_the_query_is_not(client):
    assert ask(client, GET % b"a%20b%C3%A9?c=%20d")[2] == "GET /a bé QUERY_STRING=c=%20d ".encode()


def test_a_target_that_names_the_origin_is_that_path(client):
    request = b"GET http://shop/a?b=c HTTP/1.1\r\nHost: shop\r\n\r\n"
    assert ask(client, request)[2] == b"GET /a QUERY_STRING=b=c "


def test_headers_that_come_twice_are_joined_and_those_with_underscores_pass_for_no_others(client):
    request = b"GET /a HTTP/1.1\r\nHost: shop\r\nX-Key: one\r\nx-key:  two \r\nX_Other: three\r\n\r\n"
    assert ask(client, request)[2] == b"GET /a HTTP_X_KEY=one, two QUERY_STRING= "


def test_trailers_are_no_headers(client):
    request = (
        b"POST /slow HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nX-Key: late\r\n\r\n"
    )
    assert ask(client, request)[2] == b"POST /slow QUERY_STRING= abcde"
    assert ask(client, GET % b"a")[2] == b"GET /a QUERY_STRING= "


def test_a_body_of_megabytes_comes_whole(client):
    body = bytes(range(256)) * 20_000
    head = b"POST /slow HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n" % len(body)
    assert ask(client, head + body)[2] == b"POST /slow QUERY_STRING= " + body
    assert ask(client, GET % b"a")[0] == 200


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(client):
    head = b"POST /slow HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    client.sendall(head)
    assert client.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert ask(client, b"abc")[2] == b"POST /slow QUERY_STRING= abc"


def test_a_client_whose_body_nobody_wants_is_not_asked_for_it(client):
    head = b"POST /a HTTP/1.1\r\nHost: shop\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    status, headers, _ = ask(client, head)
    assert (status, headers["Connection"]) == (200, "close")
    assert ended(client)


def test_who_is_answered_before_the_body_was_sent_may_send_it_and_sees_the_answer(client):
    client.sendall(b"POST /a HTTP/1.1\r\nHost: shop\r\nContent-Length: 5000000\r\n\r\n")
    for _ in range(50):
        client.sendall(bytes(100_000))
    assert answer(client)[0] == 200
    assert ended(client)


@pytest.mark.parametrize(
    ("version", "header", "kept"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_a_connection_is_kept_as_its_client_wants(client, version, header, kept):
    request = b"GET /a HTTP/%s\r\nHost: shop\r\n%s\r\n" % (version, header)
    _, headers, _ = ask(client, request)
    if kept:
        assert headers["Connection"] in {None, "keep-alive"}
        assert (headers["Connection"] == "keep-alive") is bool(header)
        assert ask(client, request)[0] == 200
    else:
        assert headers["Connection"] == "close"
        assert ended(client)


@pytest.mark.parametrize("path", [b"a", b"slow"])
def test_a_client_that_sends_nothing_more_has_its_answers(client, path):
    client.sendall(GET % path + GET % path)
    client.shutdown(socket.SHUT_WR)
    assert [answer(client)[0] for _ in range(2)] == [200, 200]
    assert ended(client)


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
