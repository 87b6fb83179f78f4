"""Which addresses there are, and what is said at the others."""

from __future__ import annotations

import pytest

from recsys.serving.health import HealthRoutes
from recsys.serving.http import HttpResponse
from recsys.serving.problems import Problem
from recsys.serving.router import KeyedRoute, OpenRoute, Router, path_values

GET = OpenRoute("GET", "/a", lambda _http: HttpResponse(200))
POST = KeyedRoute("POST", "/a", "admin", lambda _http, _key: HttpResponse(200))
BY_NAME = OpenRoute("GET", "/c/{thing}/d", lambda _http: HttpResponse(200))
ONLY_POST = KeyedRoute("POST", "/b", "admin", lambda _http, _key: HttpResponse(200))


@pytest.fixture
def router():
    return Router([GET, POST, ONLY_POST, BY_NAME])


def test_a_route_is_found_by_path_and_method(router, incoming):
    assert router.find(incoming("/a")) is GET
    assert router.find(incoming("/a", method="POST")) is POST


def test_head_is_answered_where_get_is(router, incoming):
    assert router.find(incoming("/a", method="HEAD")) is GET
    with pytest.raises(Problem) as caught:
        router.find(incoming("/b", method="HEAD"))
    assert caught.value.status == 405


@pytest.mark.parametrize(
    "path", ["/", "/c", "/a/", "/A", "/v1/events", "/c/{thing}/d", "/c//d", "/c/a/b/d", "/c/a/d/"]
)
def test_an_unknown_address_is_404(router, incoming, path):
    with pytest.raises(Problem) as caught:
        router.find(incoming(path))
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("text", "wsgi"), [("a", "a"), ("Tasse für 2", "Tasse fÃ¼r 2"), ("a.b+c%", "a.b+c%")]
)
def test_a_path_may_hold_a_value(router, incoming, text, wsgi):
    assert router.find(incoming(f"/c/{wsgi}/d")) is BY_NAME
    assert router.template(f"/c/{wsgi}/d") == BY_NAME.path
    assert path_values(f"/c/{wsgi}/d", BY_NAME.path) == (text,)


def test_a_value_that_is_not_utf8_is_404(router, incoming):
    with pytest.raises(Problem) as caught:
        path_values("/c/\xff/d", BY_NAME.path)
    assert caught.value.status == 404


def test_every_route_can_be_walked(router):
    assert list(router) == [GET, POST, ONLY_POST, BY_NAME]


def test_another_method_is_405_and_told_which_are_allowed(router, incoming):
    with pytest.raises(Problem) as caught:
        router.find(incoming("/a", method="DELETE"))
    assert caught.value.status == 405
    assert dict(caught.value.headers)["Allow"] == "GET, HEAD, OPTIONS, POST"


def test_a_head_answer_has_the_headers_and_no_body():
    assert HttpResponse(200, b"four").reply(without_body=True) == (200, [("Content-Length", "4")], b"")


def test_health_needs_nothing_but_the_process(incoming):
    assert HealthRoutes(None, None).healthz(incoming("/healthz")).status == 200
