"""Fast hands on the surface page: the keyboard alone, dragging, keeping one's place, undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from support.running_desk import RunningDesk

from recsys.domain.people import Role


@pytest.fixture
def home(desk: RunningDesk, new_page: Callable[..., Page]) -> Iterator[Page]:
    """Open the surface page as an editor; whatever the browser refuses or reports fails the test."""
    page, wrong = new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"), []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    desk.sign_in(page, Role.PUBLISHER, "/surfaces/home?as=ann")
    yield page
    assert [words for words in wrong if "422" not in words] == []


def item_at(page: Page, slot: int) -> str:
    return page.locator(".grid .cell").nth(slot - 1).get_attribute("data-item") or ""


def status(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(text)


def test_arrows_walk_over_the_grid_and_tab_reaches_one_tile_only(home: Page) -> None:
    home.locator("#tile-main-1").focus()
    home.keyboard.press("ArrowRight")
    expect(home.locator("#tile-main-2")).to_be_focused()
    home.keyboard.press("ArrowDown")
    home.keyboard.press("ArrowUp")
    home.keyboard.press("End")
    home.keyboard.press("Home")
    expect(home.locator("#tile-main-1")).to_be_focused()
    assert home.locator('.grid .tile-main[tabindex="0"]').count() == 1


def test_the_panel_explains_the_tile_that_has_the_focus(home: Page) -> None:
    home.locator("#tile-main-3").focus()
    why = home.get_by_role("region", name="Why is it here?")
    expect(why).to_contain_text("Slot 3")
    expect(why).to_contain_text("Pin")
    home.keyboard.press("ArrowRight")
    expect(why).to_contain_text("Slot 4")


def test_what_the_panel_offers_works_after_walking_to_another_tile(home: Page) -> None:
    home.locator("#tile-main-1").focus()
    home.keyboard.press("ArrowRight")
    home.keyboard.press("ArrowRight")
    home.get_by_role("button", name="Edit the pin").press("Enter")
    expect(home.get_by_role("dialog").get_by_label("Priority")).to_be_visible()


def test_after_a_pin_the_same_tile_has_the_focus_and_u_takes_it_back(home: Page) -> None:
    item = item_at(home, 9)
    home.locator("#tile-main-9").focus()
    home.keyboard.press("p")
    home.keyboard.type("2")
    home.keyboard.press("Enter")
    expect(home.locator(".cell").nth(1)).to_have_attribute("data-item", item)
    expect(home.locator("#tile-main-2")).to_be_focused()
    home.keyboard.press("u")
    status(home, "Undone")
    expect(home.locator(".cell").nth(8)).to_have_attribute("data-item", item)


def test_shift_and_an_arrow_carry_a_tile_and_letting_go_pins_it(home: Page) -> None:
    item = item_at(home, 7)
    home.locator("#tile-main-7").focus()
    home.keyboard.down("Shift")
    home.keyboard.press("ArrowLeft")
    home.keyboard.press("ArrowLeft")
    home.keyboard.up("Shift")
    status(home, "to slot 5")
    expect(home.locator(".cell").nth(4)).to_have_attribute("data-item", item)


def test_escape_puts_a_carried_tile_back(home: Page) -> None:
    item = item_at(home, 7)
    home.locator("#tile-main-7").focus()
    home.keyboard.down("Shift")
    home.keyboard.press("ArrowLeft")
    home.keyboard.press("Escape")
    home.keyboard.up("Shift")
    expect(home.locator(".grid .cell").nth(6)).to_have_attribute("data-item", item)
    expect(home.get_by_text("Nothing to publish")).to_be_visible()


def test_dragging_a_tile_to_a_slot_pins_it_there(home: Page) -> None:
    item = item_at(home, 6)
    taken, slot = (home.locator(".cell").nth(n).bounding_box() for n in (5, 1))
    home.mouse.move(taken["x"] + 60, taken["y"] + taken["height"] - 60)
    home.mouse.down()
    home.mouse.move(taken["x"] + 40, taken["y"] + 40, steps=4)
    home.mouse.move(slot["x"] + 60, slot["y"] + 60, steps=10)
    home.mouse.up()
    status(home, "to slot 2")
    expect(home.locator(".cell").nth(1)).to_have_attribute("data-item", item)


def test_an_item_that_is_not_on_the_grid_is_found_and_pinned_without_a_mouse(home: Page) -> None:
    on_grid = home.locator(".grid .cell").evaluate_all("all => all.map(each => each.dataset.item)")
    home.keyboard.press("a")
    home.keyboard.type("garland")
    offered = home.locator("#found [data-item]")
    expect(offered).to_have_count(4)
    found = offered.evaluate_all("all => all.map(each => each.dataset.item)")
    item = next(each for each in found if each not in on_grid)
    home.locator(f'#found [data-item="{item}"] button').press("Enter")
    home.keyboard.type("4")
    home.keyboard.press("Enter")
    expect(home.locator(".cell").nth(3)).to_have_attribute("data-item", item)


def test_a_veto_asks_for_a_reason_and_offers_the_last_one_again(home: Page) -> None:
    reason = home.locator("#veto-dialog").get_by_label("Reason")
    home.locator("#tile-main-5").focus()
    home.keyboard.press("v")
    home.keyboard.press("Enter")
    expect(reason).to_be_focused()
    home.keyboard.type("Out of season")
    home.keyboard.press("Enter")
    status(home, "Vetoed")
    expect(home.locator("#tile-main-5")).to_be_focused()
    home.keyboard.press("v")
    expect(reason).to_have_value("Out of season")


def test_bad_input_is_said_in_the_dialog_and_what_was_typed_stays(home: Page) -> None:
    home.locator("#tile-main-5").focus()
    home.keyboard.press("b")
    home.get_by_label("Factor").fill("1")
    home.keyboard.press("Enter")
    dialog = home.get_by_role("dialog", name="Boost or bury")
    expect(dialog.get_by_role("alert")).to_contain_text("above 1 boosts")
    expect(home.get_by_label("Factor")).to_have_value("1")


def test_one_key_switches_live_draft_difference_and_rules(home: Page) -> None:
    for key, part in (("l", "show=live"), ("f", "show=difference"), ("r", "rules=off")):
        home.keyboard.press(key)
        home.wait_for_url(f"**{part}**")
    home.keyboard.press("d")
    home.wait_for_url(lambda url: "show=" not in url)
    expect(home.get_by_text("this is the model alone")).to_be_visible()


def test_the_shopper_is_one_key_away_and_the_address_can_be_shared(
    home: Page, desk: RunningDesk, new_page: Callable[..., Page]
) -> None:
    home.keyboard.press("s")
    expect(home.get_by_label("Shopper", exact=True)).to_be_focused()
    home.keyboard.press("ControlOrMeta+A")
    home.keyboard.type("cleo")
    home.keyboard.press("Enter")
    home.wait_for_url("**as=cleo**")
    expect(home.locator("#who summary")).to_contain_text("cleo, GB")
    shared = home.locator(".grid .cell").evaluate_all("all => all.map(each => each.dataset.item)")
    other = new_page()
    desk.sign_in(other, Role.VIEWER, home.url.split(str(desk.port), 1)[1])
    assert other.locator(".grid .cell").evaluate_all("all => all.map(each => each.dataset.item)") == shared


def test_the_item_beside_the_page_is_found_as_one_types(home: Page, desk: RunningDesk) -> None:
    home.goto(desk.url("/surfaces/product"))
    home.keyboard.press("c")
    home.keyboard.type("red mug")
    home.locator("#beside-found").get_by_role("link", name="Red Mug").click()
    home.wait_for_url("**context=i01**")
    expect(home.locator("#beside summary")).to_contain_text("Red Mug")


def test_a_skipped_hour_is_refused_in_words(home: Page) -> None:
    home.keyboard.press("m")
    home.get_by_label("Date and time").fill("2026-03-29T01:30")
    home.get_by_label("Time zone").first.fill("Europe/London")
    home.locator("#when").get_by_role("button", name="Look").click()
    expect(home.get_by_role("alert").first).to_contain_text("does not exist in Europe/London")


def test_the_list_of_keys_names_those_of_this_page(home: Page) -> None:
    home.keyboard.press("?")
    expect(home.get_by_role("dialog", name="Keys")).to_contain_text("Carry the tile to another slot")


def test_arrows_walk_through_what_was_found_and_enter_takes_the_first(home: Page) -> None:
    home.keyboard.press("a")
    home.keyboard.type("garland")
    expect(home.locator("#found [data-item]")).to_have_count(4)
    home.keyboard.press("ArrowDown")
    home.keyboard.press("ArrowDown")
    expect(home.locator("#found [data-opens]").nth(1)).to_be_focused()
    home.keyboard.press("ArrowUp")
    home.keyboard.press("ArrowUp")
    first = home.locator("#found [data-item]").first.get_attribute("data-title") or ""
    home.keyboard.press("Enter")
    expect(home.get_by_role("dialog", name="Pin")).to_contain_text(first)


def test_the_counts_in_the_rail_follow_the_draft(home: Page) -> None:
    surface = home.locator(".rail-nav").get_by_role("link", name="Home")
    expect(surface).not_to_contain_text("drafted")
    home.locator("#tile-main-9").focus()
    home.keyboard.press("p")
    home.keyboard.type("2")
    home.keyboard.press("Enter")
    expect(surface).to_contain_text("1 drafted")
