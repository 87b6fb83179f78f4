"""Invitations, passwords and sessions, as they are used at the desk."""

from __future__ import annotations

import csv
import html
import io
import re

from support.desk import PASSWORD, email_of

from curation_ui.throttle import TRIES
from recsys.domain.ids import ItemId
from recsys.domain.people import Role
from recsys.domain.selectors import Target
from recsys.services.people import find_person
from recsys.services.takedowns import take_down

EVE = "eve@shop.example"
NEW = "four words in a row"


def invite(desk, role="editor"):
    """The path of the link that an admin is shown."""
    page = (
        desk.signed_in(Role.ADMIN)
        .post("/people/invite", {"email": EVE, "name": "Eve <b>", "role": role})
        .text
    )
    return re.search(r"http://localhost(/join/[^\"]+)", html.unescape(page))[1]


def test_an_invited_person_comes_in_by_the_link_and_signs_in_from_then_on(desk):
    link = invite(desk)
    eve = desk.visitor()
    page = eve.get(link).text
    assert "Eve &lt;b&gt;" in page
    answer = eve.post(link, {"password": NEW, "again": NEW})
    assert (answer.status_code, answer.location) == (303, "/")
    assert eve.get("/themes/new").status_code == 200
    assert desk.visitor().sign_in(EVE, NEW).status_code == 303
    assert desk.visitor().get(link).status_code == 404


def test_passwords_that_differ_or_are_poor_are_told_and_the_link_stays(desk):
    link, eve = invite(desk), desk.visitor()
    differing = eve.post(link, {"password": NEW, "again": "something else"})
    assert (differing.status_code, "not the same" in differing.text) == (422, True)
    poor = eve.post(link, {"password": "short", "again": "short"})
    assert (poor.status_code, "at least 10 characters" in poor.text) == (422, True)
    assert eve.post(link, {"password": NEW, "again": NEW}).status_code == 303


def test_the_role_of_an_invitation_cannot_be_raised_by_whoever_opens_it(desk):
    link, eve = invite(desk, "viewer"), desk.visitor()
    eve.post(link, {"password": NEW, "again": NEW, "role": "admin", "email": email_of(Role.ADMIN)})
    assert find_person(desk.shop, EVE).role is Role.VIEWER
    assert desk.visitor().sign_in(email_of(Role.ADMIN), PASSWORD).status_code == 303


def test_people_are_for_admins_alone(desk):
    for role in (Role.VIEWER, Role.EDITOR, Role.PUBLISHER):
        visitor = desk.signed_in(role)
        assert visitor.get("/people").status_code == 403
        assert 'href="/people"' not in visitor.get("/").text
        for what in ("invite", "link", "role", "deactivate", "reactivate", "sign-out"):
            fields = {"email": email_of(Role.ADMIN), "role": "viewer"}
            assert visitor.post(f"/people/{what}", fields).status_code == 403, what
    admin = desk.signed_in(Role.ADMIN)
    assert email_of(Role.VIEWER) in admin.get("/people").text
    assert 'href="/people"' in admin.get("/").text


def test_an_admin_changes_roles_keeps_out_and_signs_out_at_once(desk):
    admin, editor = desk.signed_in(Role.ADMIN), desk.signed_in(Role.EDITOR)
    who = {"email": email_of(Role.EDITOR)}
    assert admin.post("/people/sign-out", who).status_code == 303
    assert editor.get("/themes").status_code == 302
    assert admin.post("/people/role", {**who, "role": "viewer"}).status_code == 303
    assert find_person(desk.shop, email_of(Role.EDITOR)).role is Role.VIEWER
    assert admin.post("/people/role", {**who, "role": "owner"}).status_code == 422
    assert admin.post("/people/deactivate", who).status_code == 303
    assert desk.visitor().sign_in(email_of(Role.EDITOR)).status_code == 401
    assert admin.post("/people/reactivate", who).status_code == 303
    assert desk.visitor().sign_in(email_of(Role.EDITOR)).status_code == 303


def test_the_last_admin_stays(desk):
    admin = desk.signed_in(Role.ADMIN)
    answer = admin.post("/people/deactivate", {"email": email_of(Role.ADMIN)})
    assert (answer.status_code, "one active admin must remain" in answer.text) == (422, True)


def test_a_changed_password_keeps_this_session_and_ends_the_others(desk):
    here, elsewhere = desk.signed_in(Role.EDITOR), desk.signed_in(Role.EDITOR)
    fields = {"current": PASSWORD, "password": NEW, "again": NEW}
    assert here.post("/account/password", fields).status_code == 303
    assert here.get("/themes").status_code == 200
    assert elsewhere.get("/themes").status_code == 302
    assert desk.visitor().sign_in(email_of(Role.EDITOR), NEW).status_code == 303


def test_guesses_at_the_present_password_are_slowed_down(desk):
    editor = desk.signed_in(Role.EDITOR)
    fields = {"current": "a wrong guess", "password": NEW, "again": NEW}
    codes = [editor.post("/account/password", fields).status_code for _ in range(TRIES + 1)]
    assert codes == [422] * TRIES + [429]
    assert editor.post("/account/password", {**fields, "current": PASSWORD}).status_code == 429


def test_signing_out_everywhere_ends_every_session(desk):
    here, elsewhere = desk.signed_in(Role.EDITOR), desk.signed_in(Role.EDITOR)
    assert here.post("/account/sign-out-everywhere").location == "/login"
    assert here.get("/themes").status_code == 302
    assert elsewhere.get("/themes").status_code == 302


def test_the_audit_is_exported_whole_as_it_is_filtered_and_starts_no_formula(desk):
    publisher = desk.actor(Role.PUBLISHER)
    take_down(desk.shop, publisher, Target(item_id=ItemId("i01")), reason="=cmd|' /C calc'!A0")
    viewer = desk.signed_in(Role.VIEWER)
    answer = viewer.get("/audit/export.csv?what=takedown")
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(each["actor"], each["command"]) for each in rows] == [(publisher.name, "takedown.add")]
    assert not any(value.startswith("=") for each in rows for value in each.values())
    everything = list(csv.DictReader(io.StringIO(viewer.get("/audit/export.csv").text)))
    numbers = [int(each["id"]) for each in everything]
    assert numbers == list(range(max(numbers), 0, -1))
    assert viewer.get("/audit/export.csv?since=rubbish").status_code == 422
