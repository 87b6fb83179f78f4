from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from support.desk import PASSWORD, Visitor, email_of

from curation_ui.app import create_app
from recsys.domain.people import OPERATOR, Role
from recsys.services import people

WRONG = "This email and password do not belong together"


def signed_in(visitor):
    return visitor.get("/themes").status_code == 200


def test_the_right_pair_opens_the_desk(desk):
    visitor = desk.visitor()
    answer = visitor.sign_in("EDITOR@shop.example ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert signed_in(visitor)


def test_one_lands_where_one_wanted_to_go(desk):
    visitor = desk.visitor()
    asked = visitor.get("/surfaces/home?as=ann")
    assert asked.location == "/login?next=/surfaces/home?as%3Dann"
    answer = visitor.post(
        "/login", {"email": email_of(Role.EDITOR), "password": PASSWORD, "next": "/surfaces/home?as=ann"}
    )
    assert answer.location == "/surfaces/home?as=ann"


def test_one_is_not_sent_to_another_site(desk):
    answer = desk.visitor().post(
        "/login", {"email": email_of(Role.EDITOR), "password": PASSWORD, "next": "//evil.example/"}
    )
    assert answer.location == "/"


@pytest.mark.parametrize(
    ("email", "password"), [("editor@shop.example", "wrong"), ("nobody@shop.example", PASSWORD)]
)
def test_a_wrong_pair_is_told_the_same_whatever_is_wrong(desk, email, password):
    answer = desk.visitor().sign_in(email, password)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert f'value="{email}"' in answer.text


def test_after_five_wrong_tries_even_the_right_password_waits(desk):
    visitor = desk.visitor()
    for _ in range(5):
        assert visitor.sign_in(email_of(Role.EDITOR), "wrong").status_code == 401
    answer = visitor.sign_in(email_of(Role.EDITOR))
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert visitor.sign_in(email_of(Role.ADMIN)).status_code == 303


def test_the_wait_passes(desk):
    moments = [desk.shop.clock()]
    shop = replace(desk.shop, clock=lambda: moments[0])
    visitor = Visitor(create_app(shop, desk.live).test_client())
    for _ in range(5):
        visitor.sign_in(email_of(Role.EDITOR), "wrong")
    moments[0] += timedelta(minutes=11)
    assert visitor.sign_in(email_of(Role.EDITOR)).status_code == 303


def test_signing_in_throws_a_planted_session_away(desk):
    visitor = desk.visitor()
    before = visitor.token()
    with visitor.client.session_transaction() as session:
        session["planted"] = "yes"
    visitor.sign_in(email_of(Role.EDITOR))
    with visitor.client.session_transaction() as session:
        assert "planted" not in session
    assert visitor.client.post("/logout", data={"csrf_token": before}).status_code == 400


def test_signing_out_ends_the_session(desk, editor):
    assert editor.post("/logout").status_code == 303
    assert not signed_in(editor)


@pytest.mark.parametrize(
    "change",
    [
        lambda shop: people.deactivate(shop, OPERATOR, email_of(Role.EDITOR)),
        lambda shop: people.change_role(shop, OPERATOR, email_of(Role.EDITOR), Role.VIEWER),
        lambda shop: people.set_password(shop, OPERATOR, email_of(Role.EDITOR), "another good password"),
    ],
    ids=["deactivated", "another role", "another password"],
)
def test_sessions_end_when_the_person_changes(desk, editor, change):
    assert signed_in(editor)
    change(desk.shop)
    assert not signed_in(editor)


def test_a_part_asked_for_after_the_session_ended_says_that_nothing_is_lost(desk, editor):
    people.set_password(desk.shop, OPERATOR, email_of(Role.EDITOR), "another good password")
    answer = editor.get("/themes/find?q=mug", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "Nothing on this page is lost" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize("https", [False, True])
def test_the_session_cookie_is_secure_only_over_https(desk, https):
    shop = replace(desk.shop, settings=replace(desk.shop.settings, https=https))
    visitor = Visitor(create_app(shop, desk.live).test_client())
    base = "https://localhost" if https else "http://localhost"
    page = visitor.client.get("/login", base_url=base).text
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    form = {"email": email_of(Role.EDITOR), "password": PASSWORD, "csrf_token": token}
    answer = visitor.client.post("/login", data=form, base_url=base, headers={"Referer": f"{base}/login"})
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert ("Secure" in cookie) is https
    assert ("Strict-Transport-Security" in answer.headers) is https


def test_the_appearance_chosen_holds_before_and_after_signing_in(desk, editor):
    answer = editor.post(
        "/appearance", {"appearance": "dark"}, headers={"Referer": "http://localhost/themes"}
    )
    assert answer.location == "/themes"
    assert 'data-theme="dark"' in editor.get("/themes").text
    editor.post("/appearance", {"appearance": "plaid"})
    assert "data-theme=" not in editor.get("/themes").text
