from __future__ import annotations

import html
import re
import shutil
from dataclasses import replace

import pytest
from support.desk import PASSWORD, email_of, open_desk

from recsys.domain.events import Event, EventType, Followed
from recsys.domain.people import OPERATOR, Role
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.services.catalog import set_availability
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.events import record_events
from recsys.services.people import add_person
from recsys.services.releasing import publish, roll_back

HOME = Scope(surface="home")


def draft_pin(desk, actor, rule_id, slot, item_id, **parts):
    token = rule_token(read_draft(desk.shop), rule_id)
    return put_rule(
        desk.shop, actor, Pin(id=rule_id, slot=slot, item_id=item_id, scope=HOME, **parts), expected=token
    )


def text_of(visitor, address):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", visitor.get(address).text)).split())


def test_the_desk_of_a_new_shop_says_what_to_do_first(migrated_sqlite, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(migrated_sqlite, home / "recsys.db")
    desk = open_desk(home)
    add_person(desk.shop, OPERATOR, email_of(Role.EDITOR), Role.EDITOR, PASSWORD)
    said = text_of(desk.signed_in(Role.EDITOR), "/")
    assert "A new shop" in said
    assert "recsys import" in said
    desk.shop.database.close()


def tell(desk, *told):
    """Events, as (type, value, followed)."""
    events = [
        Event(
            event_id=f"e{number}",
            type=EventType(kind),
            item_id="i07",
            at=desk.shop.clock(),
            user="ann",
            value=value,
            followed=followed,
        )
        for number, (kind, value, followed) in enumerate(told)
    ]
    record_events(desk.shop, events, desk.shop.clock())


def test_before_anything_was_told_the_page_of_what_rules_bring_says_how_to_begin(editor):
    said = text_of(editor, "/releases/rules")
    assert "Nothing was counted yet" in said
    assert "recommendation_id" in said
    assert "What rules bring" in text_of(editor, "/releases")


def test_what_each_rule_brought_is_shown_with_it_and_without(desk, editor):
    placed, acted = Followed("pin-mug"), Followed(acted=("boost-1",))
    without, gone = Followed(held_out=("boost-1",)), Followed("pin-gone")
    shown = [("impression", None, followed) for followed in (*[placed] * 4, *[acted] * 2, without, gone)]
    tell(desk, *shown, ("click", None, placed), ("purchase", 12.5, placed), ("click", None, without))
    said = text_of(editor, "/releases/rules?days=7")
    assert "Pin · slot 3: Red Doorstop Home · everyone" in said
    assert "4 1 25.0 % 1 12.50 3,125.00" in said
    assert "pin-gone not published any more 1 0 0.0 % 0 0.00 0.00" in said
    assert "with the rule 2 0 0.0 % 0 0.00 0.00" in said
    assert "without, the holdout 1 1 100.0 % 0 0.00 0.00" in said
    assert text_of(editor, "/releases/rules?days=0") == text_of(editor, "/releases/rules?days=28")


def test_the_desk_names_the_run_that_waits(editor):
    assert "Run run-2 waits for review" in text_of(editor, "/")


def test_a_pin_on_an_item_that_is_gone_waits_for_somebody(desk, editor):
    assert "is pinned but not available" not in text_of(editor, "/")
    set_availability(desk.shop, OPERATOR, ["i07"], False)
    desk.live.catch_up()
    assert "Red Doorstop is pinned but not available" in text_of(editor, "/")


def test_two_pins_for_one_slot_are_named_with_the_winner(desk, editor):
    draft_pin(desk, desk.actor(Role.EDITOR), "pin-2", 3, "i01", priority=5)
    assert "Two pins want slot 3 Red Mug wins over Red Doorstop where both hold." in text_of(editor, "/")


def test_a_theme_with_too_few_members_is_running_thin(desk, editor):
    editor.post("/themes", {"title": "Lonely", "codes": "i01"})
    assert "“Lonely” is running thin 1 member can be bought, 6 are wanted." in text_of(editor, "/")


def test_changes_are_listed_by_author_ones_own_first(desk, editor):
    draft_pin(desk, desk.actor(Role.ADMIN), "pin-a", 8, "i01")
    draft_pin(desk, desk.actor(Role.EDITOR), "pin-b", 9, "i02")
    said = text_of(editor, "/")
    assert said.index("Pinned Red Lantern to slot 9") < said.index("Pinned Red Mug to slot 8")
    assert said.index("You 1 change") < said.index("admin 1 change")


def test_somebody_elses_change_is_undone_by_a_publisher_only(desk, editor, publisher):
    change = draft_pin(desk, desk.actor(Role.ADMIN), "pin-a", 8, "i01")
    assert editor.post(f"/changes/{change.id}/undo").status_code == 403
    assert publisher.post(f"/changes/{change.id}/undo").status_code == 303
    assert read_draft(desk.shop).changes == ()


def moved_underneath(desk):
    """A change by the editor whose rule, a colleague's, was published and then rolled back."""
    theirs = draft_pin(desk, desk.actor(Role.PUBLISHER), "pin-x", 5, "i01")
    mine = draft_pin(desk, desk.actor(Role.EDITOR), "pin-x", 9, "i01")
    publish(desk.shop, OPERATOR, [theirs.id])
    roll_back(desk.shop, OPERATOR, 3, what="rules")
    return mine


@pytest.mark.parametrize("keep", ["yes", "no"])
def test_a_change_whose_rule_moved_underneath_is_shown_and_settled(desk, editor, keep):
    change = moved_underneath(desk)
    assert "A drafted change no longer fits" in text_of(editor, "/")
    page = text_of(editor, f"/changes/{change.id}")
    assert "What is published now The rule does not exist." in page
    assert "What the change wants Pin · slot 9: Red Mug" in page
    assert editor.post(f"/changes/{change.id}/settle", {"keep": keep}).status_code == 303
    draft = read_draft(desk.shop)
    assert draft.conflicts == ()
    assert ("pin-x" in draft.rules) is (keep == "yes")


def test_a_settled_change_has_no_page_any_more(editor):
    answer = editor.get("/changes/999")
    assert answer.status_code == 404
    assert "settled already" in answer.text


def test_a_run_is_shown_beside_the_live_one(editor):
    said = text_of(editor, "/runs/run-2")
    assert "Live run run-1 0.2100 0.3100" in said
    assert "Difference +0.0100 +0.0100" in said


def test_accepting_a_run_makes_it_live_and_rolling_back_the_run_undoes_it(desk, publisher):
    assert publisher.post("/runs/run-2/accept", {"expected_release": "3"}).status_code == 303
    assert read_draft(desk.shop).run_id == "run-2"
    assert desk.live.current().release.run_id == "run-2"
    publisher.post("/releases/3/roll-back", {"what": "run", "expected_release": "4"})
    assert read_draft(desk.shop).run_id == "run-1"
    assert "run of release 3 restored" in text_of(publisher, "/releases").lower()


def test_accepting_over_a_release_that_one_has_not_seen_is_refused(desk, publisher):
    answer = publisher.post("/runs/run-2/accept", {"expected_release": "2"})
    assert answer.status_code == 409
    assert read_draft(desk.shop).run_id == "run-1"


def test_a_run_that_failed_the_gate_needs_a_reason(desk, publisher):
    with desk.shop.database.write() as unit:
        gate = {
            "passed": False,
            "checks": [{"name": "x", "passed": False, "words": "It stays below popularity."}],
        }
        unit.runs.update(replace(unit.runs.get("run-2"), gate=gate))
    assert "It stays below popularity." in text_of(publisher, "/runs/run-2")
    assert publisher.post("/runs/run-2/accept").status_code == 422
    assert publisher.post("/runs/run-2/accept", {"despite_gate": "yes"}).status_code == 422
    accepted = publisher.post("/runs/run-2/accept", {"despite_gate": "yes", "comment": "New season"})
    assert accepted.status_code == 303
    assert "despite the quality gate" in text_of(publisher, "/audit")


def test_rejecting_a_run_needs_a_reason_and_leaves_what_is_live(desk, publisher):
    assert publisher.post("/runs/run-2/reject", {"reason": ""}).status_code == 422
    assert publisher.post("/runs/run-2/reject", {"reason": "Too few shoppers"}).status_code == 303
    assert read_draft(desk.shop).run_id == "run-1"
    assert "Too few shoppers" in text_of(publisher, "/runs/run-2")


def test_releases_say_what_each_changed(editor):
    said = text_of(editor, "/releases")
    assert "Release 3 live Rules published “for the tests”" in said
    assert "Pinned Red Doorstop to slot 3" in said


def test_any_two_releases_are_compared_either_way(editor):
    assert "Vetoed Blue Lantern: Breaks in the post" in text_of(editor, "/releases/compare?before=2&after=3")
    assert "Removed Veto: Blue Lantern" in text_of(editor, "/releases/compare?before=3&after=2")
    assert editor.get("/releases/compare?before=3&after=99").status_code == 404


def test_rolling_back_makes_a_new_release_with_the_old_rules(desk, publisher):
    publisher.post("/releases/2/roll-back", {"what": "rules", "comment": "Too much", "expected_release": "3"})
    draft = read_draft(desk.shop)
    assert draft.live_number == 4
    assert "veto-1" not in draft.live
    assert "rolled the rules back to release 2, as release 4" in text_of(publisher, "/audit")


def test_rolling_back_something_else_than_rules_run_or_both_is_refused(publisher):
    assert publisher.post("/releases/2/roll-back", {"what": "everything"}).status_code == 422


def test_the_audit_tells_the_story_in_sentences(desk, editor, publisher):
    change = draft_pin(desk, desk.actor(Role.EDITOR), "pin-b", 9, "i02", notes="for the weekend")
    publisher.post(f"/changes/{change.id}/undo")
    publisher.post("/vetoes/takedowns", {"item_id": "i01", "reason": "Recalled"})
    said = text_of(editor, "/audit")
    assert "publisher took down Red Mug “Recalled”" in said
    assert "publisher took back what editor did: pinned Red Lantern to slot 9" in said
    assert "You pinned Red Lantern to slot 9" in said
    assert "notes for the weekend" in said


@pytest.mark.parametrize(
    ("query", "there", "missing"),
    [
        ("what=release", "published release 3", "made the key"),
        ("who=operator", "published release 3", "You"),
        ("what=takedown", "No entry fits", "published release 3"),
        ("until=2020-01-01", "No entry fits", "published release 3"),
        ("target=veto-1", "vetoed Blue Lantern", "published release 3"),
    ],
)
def test_the_audit_is_filtered(editor, query, there, missing):
    said = text_of(editor, f"/audit?{query}").partition("Filter")[2]
    assert there in said
    assert missing not in said


def test_a_day_that_is_none_is_refused(editor):
    assert editor.get("/audit?since=yesterday").status_code == 422


def test_the_audit_goes_on_below_the_last_entry(desk, editor):
    for slot in range(10, 70):
        draft_pin(desk, desk.actor(Role.EDITOR), "pin-b", slot, "i02")
    first = editor.get("/audit").text
    following = html.unescape(re.search(r'href="(/audit\?[^"]*before_id=\d+[^"]*)"', first)[1])
    second = editor.get(following).text
    ids = [set(re.findall(r'id="entry-(\d+)"', page)) for page in (first, second)]
    assert len(ids[0]) == 50
    assert ids[1]
    assert not ids[0] & ids[1]


def test_the_search_reaches_items_themes_and_rules(editor):
    said = text_of(editor, "/search?q=lantern")
    assert "Red Lantern" in said
    assert "Veto: Blue Lantern" in said
    assert "Tea time" in text_of(editor, "/search?q=long+afternoon")
    assert "Nothing found" in text_of(editor, "/search?q=zzz")


@pytest.mark.parametrize(
    ("here", "leads_to"),
    [
        ("http://localhost/surfaces/product?as=ann&slot=4", "/surfaces/product?as=ann&amp;find=i01"),
        ("http://localhost/themes", "/surfaces/home?find=i01"),
        ("http://evil.example/surfaces/x", "/surfaces/home?find=i01"),
    ],
)
def test_an_item_found_leads_to_where_it_can_be_pinned(editor, here, leads_to):
    page = editor.get("/search/suggest?q=red+mug", headers={"HX-Current-URL": here}).text
    assert f'href="{leads_to}"' in page


def test_the_search_takes_any_text(editor):
    for text in ("%", "_", "'; drop table item; --", "<script>", "\u0000", "é" * 500):
        assert editor.get("/search", query_string={"q": text}).status_code == 200


def test_an_unknown_address_offers_a_way_on(editor):
    answer = editor.get("/nothing-here")
    assert answer.status_code == 404
    assert "To the desk" in answer.text


def test_a_fault_of_ours_says_what_became_of_the_work(desk, monkeypatch):
    visitor = desk.signed_in(Role.EDITOR)
    monkeypatch.setattr("curation_ui.desk.changes_by_author", lambda: 1 / 0)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "everything saved before is safe" in answer.text


def test_when_even_the_frame_fails_the_words_remain(desk, monkeypatch):
    visitor = desk.signed_in(Role.EDITOR)
    monkeypatch.setattr("curation_ui.rendering.navigation", lambda: 1 / 0)
    answer = visitor.get("/")
    assert answer.status_code == 500
    assert "everything saved before is safe" in answer.text
