"""API keys as an admin makes and revokes them, and as the endpoint then takes them."""

from __future__ import annotations

import html
import logging
import re
from pathlib import Path

import pytest
from support.desk import email_of

from recsys.domain.people import OPERATOR, Role
from recsys.services.keys import add_key, keys
from recsys.services.shopper_tokens import secret_of
from recsys.serving.http import HttpRequest
from recsys.serving.keys import authenticate
from recsys.serving.problems import Problem
from tests.integration.shops import everything

ORIGIN = "https://shop.example"
PAGE_KEY = {"name": "page", "scope": ["read", "events"], "kind": "publishable", "origin": f"{ORIGIN}\n"}


@pytest.fixture
def admin(desk):
    return desk.signed_in(Role.ADMIN)


def shown(page, field="made-key"):
    """What the page shows in the field of that id."""
    return html.unescape(re.search(rf'id="{field}" value="([^"]*)"', page)[1])


def taken_as(desk, text):
    """The key as which the endpoint takes a request that carries `text`, once it has looked at the database."""
    desk.live.catch_up()
    return authenticate(
        HttpRequest({"HTTP_AUTHORIZATION": f"Bearer {text}"}), desk.live.current().overlays.keys
    )


def test_a_key_is_shown_once_and_works_from_then_on(desk, admin):
    answer = admin.post("/keys", {"name": "new site", "scope": ["read", "events"], "rate_limit": "600"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    text = shown(answer.text)
    assert taken_as(desk, text).scopes == {"read", "events"}
    [info] = [each for each in keys(desk.shop) if each.name == "new site"]
    assert (info.created_by, info.rate_limit, info.publishable) == (email_of(Role.ADMIN), 600, False)
    later = admin.get("/keys").text
    assert text not in later
    assert info.prefix in later
    assert "600 a minute" in later


def test_a_key_stands_in_no_header_log_or_table(desk, admin, caplog):
    with caplog.at_level(logging.DEBUG):
        answer = admin.post("/keys", PAGE_KEY)
    text = shown(answer.text)
    assert text not in str(answer.headers)
    assert text not in caplog.text
    kept = [each for each in Path(desk.shop.settings.home).rglob("*") if each.is_file()]
    assert any(each.suffix == ".db" for each in kept)
    assert not any(text.encode() in each.read_bytes() for each in kept)
    assert text not in admin.get("/audit").text


def test_a_publishable_key_has_its_origins_and_the_secret_for_tokens(desk, admin):
    page = admin.post(
        "/keys", {**PAGE_KEY, "origin": "https://Shop.example:443/\nhttp://localhost:8002"}
    ).text
    key = taken_as(desk, shown(page))
    assert (key.publishable, key.origins) == (True, {ORIGIN, "http://localhost:8002"})
    assert shown(page, "made-secret") == secret_of(desk.shop, key.id)


@pytest.mark.parametrize(
    ("wrong", "field", "mend"),
    [
        ({"name": " "}, "name", ""),
        ({"name": "x\x00y"}, "name", "remove it"),
        ({"scope": []}, "scope", "Give one or more of read, events, admin"),
        ({"scope": ["write"]}, "scope", "Give one or more of"),
        ({"scope": ["read", "admin"]}, "scope", "cannot be an admin"),
        ({"origin": ""}, "origin", "needs the origins"),
        ({"origin": "shop.example"}, "origin", "such as https://shop.example, not “shop.example”"),
        ({"origin": "https://[<b>"}, "origin", "not “https://[&lt;b&gt;”"),
        ({"kind": "secret"}, "origin", "only a publishable key has origins"),
        ({"rate_limit": "many"}, "rate_limit", "whole number, not “many”"),
        ({"rate_limit": "0"}, "rate_limit", "from 1 to 1000000"),
        ({"rate_limit": "9" * 5000}, "rate_limit", "whole number"),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_what_was_typed_stays(desk, admin, wrong, field, mend):
    before = everything(desk.shop)
    answer = admin.post("/keys", {**PAGE_KEY, "rate_limit": "60", **wrong})
    assert answer.status_code == 422
    told = re.search(rf'<span class="error" id="f-{field}-more">([^<]*)</span>', answer.text)
    assert mend.lower() in told[1].lower()
    assert answer.text.count('class="error"') == 1
    assert 'id="made-key"' not in answer.text
    if "origin" not in wrong:
        assert f">{ORIGIN}" in answer.text
    if "kind" not in wrong:
        assert 'value="publishable" checked' in answer.text
    assert everything(desk.shop) == before


def test_a_kind_that_is_none_is_told_and_makes_nothing(desk, admin):
    before = everything(desk.shop)
    answer = admin.post("/keys", {**PAGE_KEY, "kind": "open"})
    assert (answer.status_code, "Choose secret or publishable" in answer.text) == (422, True)
    assert everything(desk.shop) == before


def test_a_revoked_key_is_refused_and_stays_listed(desk, admin):
    text, info = add_key(desk.shop, OPERATOR, "old site <b>", ["read"])
    assert taken_as(desk, text).id == info.id
    question = admin.get("/keys").text
    assert "for good. Revoke it?" in question
    answer = admin.post(f"/keys/{info.id}/revoke")
    assert (answer.status_code, answer.location) == (303, "/keys")
    with pytest.raises(Problem) as refused:
        taken_as(desk, text)
    assert refused.value.status == 401
    page = admin.get("/keys").text
    assert "The key “old site &lt;b&gt;” works no longer." in page
    assert "1 revoked key" in page
    assert f"/keys/{info.id}/revoke" not in page


def test_a_key_is_revoked_once_and_one_that_is_none_not_at_all(desk, admin):
    _, info = add_key(desk.shop, OPERATOR, "old site", ["read"])
    codes = [admin.post(f"/keys/{each}/revoke").status_code for each in (info.id, info.id, "key-none")]
    assert codes == [303, 409, 404]


def test_keys_are_for_admins_alone(desk):
    _, info = add_key(desk.shop, OPERATOR, "storefront", ["read"])
    before = keys(desk.shop)
    for role in (Role.VIEWER, Role.EDITOR, Role.PUBLISHER):
        visitor = desk.signed_in(role)
        assert visitor.get("/keys").status_code == 403
        assert 'href="/keys"' not in visitor.get("/").text
        assert visitor.post("/keys", {"name": "mine", "scope": "read"}).status_code == 403
        assert visitor.post("/keys", {"name": ""}).status_code == 403
        assert visitor.post(f"/keys/{info.id}/revoke").status_code == 403
    assert keys(desk.shop) == before
    assert 'href="/keys"' in desk.signed_in(Role.ADMIN).get("/").text


def test_the_audit_tells_who_made_and_revoked_a_key(desk, admin):
    admin.post("/keys", PAGE_KEY)
    [info] = [each for each in keys(desk.shop) if each.name == "page"]
    admin.post(f"/keys/{info.id}/revoke")
    page = admin.get("/audit?what=key").text
    assert "made the key page" in page
    assert "revoked the key page" in page


def test_without_a_key_that_works_the_page_says_what_keys_are_for(desk, admin):
    for each in keys(desk.shop):
        if each.revoked_at is None:
            admin.post(f"/keys/{each.id}/revoke")
    assert "No key works" in admin.get("/keys").text
