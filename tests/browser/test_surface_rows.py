"""The whole page of rows in the hands of an editor: walked, laid out and pinned into, by keyboard and by dragging."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.endpoint import running_endpoint
from support.promise import let_the_promised_second_pass
from support.running_desk import RunningDesk, let_people_in
from support.tiny_shop import TinyShop, make_tiny_shop, publish_rules

from recsys.domain.people import Role
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import theme_id
from recsys.services.drafting import read_draft


@pytest.fixture
def tiny(sqlite_url: str, tmp_path: Path) -> TinyShop:
    made = make_tiny_shop(tmp_path / "home", sqlite_url)
    let_people_in(made.shop)
    home = read_draft(made.shop).live.surface("home")
    rows = (
        RowSettings(size=8),
        RowSettings("tea", kind=RowKind.THEME, theme=theme_id("tea-time"), size=6),
        RowSettings("new", title="Just arrived", kind=RowKind.NEW, size=6),
    )
    publish_rules(made.shop, replace(home, rows=rows))
    return made


@pytest.fixture
def home(desk: RunningDesk, new_page: Callable[..., Page]) -> Iterator[Page]:
    page, wrong = new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"), []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    desk.sign_in(page, Role.PUBLISHER, "/surfaces/home?as=ann")
    yield page
    assert [words for words in wrong if "422" not in words] == []


def rows(page: Page) -> list[str]:
    return page.locator("section.strip-row").evaluate_all("all => all.map(each => each.id.slice(4))")


def status(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(text)


def line(page: Page, name: str) -> list[str]:
    found = page.locator(f'[data-grid][data-row="{name}"] .cell')
    return found.evaluate_all("all => all.map(each => each.dataset.item)")


def test_the_page_shows_each_row_as_the_endpoint_answers_it(
    home: Page, tiny: TinyShop, tmp_path: Path
) -> None:
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=1) as endpoint:
        answer = endpoint.ask("/v1/pages/home?user_id=ann").json
        served = {row["row"]: [item["item_id"] for item in row["items"]] for row in answer["rows"]}
    assert {name: line(home, name) for name in rows(home)} == served


def test_up_and_down_lead_from_row_to_row(home: Page) -> None:
    home.locator("#tile-main-3").focus()
    home.keyboard.press("ArrowDown")
    expect(home.locator("#tile-tea-3")).to_be_focused()
    home.keyboard.press("ArrowDown")
    home.keyboard.press("ArrowLeft")
    expect(home.locator("#tile-new-2")).to_be_focused()
    expect(home.get_by_role("region", name="Why is it here?")).to_contain_text("Slot 2")
    home.keyboard.press("ArrowUp")
    expect(home.locator("#tile-tea-2")).to_be_focused()


@pytest.mark.parametrize("size", [(1440, 700), (768, 700), (320, 640)])
def test_whom_and_when_stay_in_sight_and_never_cover_the_tile_in_focus(
    home: Page, size: tuple[int, int]
) -> None:
    home.set_viewport_size({"width": size[0], "height": size[1]})
    home.locator("#tile-new-1").focus()
    home.evaluate("window.scrollTo(0, document.querySelector('#row-new').getBoundingClientRect().bottom)")
    for slot in ("#tile-tea-1", "#tile-main-1"):
        home.keyboard.press("ArrowUp")
        expect(home.locator(slot)).to_be_focused()
        whom = home.locator("#who > summary").bounding_box()
        assert 0 <= whom["y"] < 140, "scrolled away"
        bar = home.locator(".stage-line").bounding_box()
        assert home.locator(slot).bounding_box()["y"] >= bar["y"] + bar["height"]


def test_a_pin_stays_in_the_row_of_its_tile_and_the_focus_with_it(home: Page) -> None:
    item = line(home, "new")[4]
    home.locator("#tile-new-5").focus()
    home.keyboard.press("p")
    home.keyboard.type("2")
    status(home, "to slot 2")
    expect(home.locator("#tile-new-2")).to_be_focused()
    assert line(home, "new")[1] == item


def test_a_row_is_added_edited_moved_removed_and_all_of_it_undone_without_a_mouse(
    home: Page, tiny: TinyShop
) -> None:
    home.locator("#tile-main-1").focus()
    home.keyboard.press("n")
    expect(home.get_by_label("Shows")).to_be_focused()
    home.get_by_label("Shows").select_option("popular")
    home.get_by_label("Title", exact=True).fill("Loved by all")
    home.keyboard.press("Enter")
    status(home, "Added the row “Loved by all”")
    expect(home.locator("#row-loved-by-all")).to_be_visible()

    up = home.locator("#layout").get_by_role("button", name="Move Loved by all up")
    up.focus()
    home.keyboard.press("Alt+ArrowUp")
    status(home, "Moved “Loved by all” up")
    expect(home.locator("#layout .row-name").nth(2)).to_have_text("Loved by all")
    expect(up).to_be_focused()
    assert rows(home) == ["main", "tea", "loved-by-all", "new"]

    home.locator("#tile-tea-1").focus()
    home.keyboard.press("e")
    home.get_by_label("Title", exact=True).fill("Four o'clock")
    home.keyboard.press("Enter")
    expect(home.get_by_role("heading", name="Four o'clock")).to_be_visible()
    expect(home.locator("#tile-tea-1")).to_be_focused()

    home.get_by_role("button", name="Remove the row Just arrived").press("Enter")
    expect(home.locator("#row-new")).to_have_count(0)
    for _ in range(4):
        left = len(read_draft(tiny.shop).changes)
        home.locator("#tile-main-1").focus()
        home.keyboard.press("u")
        expect(home.locator("#publish-link")).to_have_count(0 if left == 1 else 1)
        if left > 1:
            words = f"Publish {left - 1} change"
            expect(home.locator("#publish-link")).to_contain_text(words)
    assert read_draft(tiny.shop).changes == ()
    assert rows(home) == ["main", "tea", "new"]


def test_a_row_is_dragged_to_another_place(home: Page) -> None:
    home.locator("#layout").scroll_into_view_if_needed()
    home.locator(".row-more").scroll_into_view_if_needed()
    grip, target = (home.locator(".row-line .grip").nth(n).bounding_box() for n in (2, 0))
    home.mouse.move(grip["x"] + 4, grip["y"] + 8)
    home.mouse.down()
    home.mouse.move(grip["x"] + 4, grip["y"] - 10, steps=4)
    home.mouse.move(target["x"] + 4, target["y"] - 2, steps=12)
    home.mouse.up()
    status(home, "Put the rows in another order")
    expect(home.locator("#layout .row-name").last).to_have_text("Tea time")
    expect(home.locator("section.strip-row").last).to_have_id("row-tea")


def test_what_is_wrong_with_a_row_is_said_in_its_form_and_nothing_typed_is_lost(home: Page) -> None:
    home.keyboard.press("n")
    home.get_by_label("Shows").select_option("trending")
    home.get_by_label("Titles by market").fill("Germany")
    home.get_by_role("button", name="Add the row").click()
    expect(home.locator("#editor").get_by_role("alert")).to_contain_text("line 1 is “Germany”")
    expect(home.get_by_label("Titles by market")).to_have_value("Germany")


def test_what_is_laid_out_is_served_once_it_is_published(home: Page, tiny: TinyShop, tmp_path: Path) -> None:
    home.get_by_label("Order of the rows").select_option("for_shopper")
    status(home, "suits each shopper")
    expect(home.locator("#publish-link")).to_contain_text("Publish 1 change")
    home.get_by_role("button", name="Move Just arrived up").press("Enter")
    status(home, "Moved “Just arrived” up")
    expect(home.locator("#publish-link")).to_contain_text("Publish 2 changes")
    home.keyboard.press("Shift+P")
    home.get_by_label("Comment").fill("News first")
    home.keyboard.press("Enter")
    status(home, "Published as release")
    shown = rows(home)
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=1) as endpoint:
        let_the_promised_second_pass(endpoint)
        answer = endpoint.ask("/v1/pages/home?user_id=ann").json
    assert [row["row"] for row in answer["rows"]] == shown
