"""The list of rules: found, filtered, made, changed one by one and many at once, sent out and brought in."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from curation_ui.foresight import SHOWN
from recsys.data.rule_sheets import MAX_BYTES
from recsys.domain.people import Role
from recsys.domain.rules import Boost, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector
from recsys.services.catalog import upsert_items
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.foresight import outlook_of

PIN = {"kind": "pin", "item_id": "i08", "slot": "3", "scope_surface": "home", "window_zone": "Europe/Paris"}


def text(answer) -> str:
    return html.unescape(answer.text)


def drafted(desk):
    return read_draft(desk.shop).rules


def pin_of(desk, item_id) -> Pin:
    return next(pin for pin in drafted(desk).of(Pin) if pin.item_id == item_id)


def value(desk, rule_id) -> str:
    return f"{rule_token(read_draft(desk.shop), rule_id)} {rule_id}"


def listed(page) -> list[str]:
    return re.findall(r'<li class="row fold" id="rule-([^"]+)"', page)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("q=red+photo", []),
        ("q=mug", ["pin-mug"]),
        ("q=tea+time", ["pin-tea", "theme-tea-time"]),
        ("q=i07", ["pin-mug"]),
        ("q=breaks", ["veto-1"]),
        ("kind=boost", ["boost-1"]),
        ("surface=-&kind=veto", ["veto-1"]),
        ("surface=home&kind=pin", ["pin-mug", "pin-tea"]),
        ("owner=operator&kind=pin", ["pin-mug", "pin-tea"]),
        ("status=paused", []),
        ("review=due", []),
        ("status=live&kind=surface", ["surface-cart", "surface-home", "surface-product"]),
        ("page=x&kind=boost", ["boost-1"]),
        ("page=7&kind=boost", ["boost-1"]),
    ],
)
def test_rules_are_found_by_what_is_said_about_them(visitors, question, wanted) -> None:
    page = visitors[Role.VIEWER].get(f"/rules?{question}").text
    assert sorted(listed(page)) == wanted
    assert (not wanted) == ("No rule fits" in page)


def test_a_rule_is_made_with_everything_that_the_form_offers(desk, editor) -> None:
    form = {
        **PIN, "priority": "5", "holdout": "7", "scope_row": "main", "scope_market": "FR", "scope_segment": "new",
        "scope_context_tags": "cake-stand, mug", "window_start": "2026-11-30T18:00", "window_end": "2027-01-01T09:30",
        "owner": "marie@shop.example", "review": "2026-12-24", "notes": "For Lyon.", "paused": "on",
    }  # fmt: skip
    page = text(editor.post("/rules/new", form, follow_redirects=True))
    pin = pin_of(desk, "i08")
    assert "Made Pin · slot 3: Red Photo Frame in the draft." in page
    assert (pin.slot, pin.priority, pin.holdout, pin.paused) == (3, 5, 0.07, True)
    selector = Selector(tags=("cake-stand", "mug"))
    assert pin.scope == Scope("home", "main", None, selector, "FR", "new")
    assert pin.window.start == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert (pin.owner, pin.review, pin.notes) == ("marie@shop.example", date(2026, 12, 24), "For Lyon.")
    assert (
        "On Home in the row “Recommended”, beside items with tag cake-stand or mug, in FR, for shoppers in the segment new"
        in page
    )


def test_saving_a_rule_that_was_not_touched_changes_nothing(desk, editor) -> None:
    editor.post("/rules/new", {**PIN, "holdout": "7.3", "window_end": "2027-01-01T09:30"})
    boost = {
        "kind": "boost",
        "factor": "1.23456789",
        "selector_price_max": "0.1",
        "scope_context_tags": "mug",
    }
    editor.post("/rules/new", boost)
    for rule in [pin_of(desk, "i08"), next(each for each in drafted(desk).of(Boost) if each.id != "boost-1")]:
        page = editor.get(f"/rules/edit?rule={rule.id}").text
        fields = dict(re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', page))
        fields["scope_surface"] = rule.scope.surface or ""
        answer = editor.post(f"/rules/edit?rule={rule.id}", fields)
        assert "nothing changed" in answer.text


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"slot": "0"}, "slot", "from 1 to 500"),
        ({"slot": ""}, "slot", "from 1 to 500"),
        ({"item_id": ""}, "item_id", "either an item or a theme"),
        ({"theme": "tea-time"}, "item_id", "either an item or a theme"),
        (
            {"window_start": "2026-12-02T10:00", "window_end": "2026-12-01T10:00"},
            "window_end",
            "after the start",
        ),
        ({"window_start": "2026-03-29T02:30"}, "window_start", "the clocks skip it"),
        ({"window_end": "tomorrow"}, "window_end", "give a date and a time"),
        ({"window_zone": "Mars/Base"}, "window_zone", "IANA"),
        ({"holdout": "80"}, "holdout", "0 to 0.5"),
        ({"holdout": "a lot"}, "holdout", "give a number"),
        ({"priority": "high"}, "priority", "give a whole number"),
        ({"review": "soon"}, "review", "give a day"),
        ({"scope_surface": "", "scope_row": "main"}, "scope_row", "name the surface too"),
        ({"notes": "x" * 2001}, "notes", "longer than"),
    ],
)
def test_a_field_that_cannot_be_says_why_and_keeps_what_was_typed(desk, editor, changes, field, said) -> None:
    before = drafted(desk)
    answer = editor.post("/rules/new", {**PIN, "owner": "someone@shop.example", **changes})
    page = text(answer)
    assert answer.status_code == 422
    more = re.search(rf'class="error" id="f-{field}-more">([^<]*)<', page)
    assert more is not None
    assert said in more[1]
    assert 'value="someone@shop.example"' in page
    assert drafted(desk) == before


def test_a_scope_that_names_what_is_not_there_is_refused(editor) -> None:
    answer = editor.post("/rules/new", {**PIN, "scope_row": "attic"})
    assert answer.status_code == 422
    assert "would not exist" in answer.text


def test_the_preview_tells_what_a_selector_holds_and_what_the_rule_meets(visitors) -> None:
    viewer = visitors[Role.VIEWER]
    page = text(viewer.get("/rules/preview?kind=boost&factor=2&selector_tags=mug&scope_market=FR"))
    assert "It holds 4 items now:" in page
    assert "On every surface, in FR, for everyone." in page
    assert "Red Mug" in page
    page = text(viewer.get("/rules/preview?kind=pin&item_id=i08&slot=3&scope_surface=home&priority=1"))
    assert "Wins, where both hold, over" in page
    assert "Pin · slot 3: Red Doorstop" in page
    page = text(viewer.get("/rules/preview?kind=veto&reason=why&item_id=i07"))
    assert "Wins, where both hold, over" in page
    page = text(
        viewer.get(
            "/rules/preview?kind=pin&item_id=i08&slot=3&window_start=2026-12-02T10:00&window_end=2026-12-01T10:00"
        )
    )
    assert "End: must be after the start" in page
    assert "Red Photo Frame" not in page


def test_a_conflict_is_named_on_both_sides_with_links(desk, editor) -> None:
    editor.post("/rules/new", {**PIN, "priority": "9"})
    page = text(editor.get("/rules?status=conflict"))
    ours = pin_of(desk, "i08").id
    assert sorted(listed(page)) == sorted([ours, "pin-mug"])
    assert re.search(
        rf'overruled by <a href="/rules/edit\?rule={ours}">Pin · slot 3: Red Photo Frame</a>', page
    )
    assert 'wins over <a href="/rules/edit?rule=pin-mug">Pin · slot 3: Red Doorstop</a>' in page


def test_two_editors_of_one_rule_the_second_is_shown_what_stands(desk, editor, publisher) -> None:
    token = rule_token(read_draft(desk.shop), "pin-mug")
    form = {"item_id": "i07", "slot": "8", "scope_surface": "home", "window_zone": "UTC"}
    assert editor.post("/rules/edit?rule=pin-mug", {**form, "token": token}).status_code == 303
    answer = publisher.post("/rules/edit?rule=pin-mug", {**form, "slot": "9", "token": token})
    page = text(answer)
    assert answer.status_code == 409
    assert "editor@shop.example changed pin-mug since you opened it" in page
    assert "What stands now: Pin · slot 8: Red Doorstop" in page
    assert 'value="9"' in page
    again = re.search(r'name="token" value="([^"]+)"', page)[1]
    assert (
        publisher.post("/rules/edit?rule=pin-mug", {**form, "slot": "9", "token": again}).status_code == 303
    )
    assert pin_of(desk, "i07").slot == 9


def test_a_duplicate_starts_from_the_rule_and_is_a_rule_of_its_own(desk, editor) -> None:
    page = text(editor.get("/rules/new?from=boost-1"))
    assert "A duplicate of Boost × 1.5: every item with tag green" in page
    assert 'name="selector_tags" type="text" value="green"' in page
    assert 'name="id" value=""' in page
    assert editor.get("/rules/new?from=nothing").status_code == 404
    assert editor.get("/rules/new?kind=poster").status_code == 404
    assert editor.get("/rules/edit?rule=theme-tea-time").status_code == 404


@pytest.mark.parametrize(
    ("action", "fields", "seen"),
    [
        ("pause", {}, lambda rule: rule.paused),
        ("end", {"end": "2027-01-01T10:00", "zone": "UTC"}, lambda rule: rule.window.end == datetime(2027, 1, 1, 10, tzinfo=UTC)),
        ("review", {"review": "2027-02-01"}, lambda rule: rule.review == date(2027, 2, 1)),
        ("owner", {"owner": "marie@shop.example"}, lambda rule: rule.owner == "marie@shop.example"),
    ],
)  # fmt: skip
def test_one_action_changes_many_rules_and_one_undo_takes_all_back(
    desk, editor, action, fields, seen
) -> None:
    before, ids = drafted(desk), ["pin-mug", "veto-1", "boost-1", "theme-tea-time"]
    form = {"rule": [value(desk, each) for each in ids], "action": action, **fields}
    answer = editor.post("/rules/bulk", form, headers={"HX-Request": "true"})
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert "4 rules in the draft." in toast["text"]
    assert all(seen(drafted(desk).get(each)) for each in ids)
    assert len(read_draft(desk.shop).changes) == 4
    editor.post(toast["undo"], headers={"HX-Request": "true"})
    assert drafted(desk) == before
    assert read_draft(desk.shop).changes == ()


def test_deleted_rules_come_back_by_undo(desk, editor) -> None:
    before = drafted(desk)
    form = {"rule": [value(desk, each) for each in ("pin-mug", "veto-1")], "action": "delete"}
    page = editor.post("/rules/bulk", form, follow_redirects=True).text
    assert "Deleted 2 rules in the draft." in page
    assert drafted(desk).of(Veto) == []
    editor.post(html.unescape(re.search(r'action="(/rules/undo[^"]+)"', page)[1]))
    assert drafted(desk) == before


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "pause"}, "tick at least one"),
        ({"rule": "r3 pin-mug", "action": "explode"}, "choose one of those offered"),
        ({"rule": ["r1 surface-home", "r3 pin-mug"], "action": "pause"}, "surface-home (surface): the settings of a surface cannot be paused"),
        ({"rule": "r3 pin-mug", "action": "end", "end": "2026-03-29T01:30", "zone": "Europe/London"}, "the clocks skip it"),
        ({"rule": "r3 pin-mug", "action": "owner", "owner": " "}, "is required"),
        ({"rule": "r3 pin-mug", "action": "review", "review": "soon"}, "give a day"),
        ({"rule": "r3 theme-tea-time", "action": "delete"}, "would not exist"),
    ],
)  # fmt: skip
def test_an_action_that_cannot_be_done_to_all_is_done_to_none(desk, editor, form, said) -> None:
    before = drafted(desk)
    answer = editor.post("/rules/bulk", form)
    assert answer.status_code == 422
    assert said in text(answer)
    assert drafted(desk) == before


def test_an_action_on_rules_that_somebody_changed_meanwhile_is_refused(desk, editor) -> None:
    seen = value(desk, "pin-mug")
    put_rule(desk.shop, desk.actor(Role.PUBLISHER), moved(desk), expected="r3")
    answer = editor.post("/rules/bulk", {"rule": [seen, value(desk, "veto-1")], "action": "delete"})
    assert answer.status_code == 409
    assert drafted(desk).get("veto-1") is not None


def moved(desk) -> Pin:
    return replace(pin_of(desk, "i07"), slot=20)


def upload(visitor, data: bytes):
    form = {"file": (io.BytesIO(data), "rules.csv"), "csrf_token": visitor.token()}
    return visitor.client.post("/rules/import", data=form, content_type="multipart/form-data")


def test_what_is_exported_is_looked_at_brought_in_and_undone(desk, editor) -> None:
    exported = editor.get("/rules/export?kind=pin")
    assert exported.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert exported.headers["Content-Disposition"] == 'attachment; filename="rules.csv"'
    assert exported.text.count("\n") == 3
    before = drafted(desk)
    data = exported.text.replace(",3,i07,", ",13,i07,").encode()
    page = upload(editor, data)
    assert "0 new rules, 1 changed, 1 as it is already" in text(page)
    assert drafted(desk) == before
    sent = re.search(r'name="data" value="([^"]+)"', page.text)[1]
    done = editor.post("/rules/import/apply", {"data": sent}, follow_redirects=True).text
    assert "Brought 1 rule into the draft." in done
    assert pin_of(desk, "i07").slot == 13
    editor.post(html.unescape(re.search(r'action="(/rules/undo[^"]+)"', done)[1]))
    assert drafted(desk) == before


def test_a_damaged_file_is_told_line_by_line_and_changes_nothing(desk, editor) -> None:
    before = drafted(desk)
    answer = upload(
        editor, b"kind,slot,item_id,surface\npin,1,i01,home\npin,none,i02,home\npin,2,i03,attic\n"
    )
    page = text(answer)
    assert answer.status_code == 422
    assert "2 lines cannot be rules" in page
    assert "“none” is no whole number" in page
    assert "there is no surface “attic”; make it first" in page
    assert 'name="data"' not in page
    assert drafted(desk) == before


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Choose a file that is not empty."),
        (b"x" * (MAX_BYTES + 1), "is larger than 1,024 KB"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text"),
        (b"<script>alert(1)</script>", "has no column “kind”"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(editor, data, said) -> None:
    answer = upload(editor, data)
    assert answer.status_code == 422
    assert said in text(answer)


def test_more_than_the_desk_takes_is_not_even_read(editor) -> None:
    answer = upload(editor, b"kind\n" + b"x" * (3 * 1024 * 1024))
    assert answer.status_code == 413


def test_what_did_not_arrive_whole_is_not_brought_in(desk, editor) -> None:
    before = drafted(desk)
    assert editor.post("/rules/import/apply", {"data": "@@@"}).status_code == 422
    assert editor.post("/rules/import/apply", {"data": ""}).status_code == 422
    assert drafted(desk) == before


def test_a_note_that_is_a_script_is_text(desk, editor) -> None:
    editor.post("/rules/new", {**PIN, "notes": "<script>alert(1)</script>"})
    page = editor.get("/rules?q=%3Cscript%3E").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "path", ["/rules/new", "/rules/edit?rule=pin-mug", "/rules/bulk", "/rules/import/apply"]
)
def test_a_viewer_changes_no_rule(shared_desk, visitors, path) -> None:
    form = {**PIN, "token": "r3", "rule": "r3 pin-mug", "action": "pause", "data": "a2luZAo="}
    before = drafted(shared_desk)
    assert visitors[Role.VIEWER].post(path, form).status_code in {403, 422}
    assert drafted(shared_desk) == before
    page = visitors[Role.VIEWER].get("/rules").text
    assert 'id="bulk"' not in page


# The week ahead.


def ending(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def test_the_desk_tells_what_will_break_and_where_it_is_mended(desk, editor) -> None:
    editor.post("/rules/new", {**PIN, "slot": "9", "window_zone": "UTC", "window_end": ending(3)})
    editor.post(
        "/rules/new", {**PIN, "slot": "10", "item_id": "i09", "window_zone": "UTC", "window_end": ending(9)}
    )
    page = text(editor.get("/"))
    week = page[page.index('id="week"') : page.index('id="draft-title"')]
    assert "Slot 9 loses its pin" in week
    assert "The time of Red Photo Frame is over, and no other pin waits. Home · everyone." in week
    assert "by the draft" in week
    assert f'href="/rules/edit?rule={pin_of(desk, "i08").id}"' in week
    assert "Slot 10" not in week
    look = re.search(r'href="(/surfaces/home\?[^"]*at=[^"]+)"', week)[1]
    assert editor.get(look).status_code == 200


def test_what_the_draft_mends_is_marked_as_mended(desk, publisher) -> None:
    publisher.post("/rules/new", {**PIN, "slot": "9", "window_zone": "UTC", "window_end": ending(3)})
    pin = pin_of(desk, "i08")
    change = read_draft(desk.shop).changes[-1].id
    publisher.post("/publish", {"change": change, "comment": "for a while"})
    assert read_draft(desk.shop).live.get(pin.id) is not None
    week = text(publisher.get("/"))
    assert "Slot 9 loses its pin" in week
    assert "mended in the draft" not in week
    publisher.post("/rules/bulk", {"rule": value(desk, pin.id), "action": "end", "end": ""})
    assert "mended in the draft" in text(publisher.get("/"))


def test_a_review_that_is_due_waits_at_the_desk(editor) -> None:
    editor.post("/rules/new", {**PIN, "review": "2026-01-01"})
    page = text(editor.get("/"))
    assert "1 rule is to be reviewed" in page
    assert 'href="/rules?review=due"' in page
    assert "Red Photo Frame" in text(editor.get("/rules?review=due"))


def test_stock_runs_out_at_the_pace_of_the_weeks_that_the_live_run_counted(desk, editor) -> None:
    state, at = desk.live.current(), datetime.now(UTC)
    weeks = state.release.snapshot.sold("i07")
    assert sum(weeks) > 0
    item = replace(state.catalog.get("i07"), stock=sum(weeks) // len(weeks))
    upsert_items(desk.shop, desk.actor(Role.ADMIN), [item])
    desk.live.catch_up()
    outlook = outlook_of(desk.live.current(), at)
    gone = outlook.runs_out(item)
    assert abs(gone - (at + timedelta(days=7) * item.stock * len(weeks) / sum(weeks))) <= timedelta(minutes=1)
    assert outlook.runs_out(replace(item, item_id="i01", stock=None)) is None
    week = text(editor.get("/"))
    assert "Slot 3 loses its pin" in week
    assert "Red Doorstop is sold out at the present rate" in week


def test_a_week_with_very_much_in_it_is_listed_in_part_and_the_rest_counted(desk, editor) -> None:
    rows = "".join(f"pin,{slot},i01,home,{ending(3)}\n" for slot in range(20, 70))
    data = base64.b64encode(f"kind,slot,item_id,surface,ends_at\n{rows}".encode()).decode()
    assert editor.post("/rules/import/apply", {"data": data}).status_code == 303
    page = text(editor.get("/"))
    assert page.count('class="row fold coming') == SHOWN
    assert "and 10 more later in these days" in page
