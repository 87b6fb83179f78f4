from __future__ import annotations

import html
import json
import re

from recsys.domain.rules import Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector
from recsys.services.drafting import read_draft
from recsys.services.takedowns import standing


def drafted_vetoes(desk):
    return {veto.reason: veto for veto in read_draft(desk.shop).rules.of(Veto)}


def test_a_veto_needs_a_reason(desk, editor):
    answer = editor.post("/vetoes", {"item_id": "i01", "reason": "  "})
    assert answer.status_code == 422
    assert "Reason: is required" in answer.text
    assert list(drafted_vetoes(desk)) == ["Breaks in the post"]


def test_a_veto_of_an_item_is_drafted_with_its_scope(desk, editor):
    form = {"item_id": "i01", "reason": "Poor quality", "scope_surface": "home", "scope_market": "GB"}
    page = editor.post("/vetoes", form, follow_redirects=True).text
    made = drafted_vetoes(desk)["Poor quality"]
    assert made.scope == Scope(surface="home", market="GB")
    assert "Vetoed Red Mug in the draft." in page
    assert "Home · GB" in page


def test_a_veto_by_selector_says_how_many_items_it_covers(desk, editor):
    page = editor.post("/vetoes", {"selector_tags": "mug", "reason": "Recalled"}, follow_redirects=True).text
    assert drafted_vetoes(desk)["Recalled"].target.selector == Selector(tags=("mug",))
    assert "Every item with tag mug" in page
    assert "4 items" in page


def test_a_vetoed_item_stays_on_the_page_and_is_restored_in_one_click(desk, editor):
    page = editor.get("/vetoes").text
    assert "Blue Lantern" in page
    token = re.search(r'name="token" value="([^"]+)"', page)[1]
    restored = editor.post("/vetoes/veto-1/restore", {"token": token}, follow_redirects=True).text
    assert drafted_vetoes(desk) == {}
    assert "restored in the draft" in restored
    assert "Blue Lantern" in restored


def test_a_veto_restored_by_two_people_is_told_to_the_second(editor, publisher):
    editor.post("/vetoes/veto-1/restore", {"token": "r3"})
    answer = publisher.post("/vetoes/veto-1/restore", {"token": "r3"})
    assert answer.status_code == 404
    assert "gone already" in answer.text


def test_a_takedown_acts_at_once_and_is_lifted_again(desk, publisher):
    answer = publisher.post("/vetoes/takedowns", {"item_id": "i01", "reason": "Recalled by the maker"})
    assert answer.status_code == 303
    (taken,) = standing(desk.shop)
    assert not desk.live.current().shop_view.sellable(None, desk.shop.clock())("i01")
    page = publisher.get("/vetoes").text
    assert "Recalled by the maker" in page
    publisher.post(f"/vetoes/takedowns/{taken.id}/lift")
    assert standing(desk.shop) == []
    assert desk.live.current().shop_view.sellable(None, desk.shop.clock())("i01")


def test_the_same_item_is_not_taken_down_twice(publisher):
    publisher.post("/vetoes/takedowns", {"item_id": "i01", "reason": "Recalled"})
    answer = publisher.post("/vetoes/takedowns", {"item_id": "i01", "reason": "Recalled"})
    assert answer.status_code == 409
    assert "taken down already" in answer.text


def test_an_action_asked_by_htmx_answers_with_a_toast_and_its_undo(desk, editor):
    answer = editor.post(
        "/vetoes", {"item_id": "i01", "reason": "Poor quality"}, headers={"HX-Request": "true"}
    )
    said = json.loads(answer.headers["HX-Trigger"])
    assert answer.status_code == 204
    assert said["toast"]["text"] == "Vetoed Red Mug in the draft."
    assert "draft-changed" in said
    editor.post(said["toast"]["undo"], headers={"HX-Request": "true"})
    assert "Poor quality" not in drafted_vetoes(desk)


def test_an_error_asked_by_htmx_is_a_toast_that_leaves_the_page_alone(editor):
    answer = editor.post("/vetoes", {"item_id": "i01", "reason": ""}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer.headers["HX-Reswap"] == "none"
    assert "Nothing was changed" in answer.headers["HX-Trigger"]


def test_reasons_given_before_are_offered_again(editor):
    page = html.unescape(editor.get("/vetoes").text)
    assert page.index('<option value="Breaks in the post">') < page.index('<option value="Poor quality">')
