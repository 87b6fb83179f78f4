"""Who may ask for what."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from recsys.hosting.replies import SAME_HEAD
from recsys.serving.keys import (
    authenticate,
    check_allowed,
    check_origin,
    cors_headers,
    preflight_headers,
    require_scope,
)
from recsys.serving.parameters import Asked
from recsys.serving.problems import Problem
from recsys.slates.overlays import LiveKey

SHOP = "https://shop.example"
SECRET = LiveKey("k1", "storefront", frozenset({"read"}))
ADMIN = LiveKey("k2", "backoffice", frozenset({"admin"}))
BROWSER = LiveKey("k3", "browser", frozenset({"read"}), publishable=True, origins=frozenset({SHOP}))
KEYS = {sha256(text.encode()).hexdigest(): key for text, key in (("rk_s", SECRET), ("rk_b", BROWSER))}


def status_of(call, *arguments):
    with pytest.raises(Problem) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer rk_s"},
        {"authorization": "bearer  rk_s "},
        {"x_api_key": "rk_s"},
        {"x_api_key": "rk_s", "authorization": "Basic dXNlcjpwYXNz"},
    ],
)
def test_a_key_comes_in_either_header(incoming, headers):
    assert authenticate(incoming(**headers), KEYS) is SECRET


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer"}, {"authorization": "rk_s"}, {"x_api_key": ""}, {"x_api_key": "rk_x"}],
)
def test_without_a_valid_key_the_answer_is_401_and_says_how(incoming, headers):
    problem = status_of(authenticate, incoming(**headers), KEYS)
    assert problem.status == 401
    assert dict(problem.headers)["WWW-Authenticate"].startswith("Bearer ")


def test_a_key_that_comes_again_over_a_connection_is_looked_up_each_time(incoming):
    found_out = []
    for keys, known in ((KEYS, True), ({}, False), (KEYS, True)):
        http = incoming(x_api_key="rk_s")
        http.environ[SAME_HEAD] = found_out
        if known:
            assert authenticate(http, keys) is SECRET
        else:
            assert status_of(authenticate, http, keys).status == 401
    assert "rk_s" not in found_out


def test_a_key_outside_its_scope_is_forbidden():
    assert status_of(require_scope, SECRET, "admin").status == 403
    require_scope(SECRET, "read")


def test_admin_covers_the_other_scopes():
    for scope in ("read", "events", "admin"):
        require_scope(ADMIN, scope)


def test_a_publishable_key_is_never_an_admin():
    key = LiveKey("k", "odd", frozenset({"admin"}), publishable=True, origins=frozenset({SHOP}))
    assert status_of(require_scope, key, "admin").status == 403


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        (Asked(surface="home", user_id="ann"), "user_id"),
        (Asked(surface="home", segment=("vip",)), "segment"),
        (Asked(surface="home", fields=("title", "attributes")), "fields"),
        (Asked(surface="home", at=datetime(2026, 1, 1, tzinfo=UTC)), "at"),
    ],
)
def test_what_a_publishable_key_may_not_ask_is_named(asked, field):
    problem = status_of(check_allowed, asked, BROWSER)
    assert problem.status == 403
    assert [error.field for error in problem.errors] == [field]


def test_a_publishable_key_may_ask_for_a_session():
    check_allowed(Asked(surface="home", session_id="s", fields=("title",)), BROWSER)


def test_another_time_is_for_admin_keys_alone():
    asked = Asked(surface="home", user_id="ann", at=datetime(2026, 1, 1, tzinfo=UTC))
    check_allowed(asked, ADMIN)
    assert [error.field for error in status_of(check_allowed, asked, SECRET).errors] == ["at"]


def test_pages_of_a_listed_origin_may_read_the_answer(incoming):
    http = incoming(origin=SHOP)
    check_origin(http, BROWSER)
    assert dict(cors_headers(http, BROWSER))["Access-Control-Allow-Origin"] == SHOP


def test_pages_of_another_origin_are_refused(incoming):
    http = incoming(origin="https://elsewhere.example")
    assert status_of(check_origin, http, BROWSER).status == 403
    assert cors_headers(http, BROWSER) == ()


def test_a_secret_key_never_opens_answers_to_pages(incoming):
    assert cors_headers(incoming(origin=SHOP), SECRET) == ()


def test_a_preflight_is_answered_for_listed_origins_alone(incoming):
    allowed = dict(preflight_headers(incoming(origin=SHOP), KEYS, "GET"))
    assert allowed["Access-Control-Allow-Origin"] == SHOP
    assert "X-API-Key" in allowed["Access-Control-Allow-Headers"]
    assert preflight_headers(incoming(origin="https://elsewhere.example"), KEYS, "GET") == ()
    assert preflight_headers(incoming(), KEYS, "GET") == ()
