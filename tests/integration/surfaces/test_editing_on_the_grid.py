"""What a gesture on the grid does to the draft, who may make it, and that nobody is overwritten."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from support.desk import email_of
from support.tiny_shop import PINNED

from recsys.domain.people import Actor, Role
from recsys.domain.rules import Boost, Pin, Theme, Veto
from recsys.domain.scopes import Scope
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.shop import Shop

JO = Actor("jo@shop.example", Role.EDITOR)


def drafted(shop: Shop, kind):
    """The rules of one kind that the draft makes or changes."""
    draft = read_draft(shop)
    return [rule for rule in draft.rules.of(kind) if draft.live.get(rule.id) != rule]


def toast(answer) -> dict:
    return json.loads(answer.headers["HX-Trigger"])["toast"]


def test_pinning_puts_a_pin_for_everyone_on_the_surface_into_the_draft(shop, editor):
    answer = editor.post("/surfaces/home/pin", item_id="i20", slot="2")
    assert answer.status_code == 204
    assert "draft-changed" in answer.headers["HX-Trigger"]
    assert toast(answer)["text"] == "Pinned Blue Garland to slot 2"
    [pin] = drafted(shop, Pin)
    assert (pin.item_id, pin.slot, pin.scope, pin.author) == (
        "i20",
        2,
        Scope(surface="home"),
        email_of(Role.EDITOR),
    )


def test_the_toast_takes_back_what_it_speaks_of(shop, editor):
    undo = toast(editor.post("/surfaces/home/pin", item_id="i20", slot="2"))["undo"]
    editor.post(undo)
    assert read_draft(shop).changes == ()


def test_a_theme_placed_in_two_slots_is_taken_back_as_one(shop, editor):
    answer = editor.post("/surfaces/home/place", theme="tea-time", slots="9, 11")
    assert [pin.slot for pin in drafted(shop, Pin)] == [9, 11]
    editor.post(toast(answer)["undo"])
    assert read_draft(shop).changes == ()


def test_moving_a_pinned_tile_moves_its_pin(shop, editor):
    token = rule_token(read_draft(shop), "pin-mug")
    editor.post("/surfaces/home/pin", item_id=PINNED, slot="8", rule_id="pin-mug", token=token)
    assert [(pin.id, pin.slot) for pin in drafted(shop, Pin)] == [("pin-mug", 8)]


def test_moving_a_pin_that_someone_else_moved_meanwhile_is_refused(shop, editor):
    token = rule_token(read_draft(shop), "pin-mug")
    theirs = replace(read_draft(shop).rules.get("pin-mug"), slot=5)
    put_rule(shop, JO, theirs, expected=token)
    answer = editor.post("/surfaces/home/pin", item_id=PINNED, slot="8", rule_id="pin-mug", token=token)
    assert answer.status_code == 409
    assert read_draft(shop).rules.get("pin-mug").slot == 5


def test_a_pin_for_the_context_holds_beside_that_item_only(shop, editor):
    editor.post("/surfaces/product/pin?context=i01", item_id="i20", slot="1")
    assert drafted(shop, Pin)[0].scope == Scope(surface="product", context_item="i01")


def test_a_veto_holds_here_or_everywhere_and_needs_a_reason(shop, editor):
    refused = editor.post("/surfaces/home/veto", item_id="i20", reason=" ", audience="everywhere")
    assert refused.status_code == 422
    assert "Reason" in toast(refused)["text"]
    editor.post("/surfaces/home/veto", item_id="i20", reason="Poor quality", audience="everywhere")
    editor.post("/surfaces/home/veto", item_id="i21", reason="Poor quality", audience="everyone")
    assert sorted(veto.scope.surface or "" for veto in drafted(shop, Veto)) == ["", "home"]


def test_an_item_is_added_to_a_theme(shop, editor):
    editor.post("/surfaces/home/theme", item_id="i20", theme="tea-time")
    assert drafted(shop, Theme)[0].picks[-1] == "i20"


def test_a_tile_says_which_boost_weighs_it_and_a_pinned_one_says_nothing_of_it(shop, editor):
    before = editor.get("/surfaces/home?as=ann").text
    item = re.findall(r'<li class="cell" data-item="([^"]+)"', before)[7]
    editor.post("/surfaces/home/boost", item_id=item, factor="3")
    page = editor.get("/surfaces/home?as=ann").text
    tile = page[page.index(f'<li class="cell" data-item="{item}"') :].split("</template>")[0]
    assert "boosted × 3" in tile
    assert "Boost × 3: " in tile
    assert "Edit the boost" in tile
    assert "boosted × 3" not in editor.get("/surfaces/home?as=ann&rules=off").text
    assert "boosted × 3" not in editor.get("/surfaces/home?as=ann&show=live").text
    editor.post("/surfaces/home/pin", item_id=item, slot="2")
    assert "boosted × 3" not in editor.get("/surfaces/home?as=ann").text


def test_burying_is_boosting_below_one(shop, editor):
    answer = editor.post("/surfaces/home/boost", item_id="i20", factor="0,5")
    assert toast(answer)["text"].startswith("Buried Blue Garland")
    assert drafted(shop, Boost)[0].factor == 0.5


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("pin", {"item_id": "i20", "slot": "2"}),
        ("veto", {"item_id": "i20", "reason": "no"}),
        ("theme", {"item_id": "i20", "theme": "tea-time"}),
        ("place", {"theme": "tea-time", "slots": "9"}),
        ("boost", {"item_id": "i20", "factor": "2"}),
        ("rules/pin-mug", {"slot": "4", "token": "r3"}),
        ("rules/pin-mug/remove", {"token": "r3"}),
    ],
)
def test_a_viewer_changes_nothing(shop, viewer, path, fields):
    assert viewer.post(f"/surfaces/home/{path}", **fields).status_code == 403
    assert read_draft(shop).changes == ()


def test_controls_that_one_may_not_use_are_not_shown(viewer, editor, publisher):
    pages = [person.get("/surfaces/home").text for person in (viewer, editor, publisher)]
    assert [f'aria-label="Pin {"Red Mug"}"' in page or 'data-opens="pin"' in page for page in pages] == [
        False,
        True,
        True,
    ]
    assert ['data-opens="takedown"' in page for page in pages] == [False, False, True]


def test_the_live_side_cannot_be_edited(editor):
    assert 'data-opens="pin"' not in editor.get("/surfaces/home?show=live").text


@pytest.mark.parametrize(
    "path", ["pin", "veto", "theme", "place", "boost", "undo", "rules/pin-mug", "rules/pin-mug/remove"]
)
def test_a_forged_post_is_refused(shop, editor, path):
    assert editor.post(f"/surfaces/home/{path}", forged=True, item_id="i20", slot="2").status_code == 400
    assert read_draft(shop).changes == ()


def test_without_scripts_a_form_leads_back_to_the_same_view(editor):
    answer = editor.post(
        "/surfaces/home/pin?as=ann&at=2026-12-01T10:00&zone=Europe/Paris", htmx=False, item_id="i20", slot="2"
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/surfaces/home?as=ann&at=2026-12-01T10:00&zone=Europe/Paris"


def edit(person, rule_id: str, **typed: str):
    """Open a rule's form, type over some fields, and give what would be sent."""
    page = person.get(f"/surfaces/home/rules/{rule_id}", htmx=True).text
    fields = dict(re.findall(r'<input[^>]* name="(?P<name>[^"]+)"[^>]* value="([^"]*)"', page))
    fields["scope_surface"] = "home"
    fields.pop("paused", None)
    return fields | typed


def test_editing_a_rule_saves_it_in_the_draft(shop, editor):
    fields = edit(editor, "pin-mug", slot="7", priority="3", window_end="2099-12-01T18:00")
    assert editor.post("/surfaces/home/rules/pin-mug", **fields).status_code == 204
    [pin] = drafted(shop, Pin)
    assert (pin.slot, pin.priority, pin.window.zone) == (7, 3, "UTC")


def test_the_second_editor_of_a_rule_is_shown_both_versions_and_loses_nothing(shop, editor):
    mine = edit(editor, "pin-mug", slot="7")
    theirs = replace(read_draft(shop).rules.get("pin-mug"), slot=5, notes="For the fair")
    put_rule(shop, JO, theirs, expected=rule_token(read_draft(shop), "pin-mug"))
    held = editor.post("/surfaces/home/rules/pin-mug", **mine)
    assert held.status_code == 409
    assert all(words in held.text for words in ("jo@shop.example", "For the fair", ">5<", ">7<", 'value="7"'))
    assert read_draft(shop).rules.get("pin-mug").slot == 5
    again = mine | {"token": re.search(r'name="token" value="([^"]+)"', held.text)[1]}
    assert editor.post("/surfaces/home/rules/pin-mug", **again).status_code == 204
    assert read_draft(shop).rules.get("pin-mug").slot == 7


def test_a_removed_rule_stays_in_sight_until_that_is_published(shop, editor):
    token = rule_token(read_draft(shop), "pin-mug")
    editor.post("/surfaces/home/rules/pin-mug/remove", token=token)
    assert "Acts until the removal is published" in editor.get("/surfaces/home").text
