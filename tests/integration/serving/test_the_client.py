"""The client against a real endpoint, and against peers that break off, stall, and ask to wait."""

from __future__ import annotations

import inspect
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.endpoint import free_port
from support.tiny_shop import OWNED, PINNED, THEME_MEMBERS

import recsys.client
from recsys.client import Client, Event, Problem, Unreachable, shopper_token
from recsys.services.shopper_tokens import read_shopper_token

HEAVY = ("numpy", "sqlalchemy", "flask", "scipy", "pyarrow")


@pytest.fixture
def client(served) -> Iterator[Client]:
    made = Client(f"http://127.0.0.1:{served.endpoint.port}", served.tiny.keys.read)
    yield made
    made.close()


def test_the_client_loads_neither_numpy_nor_a_database():
    script = f"import sys, recsys.client; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == ""


def test_a_slate_has_typed_items_with_the_fields_that_were_asked_for(client):
    slate = client.recommendations("home", user_id="ann", limit=10, fields=["title", "price"])
    assert (slate.row, slate.personalised) == ("main", True)
    assert [item.position for item in slate.items] == list(range(1, 11))
    assert all(item.title and item.reason.text for item in slate.items)
    assert {item.url for item in slate.items} == {None}
    assert {item.item_id for item in slate.items}.isdisjoint(OWNED["ann"])


def test_the_items_that_a_stranger_has_speak_for_the_strangers_taste(client):
    slate = client.recommendations("home", items=["i01", "never-heard-of"], rules="off")
    assert "i01" not in {item.item_id for item in slate.items}
    assert [note.field for note in slate.notes] == ["items"]


def test_slates_go_on_to_the_end_and_nothing_comes_twice(client):
    slates = list(client.slates("home", user_id="ann", limit=7))
    shown = [item.item_id for slate in slates for item in slate.items]
    assert len(slates) > 2
    assert slates[-1].next_cursor is None
    assert len(set(shown)) == len(shown)
    assert set(shown) == {
        each.item_id for each in client.recommendations("home", user_id="ann", limit=100).items
    }


def test_pages_themes_and_what_goes_with_an_item_are_typed_too(client):
    page = client.page("home", user_id="ann", personalised=False)
    assert page.rows[0].kind == "main"
    assert page.rows[0].recommendation_id
    assert "tea-time" in {theme.slug for theme in client.themes()}
    theme = client.theme("tea-time", user_id="ann")
    assert {item.item_id for item in theme.items} >= set(THEME_MEMBERS)
    similar = client.similar("i05", limit=4)
    assert len(similar.items) == 4


def test_an_id_with_a_slash_stays_one_part_of_the_address(client):
    for ask in (client.theme, client.page):
        with pytest.raises(Problem, match="404"):
            ask("../recommendations?surface=home")
    with pytest.raises(Problem, match="404"):
        client.similar("no/such item")


def test_a_problem_names_the_field_and_the_mend(client, served):
    with pytest.raises(Problem) as caught:
        client.recommendations("home", limit=0, price_min=-1)
    assert {error.field for error in caught.value.errors} == {"limit", "price_min"}
    assert all(error.message for error in caught.value.errors)
    assert caught.value.status == 400
    with pytest.raises(Problem, match=r"404.*attic"):
        client.page("attic")
    stranger = Client(f"http://127.0.0.1:{served.endpoint.port}", "no-such-key")
    with pytest.raises(Problem) as refused:
        stranger.themes()
    assert refused.value.status == 401
    assert "no-such-key" not in str(refused.value)
    with pytest.raises(Problem) as forbidden:
        client.put_items([{"item_id": "i01", "stock": 3}])
    assert forbidden.value.status == 403
    stranger.close()


def test_a_dislike_is_felt_at_the_next_question_and_counts_once(own):
    teller = Client(f"http://127.0.0.1:{own.endpoint.port}", own.tiny.keys.events)
    event = Event(type="dislike", item_id=PINNED, session_id="s-1", position=1)
    assert [teller.tell([event])[0].fate for _ in range(2)] == ["accepted", "repeated"]
    refused = teller.tell([Event(type="view", item_id="i01")])[0]
    assert refused.fate == "refused"
    assert refused.errors[0].field
    teller.close()
    gone = own.endpoint.until_every_worker
    gone(lambda worker: PINNED not in worker.recommend(session_id="s-1").item_ids, "the dislike")


def test_catalog_rows_are_written_with_an_admin_key(own):
    admin = Client(f"http://127.0.0.1:{own.endpoint.port}", own.tiny.keys.admin)
    assert admin.ready()
    first = admin.put_items([{"item_id": "i90", "title": "Tea Cosy", "price": 4.5}])
    assert admin.put_items([{"item_id": "i90", "stock": 3}]) > first
    admin.close()


def test_a_key_over_its_limit_is_told_when_to_come_back(served):
    limited = Client(f"http://127.0.0.1:{served.endpoint.port}", served.tiny.keys.limited, wait=0)
    with pytest.raises(Problem) as caught:
        list(limited.slates("home", user_id="ann", limit=1))
    assert caught.value.status == 429
    assert caught.value.retry_after is not None
    limited.close()


def test_a_shopper_token_is_the_one_that_the_server_reads(served):
    clock = served.tiny.shop.clock
    shopper = read_shopper_token(shopper_token("s3cret", "zoë", segments=["loyal"]), "s3cret", clock())
    assert (shopper.user, shopper.segments) == ("zoë", {"loyal"})


@contextmanager
def peer(*deeds: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[tuple[str, list[str]]]:
    """A server that does one deed a request, the last one for ever; and the requests that it met."""
    met: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            met.append(f"{self.client_address[1]} {body.decode()}")
            deeds[min(len(met), len(deeds)) - 1](self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", met
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status: int, body: str, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def say(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body.encode())

    return say


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


TAKEN = says(
    200, '{"accepted": 1, "repeated": 0, "refused": 0, "events": [{"event_id": "e", "fate": "accepted"}]}'
)
BUSY = says(503, '{"title": "Service Unavailable", "status": 503, "detail": "Busy."}', Retry_After="0")
EVENT = Event(type="view", item_id="i01", session_id="s")


def test_a_broken_connection_is_tried_once_more_with_the_same_event_id():
    with peer(TAKEN, breaks_off, TAKEN) as (address, met), closing(Client(address, "k")) as client:
        client.tell([EVENT])
        assert client.tell([EVENT])[0].fate == "accepted"
    ports, bodies = zip(*(each.split(" ", 1) for each in met), strict=True)
    assert ports[0] == ports[1] != ports[2]
    assert len(set(bodies)) == 1


def test_a_connection_that_breaks_twice_is_said_to_be_unreachable():
    with peer(breaks_off) as (address, met), closing(Client(address, "k")) as client:
        with pytest.raises(Unreachable):
            client.tell([EVENT])
        assert len(met) == 2
    with closing(Client(f"http://127.0.0.1:{free_port()}", "k")) as nobody, pytest.raises(Unreachable):
        nobody.themes()


def test_a_wait_is_kept_as_it_was_told_once_and_not_for_ever():
    with peer(BUSY, TAKEN) as (address, met), closing(Client(address, "k")) as client:
        assert client.tell([EVENT])[0].fate == "accepted"
        assert len(met) == 2
    with peer(BUSY) as (address, met), closing(Client(address, "k")) as client:
        with pytest.raises(Problem, match="503: Busy"):
            client.tell([EVENT])
        assert len(met) == 2
    late = says(503, "{}", Retry_After="3600")
    with peer(late) as (address, met), closing(Client(address, "k")) as client:
        with pytest.raises(Problem) as caught:
            client.tell([EVENT])
        assert (len(met), caught.value.retry_after) == (1, 3600)


def test_a_peer_that_never_answers_is_given_up_and_not_asked_twice():
    done = threading.Event()
    with peer(lambda _: done.wait() and None) as (address, met):
        with (
            closing(Client(address, "k", timeout=0.2)) as client,
            pytest.raises(Unreachable, match="Timeout"),
        ):
            client.tell([EVENT])
        done.set()
        assert len(met) == 1


def test_other_answers_than_ours_are_said_to_be_unreadable():
    with (
        peer(says(502, "<h1>Bad Gateway</h1>")) as (address, _),
        closing(Client(address, "k")) as client,
        pytest.raises(Unreachable, match="502"),
    ):
        client.tell([EVENT])
    for wrong in ("recs.shop.example", "ftp://recs.shop.example", "http://"):
        with pytest.raises(ValueError, match="address"):
            Client(wrong, "k")


def test_the_client_stays_under_250_lines():
    source = inspect.getsource(recsys.client)
    assert len(source.splitlines()) < 250
