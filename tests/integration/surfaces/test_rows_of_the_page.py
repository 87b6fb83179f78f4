"""The rows of a page in the draft: added, edited, moved, removed, and shown as the shopper gets them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from support.tiny_shop import publish_rules

from curation_ui.surfaces.layout import row_token
from recsys.domain.rows import RowKind, RowOrder, RowSettings
from recsys.domain.rules import Pin, theme_id
from recsys.domain.scopes import Scope
from recsys.services.drafting import read_draft, rule_token

SIZES = {"size": "12", "min_size": "2", "group_limit": "1"}


def home(shop):
    return read_draft(shop).rules.surface("home")


def names(shop):
    return [row.name for row in home(shop).rows]


def toast(answer) -> dict:
    return json.loads(answer.headers["HX-Trigger"])["toast"]


def on_page(answer) -> list[str]:
    """The rows of the page from the top."""
    return re.findall(r'<section class="strip-row" id="row-([a-z0-9-]+)"', answer.text)


@pytest.fixture
def laid(shop, editor):
    """Give home a theme row and a row of what is new, drafted by the editor."""
    editor.post("/surfaces/home/rows", kind="theme", theme=theme_id("tea-time"), title="", **SIZES)
    editor.post("/surfaces/home/rows", kind="new", title="Just arrived", **SIZES)
    return shop


def test_a_row_is_added_below_the_others_and_named_after_its_title_or_what_it_shows(laid):
    assert names(laid) == ["main", "tea-time", "just-arrived"]
    theme, new = home(laid).rows[1:]
    assert (theme.kind, theme.theme, theme.size, theme.min_size) == (
        RowKind.THEME,
        theme_id("tea-time"),
        12,
        2,
    )
    assert (new.kind, new.title) == (RowKind.NEW, "Just arrived")


def test_a_second_row_of_the_same_title_gets_a_name_of_its_own(laid, editor):
    editor.post("/surfaces/home/rows", kind="popular", title="Just arrived", **SIZES)
    assert names(laid)[-1] == "just-arrived-2"


def test_the_page_shows_the_rows_as_the_shopper_gets_them_and_no_item_twice(laid, editor):
    page = editor.get("/surfaces/home?as=ann")
    assert on_page(page) == ["main", "tea-time", "just-arrived"]
    items = re.findall(r'<li class="cell" data-item="([^"]+)"', page.text)
    assert len(items) == len(set(items)) > 20


def test_what_shoppers_get_live_is_not_touched_by_the_draft(laid, editor):
    live = editor.get("/surfaces/home?as=ann&show=live")
    assert on_page(live) == ["main"]
    assert "Just arrived" not in live.text[live.text.index('id="layout"') : live.text.index('id="rules"')]


def test_a_row_below_its_minimum_size_is_said_to_be_left_out(laid, editor):
    editor.post(
        "/surfaces/home/rows/tea-time",
        token=row_token(home(laid).row("tea-time")),
        kind="theme",
        theme=theme_id("tea-time"),
        size="12",
        min_size="50",
    )
    page = editor.get("/surfaces/home?as=ann")
    assert on_page(page) == ["main", "just-arrived", "tea-time"]
    assert "it needs 50 items" in page.text


def test_a_row_is_edited_in_every_field(laid, editor):
    answer = editor.post(
        "/surfaces/home/rows/just-arrived",
        token=row_token(home(laid).row("just-arrived")),
        kind="buy_again",
        title="Again",
        titles="FR: Encore\n\n DE : Noch einmal ",
        size="30",
        min_size="3",
        group_limit="0",
    )
    assert answer.status_code == 204
    assert home(laid).row("just-arrived") == RowSettings(
        name="just-arrived",
        title="Again",
        titles={"FR": "Encore", "DE": "Noch einmal"},
        kind=RowKind.BUY_AGAIN,
        size=30,
        min_size=3,
        group_limit=0,
        repeats=True,
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"size": "many"}, "Size: give a whole number"),
        ({"size": ""}, "Size: give a whole number"),
        ({"size": "501"}, "Size: give a size from 1 to 500"),
        ({"min_size": "0"}, "Min size: give a minimum size from 1 to 500"),
        ({"group_limit": "-1"}, "Group limit: give 0 (no limit) or more"),
        ({"kind": "stars"}, "Shows: choose what the row shows"),
        ({"kind": "theme", "theme": ""}, "Theme: choose the theme"),
        ({"kind": "theme", "theme": "theme-gone"}, "would not exist"),
        ({"titles": "Germany"}, "line 1 is “Germany”"),
        ({"titles": "DE: a\nDE: b"}, "line 2 gives DE a second title"),
        ({"title": "x" * 201}, "longer than 200"),
    ],
)
def test_what_cannot_be_is_refused_in_words_that_name_the_field(laid, editor, typed, said):
    before = home(laid)
    answer = editor.post("/surfaces/home/rows", **{"kind": "popular", "title": "", **SIZES, **typed})
    assert answer.status_code == 422
    assert said in toast(answer)["text"]
    assert home(laid) == before


def test_the_main_row_is_filled_up_from_what_is_popular_unless_its_form_says_otherwise(laid, editor):
    for said, filled in (("on", True), ("", False)):
        fields = {"token": row_token(home(laid).row("main")), "title": f"For you {said}", "fallback": said}
        assert editor.post("/surfaces/home/rows/main", **fields, **SIZES).status_code == 204
        assert home(laid).row("main").fallback is filled
    assert "changed title" in editor.get("/surfaces/home?show=difference").text.lower()


def test_rows_move_one_place_or_into_any_order(laid, editor):
    editor.post("/surfaces/home/arrange", move="just-arrived", by="-1")
    assert names(laid) == ["main", "just-arrived", "tea-time"]
    editor.post("/surfaces/home/arrange", row=["tea-time", "main", "just-arrived"])
    assert names(laid) == ["tea-time", "main", "just-arrived"]


def test_an_order_of_other_rows_than_there_are_is_refused(laid, editor):
    answer = editor.post("/surfaces/home/arrange", row=["main", "just-arrived"])
    assert answer.status_code == 422
    assert names(laid) == ["main", "tea-time", "just-arrived"]


def test_the_order_is_fixed_or_the_shoppers(laid, editor):
    editor.post("/surfaces/home/order", order="for_shopper")
    assert home(laid).order is RowOrder.FOR_SHOPPER
    assert editor.post("/surfaces/home/order", order="random").status_code == 422


def test_a_row_is_removed_and_undo_brings_it_back(laid, editor):
    undo = toast(editor.post("/surfaces/home/rows/tea-time/remove"))["undo"]
    assert names(laid) == ["main", "just-arrived"]
    editor.post(undo)
    assert names(laid) == ["main", "tea-time", "just-arrived"]


def test_the_main_row_and_a_row_on_which_rules_stand_are_not_removed(laid, editor):
    assert editor.post("/surfaces/home/rows/main/remove").status_code == 422
    editor.post("/surfaces/home/pin", item_id="i20", slot="2", row="tea-time")
    answer = editor.post("/surfaces/home/rows/tea-time/remove")
    assert "Pin · slot 2: Blue Garland" in toast(answer)["text"]
    assert "tea-time" in names(laid)


def test_a_pin_goes_into_the_row_of_its_tile(laid, editor):
    editor.post("/surfaces/home/pin", item_id="i20", slot="2", row="just-arrived")
    [pin] = [pin for pin in read_draft(laid).rules.of(Pin) if pin.item_id == "i20"]
    assert pin.scope == Scope(surface="home", row="just-arrived")
    page = editor.get("/surfaces/home?as=ann").text
    row = page[page.index('id="row-just-arrived"') :]
    assert re.findall(r'<li class="cell" data-item="([^"]+)"', row)[1] == "i20"


def test_a_pin_of_one_row_moves_into_another(laid, editor):
    editor.post("/surfaces/home/pin", item_id="i20", slot="2", row="just-arrived")
    [pin] = [pin for pin in read_draft(laid).rules.of(Pin) if pin.item_id == "i20"]
    editor.post("/surfaces/home/pin", item_id="i20", slot="1", row="tea-time", rule_id=pin.id)
    moved = read_draft(laid).rules.get(pin.id)
    assert (moved.slot, moved.scope) == (1, Scope(surface="home", row="tea-time"))


def test_a_veto_on_the_whole_page_holds_in_every_row(laid, editor):
    editor.post("/surfaces/home/veto", item_id="i20", reason="Breaks")
    assert 'data-item="i20"' not in editor.get("/surfaces/home?as=ann").text


def test_two_who_edit_different_rows_do_not_get_in_each_others_way(laid, editor, publisher):
    tokens = {name: row_token(home(laid).row(name)) for name in ("main", "just-arrived")}
    editor.post("/surfaces/home/rows/just-arrived", token=tokens["just-arrived"], kind="new", **SIZES)
    answer = publisher.post("/surfaces/home/rows/main", token=tokens["main"], title="For you", **SIZES)
    assert answer.status_code == 204
    assert (home(laid).row("just-arrived").title, home(laid).row("main").title) == ("", "For you")


def test_the_second_of_two_who_edit_one_row_is_shown_both_versions_and_may_save_over_it(
    laid, editor, publisher
):
    token = row_token(home(laid).row("just-arrived"))
    editor.post("/surfaces/home/rows/just-arrived", token=token, kind="new", title="Fresh", **SIZES)
    mine = {"kind": "new", "title": "Brand new", **SIZES}
    answer = publisher.post("/surfaces/home/rows/just-arrived", token=token, **mine)
    assert answer.status_code == 409
    assert "theirs is Fresh, yours Brand new" in answer.text
    assert home(laid).row("just-arrived").title == "Fresh"
    token = re.search(r'name="token" value="([^"]+)"', answer.text)[1]
    publisher.post("/surfaces/home/rows/just-arrived", token=token, **mine)
    assert home(laid).row("just-arrived").title == "Brand new"


def test_the_difference_says_what_the_layout_does_and_shows_the_rows_that_change(laid, editor):
    page = editor.get("/surfaces/home?as=ann&show=difference").text
    assert "Added the row “Tea time”; added the row “Just arrived” on Home" in page
    assert re.findall(r'<div class="section-head"><h2>(\w[^<]+) · Shopper ann', page) == [
        "Tea time",
        "Just arrived",
    ]


def differing(page: str) -> list[str]:
    """The headings of the grids side by side: the row, where it is one of a page, and the shopper."""
    return re.findall(r'<section class="pair">\s*<div class="section-head"><h2>([^<]+)</h2>', page)


def live_too(desk, row: RowSettings, *, on_top: bool = False) -> None:
    """Publish one more row of home, below the others or above them; the desk knows of it at once."""
    surface = home(desk.shop)
    rows = (row, *surface.rows) if on_top else (*surface.rows, row)
    publish_rules(desk.shop, replace(surface, rows=rows))
    desk.live.catch_up()


def test_the_difference_shows_a_row_that_the_draft_takes_off_the_page(desk, editor):
    live_too(desk, RowSettings("popular", title="Loved", kind=RowKind.POPULAR))
    editor.post("/surfaces/home/rows/popular/remove")
    page = editor.get("/surfaces/home?as=ann&show=difference").text
    assert differing(page)[0] == "Loved · Shopper ann, GB"
    assert "This shopper does not get this row." in page
    assert "No longer on the page:" not in page


def test_the_difference_of_a_page_says_of_other_shoppers_what_changes_in_any_of_their_rows(desk, editor):
    live_too(desk, RowSettings("new", title="Just arrived", kind=RowKind.NEW))
    line = editor.get("/surfaces/home?as=bob").text.split('id="row-new"')[1]
    first = re.findall(r'data-item="([^"]+)"', line)[0]
    editor.post("/surfaces/home/pin?as=bob", item_id=first, slot="3", row="new", audience="everyone")
    page = editor.get("/surfaces/home?as=ann&show=difference").text
    others = [each for each in differing(page) if "Shopper ann" not in each]
    assert "Just arrived · Shopper bob, FR" in others
    assert not any("Chosen for you" in each for each in others)


def test_a_shopper_for_whom_nothing_changes_is_named_once_and_told_so(desk, editor):
    live_too(desk, RowSettings("new", title="Just arrived", kind=RowKind.NEW))
    editor.post("/surfaces/home/pin?as=eve", item_id="i05", slot="2", row="main", audience="shopper")
    page = editor.get("/surfaces/home?as=eve&show=difference").text
    others = [each for each in differing(page) if "Shopper eve" not in each]
    assert others == ["Shopper ann, GB", "Shopper bob, FR", "Shopper cleo, GB"]
    assert page.count("nothing changes for this shopper") == 3


def test_an_item_that_moves_out_of_the_first_slots_of_a_sample_shopper_is_not_said_to_have_left(shop, editor):
    there = re.findall(
        r'<li class="cell" data-item="([^"]+)"', editor.get("/surfaces/home?as=bob&show=live").text
    )
    editor.post("/surfaces/home/pin?as=bob", item_id=there[11], slot="2", row="main", audience="everyone")
    page = editor.get("/surfaces/home?as=ann&show=difference").text
    bob = page[page.index("Shopper bob") : page.index("Shopper cleo")]
    assert "No longer on the page" not in bob
    assert "was 12" in bob
    assert "further slots" in bob


def consequences(person, shop) -> list[str]:
    """What the desk says of rows before all of the draft is published."""
    ids = [change.id for change in read_draft(shop).changes]
    page = person.post("/publish/check", change=ids).text
    return [each for each in re.findall(r'<p class="note warn">(.*?) <a', page) if " the row “" in each]


def tea_on_top(desk, editor, user: str) -> list[str]:
    """Publish a row of the theme above the others; the items that the shopper gets in it."""
    tea = RowSettings("tea", kind=RowKind.THEME, theme=theme_id("tea-time"), min_size=3)
    live_too(desk, tea, on_top=True)
    row = editor.get(f"/surfaces/home?as={user}").text.split('id="row-tea"')[1].split("</section>")[0]
    return re.findall(r'<li class="cell" data-item="([^"]+)"', row)


def test_a_veto_that_empties_a_row_is_warned_of_before_it_is_published(desk, editor):
    for item in tea_on_top(desk, editor, "ann")[2:]:
        assert consequences(editor, desk.shop) == []
        editor.post("/surfaces/home/veto", item_id=item, reason="Breaks", audience="everyone")
    assert consequences(editor, desk.shop) == [
        (
            "3 of 3 sample shoppers lose the row “Tea time” on Home. "
            "It is left out with fewer than 3 items, or with none of its kind."
        )
    ]


def test_a_row_that_only_some_shoppers_lose_is_counted(desk, editor):
    for item in tea_on_top(desk, editor, "bob")[2:]:
        editor.post("/surfaces/home/veto?as=bob", item_id=item, reason="Breaks", audience="shopper")
    [warning] = consequences(editor, desk.shop)
    assert warning.startswith("1 of 3 sample shoppers loses the row “Tea time” on Home.")


def test_a_new_row_that_nobody_gets_is_warned_of_and_one_that_is_taken_off_is_not(laid, editor):
    assert consequences(editor, laid) == []
    editor.post(
        "/surfaces/home/rows", kind="new", title="Too much", size="12", min_size="400", group_limit="1"
    )
    [warning] = consequences(editor, laid)
    assert warning.startswith("No sample shopper gets the row “Too much” on Home.")
    editor.post("/surfaces/home/rows/too-much/remove")
    assert consequences(editor, laid) == []


def test_a_published_row_is_looked_at_alone_under_its_own_address(shop, editor):
    rows = (*home(shop).rows, RowSettings("popular", kind=RowKind.POPULAR, min_size=1))
    publish_rules(shop, replace(home(shop), rows=rows))
    page = editor.get("/surfaces/home?row=popular&as=ann").text
    assert on_page(editor.get("/surfaces/home?as=ann")) == ["main", "popular"]
    assert 'data-row="popular"' in page
    assert 'data-row="main"' not in page


def test_a_row_that_is_only_in_the_draft_is_compared_with_nothing(laid, editor):
    for show in ("draft", "difference", "live"):
        assert editor.get(f"/surfaces/home?row=just-arrived&show={show}").status_code == 200


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/surfaces/home/rows", {"kind": "popular", **SIZES}),
        ("/surfaces/home/rows/main", {"token": "TOKEN", "title": "Other", **SIZES}),
        ("/surfaces/home/order", {"order": "for_shopper"}),
    ],
)
def test_a_viewer_lays_nothing_out(shop, viewer, address, fields):
    before = home(shop)
    token = row_token(before.row("main"))
    answer = viewer.post(address, **{k: token if v == "TOKEN" else v for k, v in fields.items()})
    assert answer.status_code == 403
    assert home(shop) == before


def test_a_row_whose_theme_is_removed_keeps_the_theme(laid, editor):
    draft = read_draft(laid)
    token = rule_token(draft, theme_id("tea-time"))
    answer = editor.post("/themes/tea-time/remove", token=token)
    assert answer.status_code in {409, 422}
    assert read_draft(laid).rules.theme("tea-time") is not None


def test_a_title_for_a_market_that_nobody_knows_is_saved_and_said(laid, editor):
    form = {"kind": "new", **SIZES}
    saved = editor.post("/surfaces/home/rows", title="One", titles="DE: Neu\nGermny: Neu", **form)
    assert "market “Germny” by name" in toast(saved)["text"]
    assert "“DE”" not in toast(saved)["text"]
    assert home(laid).row("one").titles == {"DE": "Neu", "Germny": "Neu"}
    right = editor.post("/surfaces/home/rows", title="Two", titles="DE: Neu", **form)
    assert (toast(right)["text"], toast(right)["tone"]) == ("Added the row “Two”", "good")


def test_markets_of_shoppers_are_offered_and_one_that_nobody_knows_is_noticed(shop, editor):
    page = editor.get("/surfaces/home?market=Germny").text
    offered = page.split('<datalist id="markets">')[1].split("</datalist>")[0]
    assert re.findall(r'value="([^"]+)"', offered) == ["DE", "FR", "GB"]
    assert "market “Germny” by name" in page
    assert "by name, and no shopper" not in editor.get("/surfaces/home?market=DE").text


def test_a_rule_of_a_row_says_what_the_row_is_called(laid, editor):
    editor.post("/surfaces/home/pin", item_id="i20", slot="1", row="just-arrived", audience="everyone")
    assert "row “Just arrived” · everyone" in editor.get("/surfaces/home").text
