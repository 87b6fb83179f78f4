"""How few key presses an editor needs from a tile that has the focus; a text that is typed counts one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, Route, expect
from support.hands import Hands
from support.running_desk import RunningDesk
from support.tiny_shop import THEME_MEMBERS, VETOED, TinyShop, tiny_items

from recsys.domain.people import Role
from recsys.domain.rules import Veto
from recsys.services.drafting import read_draft


@pytest.fixture
def home(desk: RunningDesk, new_page: Callable[..., Page]) -> Page:
    page = new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    desk.sign_in(page, Role.PUBLISHER, "/surfaces/home?as=ann")
    return page


@pytest.fixture
def hands(home: Page) -> Hands:
    """Hands over the tile in slot 9."""
    home.locator("#tile-main-9").focus()
    return Hands(home)


def item_at(page: Page, slot: int) -> str:
    return page.locator(".grid .cell").nth(slot - 1).get_attribute("data-item") or ""


def status(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(text)


@pytest.mark.parametrize("slot", ["1", "2", "5", "12"])
def test_a_pin_to_a_slot_takes_two(home: Page, hands: Hands, slot: str) -> None:
    item = item_at(home, 9)
    hands.press("p")
    hands.write(slot)
    status(home, f"to slot {slot}")
    assert hands.count <= 2
    expect(home.locator(".grid .cell").nth(int(slot) - 1)).to_have_attribute("data-item", item)
    expect(home.locator(f"#tile-main-{slot}")).to_be_focused()


def test_a_pin_to_the_slot_where_it_stands_takes_two(home: Page, hands: Hands) -> None:
    hands.press("p")
    hands.press("Enter")
    status(home, "to slot 9")
    assert hands.count <= 2
    expect(home.locator("#tile-main-9")).to_be_focused()


def test_a_veto_with_a_standing_reason_takes_two(home: Page, hands: Hands, tiny: TinyShop) -> None:
    item = item_at(home, 9)
    hands.press("v")
    hands.press("1")
    status(home, "Vetoed")
    assert hands.count <= 2
    [veto] = [each for each in read_draft(tiny.shop).rules.of(Veto) if each.target.item_id == item]
    assert veto.reason == "Breaks in the post"
    expect(home.locator("#tile-main-9")).to_be_focused()


@contextmanager
def renewals_held(page: Page) -> Iterator[None]:
    """The grid does not renew itself while the block runs."""
    waiting: list[Route] = []
    held = True

    def renewal(route: Route) -> None:
        if held:
            waiting.append(route)
        else:
            route.continue_()

    page.route(re.compile(r"/surfaces/home\?"), renewal)
    yield
    held = False
    for route in waiting:
        route.continue_()


def test_keys_pressed_while_the_grid_renews_itself_wait_for_it(
    home: Page, hands: Hands, tiny: TinyShop
) -> None:
    item = item_at(home, 9)
    with renewals_held(home):
        with home.expect_request(re.compile(r"/surfaces/home\?")):
            hands.press("p")
            hands.press("Enter")
        hands.press("v")
        hands.press("1")
    status(home, "Vetoed")
    [veto] = [each for each in read_draft(tiny.shop).rules.of(Veto) if each.target.item_id == item]
    assert veto.reason == "Breaks in the post"


def test_a_dialog_opened_while_the_grid_renews_itself_stays(home: Page, hands: Hands) -> None:
    with renewals_held(home):
        with home.expect_request(re.compile(r"/surfaces/home\?")):
            hands.press("p")
            hands.press("Enter")
        home.get_by_role("button", name="Place a theme").click()
    expect(home.locator("#place-dialog")).to_be_visible()
    expect(home.locator("#publish-link")).to_contain_text("Publish 1 change")
    expect(home.get_by_label("Slots")).to_be_visible()


def test_an_undo_takes_one(home: Page, hands: Hands, tiny: TinyShop) -> None:
    hands.press("p")
    hands.press("Enter")
    status(home, "to slot 9")
    hands.count = 0
    hands.press("u")
    status(home, "Undone")
    assert hands.count <= 1
    assert read_draft(tiny.shop).changes == ()


def test_publishing_with_a_comment_takes_three(home: Page, hands: Hands, tiny: TinyShop) -> None:
    hands.press("p")
    hands.press("Enter")
    status(home, "to slot 9")
    hands.count = 0
    hands.press("Shift+P")
    hands.write("For the weekend")
    hands.press("Enter")
    status(home, "Published as release")
    assert hands.count <= 3
    with tiny.shop.database.read() as unit:
        assert unit.releases.info(read_draft(tiny.shop).live_number).comment == "For the weekend"
    expect(home.locator("#tile-main-9")).to_be_focused()
    expect(home.get_by_text("Nothing to publish")).to_be_visible()


def test_pinning_what_is_not_on_the_grid_takes_four(home: Page, hands: Hands) -> None:
    on_grid = home.locator(".grid .cell").evaluate_all("all => all.map(each => each.dataset.item)")
    wanted = next(each for each in tiny_items()[2:35] if each.item_id not in {*on_grid, VETOED})
    hands.press("a")
    hands.write(wanted.title)
    expect(home.locator("#found [data-item]")).to_have_count(1)
    hands.press("Enter")
    hands.write("4")
    status(home, "to slot 4")
    assert hands.count <= 4
    expect(home.locator(".grid .cell").nth(3)).to_have_attribute("data-item", wanted.item_id)


def test_adding_to_a_theme_takes_two(home: Page, hands: Hands) -> None:
    slot = next(slot for slot in range(8, 20) if item_at(home, slot) not in THEME_MEMBERS)
    home.locator(f"#tile-main-{slot}").focus()
    hands.press("t")
    hands.press("Enter")
    status(home, "to “Tea time”")
    assert hands.count <= 2
    expect(home.locator(f"#tile-main-{slot}")).to_be_focused()


def test_by_its_button_the_dialog_waits_for_whoever_needs_time(home: Page, hands: Hands) -> None:
    home.locator(".cell").nth(8).get_by_role("button", name="Pin", exact=False).first.click()
    hands.write("5")
    expect(home.get_by_role("dialog", name="Pin")).to_be_visible()
    expect(home.get_by_label("Slot", exact=True)).to_have_value("5")
    hands.press("Enter")
    status(home, "to slot 5")
