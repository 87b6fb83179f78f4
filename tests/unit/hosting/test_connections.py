"""What a client may do over a connection: over real sockets."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import unquote_to_bytes

import pytest
from support.connections import GET, PATIENCE_SECONDS, answer, ask, ended


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
