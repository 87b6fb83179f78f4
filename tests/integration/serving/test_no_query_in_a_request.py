"""A recommendation is answered from memory alone."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from sqlalchemy import event
from support.tiny_shop import make_tiny_shop

from recsys.serving.application import Application
from recsys.slates.refresh import LiveHolder


@pytest.fixture
def tiny(tmp_path, database_url) -> Iterator:
    made = make_tiny_shop(tmp_path, database_url)
    yield made
    made.shop.database.close()


@pytest.fixture
def application(tiny):
    """Answer in this process, without the refresh in the background."""
    live = LiveHolder(tiny.shop.database, tiny.settings)
    live.catch_up()
    return Application(tiny.shop, live)


def ask(application, query, key, **environ):
    statuses = []
    body = application(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/v1/recommendations",
            "QUERY_STRING": query,
            "HTTP_X_API_KEY": key,
            "wsgi.input": io.BytesIO(),
            **environ,
        },
        lambda status, _headers: statuses.append(status),
    )
    return statuses[0], b"".join(body)


def post(application, path, body, key):
    sent = {
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    return ask(application, "", key, REQUEST_METHOD="POST", PATH_INFO=path, **sent)


def test_no_request_touches_the_database(tiny, application):
    statements = []
    event.listen(
        tiny.shop.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    for query in ("surface=home&user_id=ann", "surface=home", "surface=nowhere", "limit=0"):
        ask(application, query, tiny.keys.read)
    for path in ("/v1/pages/home", "/v1/themes", "/v1/themes/tea-time", "/v1/items/i01/similar"):
        assert ask(application, "limit=5", tiny.keys.read, PATH_INFO=path)[0] == "200 OK"
    for path, body in (
        ("/v1/recommendations", b'{"surface": "home", "items": ["i01"]}'),
        ("/v1/similar", b'{"item_id": "i01"}'),
    ):
        assert post(application, path, body, tiny.keys.read)[0] == "200 OK"
    assert ask(application, "surface=home", "rk_wrong")[0].startswith("401")
    assert statements == []
    application._live.catch_up()
    assert statements != []


def test_a_fault_of_ours_is_a_problem_and_is_logged_without_the_shopper(
    tiny, application, monkeypatch, capsys
):
    def broken(*_given):
        raise RuntimeError("lost ann-the-shopper on the way")

    monkeypatch.setattr("recsys.serving.answering.question_of", broken)
    in_body = b'{"surface": "home", "user_id": "ann-the-shopper"}'
    for status, body in (
        ask(application, "surface=home&user_id=ann-the-shopper", tiny.keys.read),
        post(application, "/v1/recommendations", in_body, tiny.keys.read),
    ):
        assert status == "500 Internal Server Error"
        assert b"our fault" in body
        assert b"RuntimeError" not in body
    logged = "".join(capsys.readouterr())
    assert logged.count("Traceback") == 2
    assert "ann-the-shopper" not in logged
