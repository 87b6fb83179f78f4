"""Clients that send a head and never the body hold up neither reads nor other keys."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing

import pytest
from support.endpoint import running_endpoint
from support.running_desk import running_desk
from support.tiny_shop import make_tiny_shop

from recsys.hosting.event_loop import THREADS as PROMPT_THREADS
from recsys.hosting.supervisor import THREADS

PATIENCE_SECONDS = 20


def half_open(port, path, key=None):
    """A connection that has sent the head of a POST."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS)
    head = f"POST {path} HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"
    connection.sendall((head + (f"X-API-Key: {key}\r\n" if key else "") + "\r\n").encode())
    return connection


def status_of(connection):
    return int(connection.recv(64).split()[1])


@pytest.fixture
def tiny(tmp_path, sqlite_url):
    made = make_tiny_shop(tmp_path, sqlite_url)
    yield made
    made.shop.database.close()


@pytest.fixture
def endpoint(tmp_path, tiny):
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=1) as running:
        yield running


def test_who_has_no_key_is_refused_before_the_body(endpoint):
    with ExitStack() as ends:
        waiting = [
            ends.enter_context(closing(half_open(endpoint.port, "/v1/events")))
            for _ in range(2 * PROMPT_THREADS)
        ]
        assert {status_of(each) for each in waiting} == {401}
        assert endpoint.recommend(user_id="ann").status == 200


@pytest.mark.parametrize("path", ["/v1/events", "/v1/recommendations"])
def test_a_key_whose_bodies_never_come_stops_no_reads_and_no_other_key(endpoint, tiny, path):
    key = tiny.keys.events if path == "/v1/events" else tiny.keys.read
    event = {"event_id": "e1", "type": "click", "item_id": "i01", "user_id": "ann"}
    with ExitStack() as ends:
        for _ in range(2 * PROMPT_THREADS):
            ends.enter_context(closing(half_open(endpoint.port, path, key)))
        for _ in range(20):
            assert endpoint.recommend(user_id="ann").status == 200
        assert endpoint.ask("/healthz", key=None).status == 200
        told = endpoint.ask("/v1/events", method="POST", body={"events": [event]}, key=tiny.keys.admin)
        assert told.status == 202
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (
        endpoint.ask("/v1/events", method="POST", body={"events": [event]}, key=tiny.keys.events).status
        == 503
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_desk_goes_on_showing_pages(tmp_path, tiny):
    with running_desk(tiny.environment, tmp_path) as desk, ExitStack() as ends:
        for _ in range(2 * THREADS):
            ends.enter_context(closing(half_open(desk.port, "/login")))
        with closing(socket.create_connection(("127.0.0.1", desk.port), timeout=PATIENCE_SECONDS)) as one:
            one.sendall(b"GET /login HTTP/1.1\r\nHost: desk\r\nConnection: close\r\n\r\n")
            assert status_of(one) == 200
