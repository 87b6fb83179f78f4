from __future__ import annotations

import html
import re

from recsys.domain.people import Role
from recsys.domain.rules import Theme, theme_id
from recsys.services.drafting import put_rule, read_draft, rule_token

TEA = theme_id("tea-time")


def theme_of(desk, slug="tea-time"):
    return read_draft(desk.shop).rules.theme(slug)


def token_in(page):
    return re.search(r'name="token" value="([^"]+)"', page)[1]


def fields(**changes):
    form = {
        "title": "Tea time",
        "blurb": "For the long afternoon.",
        "picks": ["i15", "i16", "i17", "i18"],
        "selector_tags": "tea-tin",
        "order": "head_then_model",
        "head": "0",
        "owner": "operator",
        "window_zone": "UTC",
    }
    return form | changes


def test_a_theme_begins_with_a_title_tags_and_codes(desk, editor):
    answer = editor.post(
        "/themes", {"title": "Für den Garten", "tags": "lantern", "codes": "i01\ni02"}, follow_redirects=True
    )
    assert answer.status_code == 200
    assert "is in the draft" in answer.text
    made = theme_of(desk, "fur-den-garten")
    assert (made.title, made.picks, made.selector.tags) == ("Für den Garten", ("i01", "i02"), ("lantern",))
    assert made.author == "editor@shop.example"


def test_a_second_theme_at_the_same_address_is_refused_and_keeps_what_was_typed(desk, editor):
    answer = editor.post("/themes", {"title": "Tea time!", "blurb": "Another one"})
    assert answer.status_code == 422
    assert "there is a theme at this address already" in answer.text
    assert 'value="Another one"' in answer.text


def test_a_theme_cannot_take_an_address_of_the_desk(desk, editor):
    answer = editor.post("/themes", {"title": "New"})
    assert answer.status_code == 422
    assert "is an address of the desk itself" in answer.text
    assert theme_of(desk, "new") is None


def test_saving_is_a_change_of_the_draft_that_can_be_undone(desk, editor):
    token = token_in(editor.get("/themes/tea-time").text)
    answer = editor.post("/themes/tea-time", fields(token=token, picks=["i18", "i15"], title="Tea, late"))
    assert (answer.status_code, answer.location) == (303, "/themes/tea-time")
    assert theme_of(desk).picks == ("i18", "i15")
    page = editor.get("/themes/tea-time").text
    undo = re.search(r'action="(/changes/\d+/undo)"', page)[1]
    editor.post(undo)
    assert theme_of(desk).title == "Tea time"


def test_what_breaks_a_rule_is_named_and_nothing_typed_is_lost(desk, editor):
    token = token_in(editor.get("/themes/tea-time").text)
    answer = editor.post(
        "/themes/tea-time", fields(token=token, selector_price_min="cheap", notes="Mind the tins")
    )
    assert answer.status_code == 422
    assert "Price from: give a number, not “cheap”" in html.unescape(answer.text)
    assert "Mind the tins" in answer.text
    assert 'value="cheap"' in answer.text
    assert theme_of(desk).notes == ""


def test_of_two_editors_the_second_is_shown_both_versions_and_loses_nothing(desk, editor):
    token = token_in(editor.get("/themes/tea-time").text)
    other = desk.actor(Role.PUBLISHER)
    draft = read_draft(desk.shop)
    theirs = Theme(
        id=TEA, slug="tea-time", title="Tea, theirs", picks=("i15",), author="operator", owner="operator"
    )
    put_rule(desk.shop, other, theirs, expected=rule_token(draft, TEA))

    answer = editor.post("/themes/tea-time", fields(token=token, title="Tea, mine"))
    page = html.unescape(answer.text)
    assert answer.status_code == 409
    assert "publisher@shop.example saved this theme while you were working on it" in page
    assert "Tea, theirs" in page
    assert ">Author<" not in page
    assert 'value="Tea, mine"' in page
    assert theme_of(desk).title == "Tea, theirs"

    saved = editor.post("/themes/tea-time", fields(token=token_in(page), title="Tea, mine"))
    assert saved.status_code == 303
    assert theme_of(desk).title == "Tea, mine"


def test_a_theme_that_is_placed_cannot_be_removed_from_under_its_pin(desk, editor):
    answer = editor.post("/themes/tea-time/remove", {"token": token_in(editor.get("/themes/tea-time").text)})
    assert answer.status_code == 422
    assert "pin-tea" in answer.text
    assert theme_of(desk) is not None


def test_undoing_the_making_of_a_theme_leads_back_to_the_cards(desk, editor):
    editor.post("/themes", {"title": "Brief"})
    page = editor.get("/themes/brief").text
    undo = re.search(r'action="(/changes/\d+/undo)"', page)[1]
    answer = editor.post(undo, headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/themes"
    assert theme_of(desk, "brief") is None
    assert editor.get("/themes/brief").status_code == 404


def test_codes_pasted_are_sorted_into_new_repeated_and_unknown(editor):
    answer = editor.post("/themes/entries", {"codes": "i01, i15\nnope", "kind": "picks", "picks": ["i15"]})
    assert 'data-pick="i01"' in answer.text
    assert 'data-pick="i15"' not in answer.text
    assert "1 code is not in the catalog:" in answer.text
    assert 'data-words="1 item added, 1 was there already, 1 is not in the catalog."' in answer.text


def test_the_preview_counts_what_the_rule_holds_and_shows_who_is_kept_away(desk, editor):
    answer = editor.post(
        "/themes/preview", fields(slug="tea-time", picks=["i39", "i12", "nope"], selector_tags="lantern")
    )
    text = html.unescape(answer.text)
    assert "4 items" in text
    assert text.count("<li") == 6
    assert "not available" in text
    assert "vetoed" in text
    assert "not in the catalog" in text


def test_a_theme_ordered_by_the_model_is_ordered_differently_for_two_shoppers(editor):
    def order(user):
        form = fields(
            slug="tea-time", picks=[], selector_tags="red, blue", order="model", head="", preview_user=user
        )
        return re.findall(r'class="title">([^<]+)<', editor.post("/themes/preview", form).text)

    assert sorted(order("ann")) == sorted(order("eve"))
    assert order("ann") != order("eve")


def test_the_cards_say_where_a_theme_is_shown_and_how_many_members_it_has(editor):
    page = editor.get("/themes").text
    assert "Home slot 6" in page
    assert "7 members" in page
