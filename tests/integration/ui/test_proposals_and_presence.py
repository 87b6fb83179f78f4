"""What an editor proposes reaches a publisher, and comes back with a word; and who is at the desk is seen."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from support.desk import email_of

from curation_ui.planned import PlannedPublications
from recsys.domain.people import Role
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.services.drafting import put_rule, read_draft
from recsys.services.proposing import waiting_proposals


def text_of(visitor, address):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", visitor.get(address).text)).split())


@pytest.fixture
def change(desk):
    pin = Pin(id="pin-new", slot=8, item_id="i01", scope=Scope(surface="home"))
    return put_rule(desk.shop, desk.actor(Role.EDITOR), pin, expected="new").id


def test_a_proposal_waits_on_the_publishers_desk_and_goes_with_its_publication(
    desk, editor, publisher, change
):
    answer = editor.post("/proposals", {"change": [change], "comment": "for the weekend"})
    assert answer.status_code == 303
    assert "editor@shop.example proposes 1 change for the weekend" in text_of(publisher, "/").replace(
        "editor proposes", "editor@shop.example proposes"
    )
    (made,) = waiting_proposals(desk.shop)
    page = publisher.get(f"/publish?proposal={made.id}").text
    assert re.search(rf'value="{change}" id="change-{change}" checked', page)
    live = read_draft(desk.shop).live_number
    assert publisher.post("/publish", {"change": [change], "expected": live}).status_code == 303
    assert waiting_proposals(desk.shop) == []
    assert "proposes" not in text_of(publisher, "/")


def test_what_is_handed_back_stands_on_its_authors_desk_with_the_word(desk, editor, publisher, change):
    editor.post("/proposals", {"change": [change]})
    (made,) = waiting_proposals(desk.shop)
    assert publisher.post(f"/proposals/{made.id}/return", {"word": ""}).status_code == 422
    publisher.post(f"/proposals/{made.id}/return", {"word": "Slot 8 is promised"})
    assert "handed back what you proposed “Slot 8 is promised”" in text_of(editor, "/")
    assert "Slot 8 is promised" not in text_of(publisher, "/")
    assert "Slot 8 is promised" in text_of(editor, "/publish")
    editor.post(f"/proposals/{made.id}/withdraw")
    assert "handed back" not in text_of(editor, "/")
    assert [each.id for each in read_draft(desk.shop).changes] == [change]


def test_a_plan_is_kept_by_the_desks_own_look_for_changes(desk, publisher, change):
    tomorrow = desk.shop.clock() + timedelta(days=1)
    given = {"change": [change], "publish_at": f"{tomorrow:%Y-%m-%dT%H:%M}", "comment": "Sale"}
    assert publisher.post("/proposals/schedule", {**given, "publish_at": ""}).status_code == 422
    assert (
        publisher.post("/proposals/schedule", {**given, "publish_at": "2020-01-01T00:00"}).status_code == 422
    )
    assert publisher.post("/proposals/schedule", given).status_code == 303
    assert "You planned 1 change for" in text_of(publisher, "/publish")
    moments = [desk.shop.clock()]
    look = PlannedPublications(replace(desk.shop, clock=lambda: moments[0]))
    look()
    assert len(read_draft(desk.shop).changes) == 1
    moments[0] += timedelta(days=1, minutes=1)
    look()
    assert read_draft(desk.shop).changes == ()
    assert "Sale" in text_of(publisher, "/releases")


def test_a_look_that_fails_ends_nothing(desk, change):
    broken = replace(desk.shop, database=None)
    PlannedPublications(broken)()


def test_audit_tells_of_proposals_in_words(desk, editor, publisher, change):
    editor.post("/proposals", {"change": [change]})
    (made,) = waiting_proposals(desk.shop)
    publisher.post(f"/proposals/{made.id}/return", {"word": "Not now"})
    said = text_of(editor, "/audit")
    assert f"proposed 1 change as proposal {made.id}" in said
    assert f"handed proposal {made.id} back" in said


def test_open_pages_say_who_else_is_here_and_on_what(desk, editor, publisher):
    at_theme = {"HX-Request": "true", "HX-Current-URL": "http://localhost/themes/tea-time?x=1"}
    assert editor.post("/presence", headers=at_theme).text.strip() == ""
    heard = publisher.post("/presence", headers={"HX-Request": "true"}).text
    assert email_of(Role.EDITOR).split("@")[0] in heard
    assert "on Tea time" in heard
    assert "is here too" in text_of(publisher, "/surfaces/home")
    assert "is here too" in text_of(editor, "/surfaces/home")


@pytest.mark.parametrize("place", ["", "not a url", "http://localhost/themes/<script>", "x" * 5000])
def test_whatever_a_browser_says_of_its_page_is_the_desk(desk, editor, publisher, place):
    assert editor.post("/presence", headers={"HX-Current-URL": place}).status_code == 200
    heard = publisher.post("/presence").text
    assert "<script>" not in heard
