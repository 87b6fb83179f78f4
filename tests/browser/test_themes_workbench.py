"""A theme made by hand: few key presses, no mouse, nothing lost; a text that is typed counts one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from support.hands import Hands
from support.running_desk import RunningDesk
from support.tiny_shop import THEME_MEMBERS, VETOED, TinyShop, tiny_items

from recsys.domain.people import Role
from recsys.domain.rules import Theme
from recsys.services.drafting import read_draft

TITLES = {item.item_id: item.title for item in tiny_items()}
CHOSEN = [item_id for item_id in TITLES if item_id not in THEME_MEMBERS][:20]


@pytest.fixture
def open_at(desk: RunningDesk, new_page: Callable[..., Page]) -> Callable[[str], Page]:
    def open_at(path: str) -> Page:
        page = new_page(
            viewport={"width": 1440, "height": 900},
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        desk.sign_in(page, Role.EDITOR, path)
        return page

    return open_at


def copy(page: Page, text: str) -> None:
    """Put a text where Ctrl+V takes it from, as copying it in a spreadsheet does."""
    page.evaluate("text => navigator.clipboard.writeText(text)", text)


def saved(page: Page, tiny: TinyShop, slug: str) -> Theme:
    page.get_by_text("is saved in the draft").wait_for()
    return read_draft(tiny.shop).rules.theme(slug)


def test_a_theme_of_twenty_from_search_takes_at_most_forty_five(open_at, tiny) -> None:
    page = open_at("/themes")
    hands = Hands(page)
    hands.press("n")
    page.wait_for_url("**/themes/new")
    hands.write("Twenty of a kind")
    hands.press("Enter")
    page.wait_for_url("**/themes/twenty-of-a-kind?begun=yes")
    expect(page.get_by_label("Search the catalog")).to_be_focused()
    for item_id in CHOSEN:
        hands.write(TITLES[item_id])
        hands.press("Enter")
    hands.press("Control+s")
    theme = saved(page, tiny, "twenty-of-a-kind")
    assert list(theme.picks) == CHOSEN
    assert hands.count <= 45


def test_one_search_fills_a_theme_with_an_enter_for_each(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    hands = Hands(page)
    hands.press("a")
    hands.write("red")
    for _ in range(6):
        hands.press("Enter")
    hands.press("Control+s")
    theme = saved(page, tiny, "tea-time")
    assert hands.count == 9
    added = theme.picks[len(THEME_MEMBERS) :]
    assert len(set(added)) == 6
    assert all(TITLES[each].startswith("Red") for each in added)


def test_a_theme_of_twenty_from_a_pasted_list_takes_at_most_four(open_at, tiny) -> None:
    page = open_at("/themes")
    copy(page, "\n".join([*CHOSEN, "no-such-code"]))
    hands = Hands(page)
    hands.press("n")
    page.wait_for_url("**/themes/new")
    hands.press("Control+v")
    hands.write("From a sheet")
    hands.press("Enter")
    page.wait_for_url("**/themes/from-a-sheet?begun=yes")
    assert hands.count <= 4
    assert list(read_draft(tiny.shop).rules.theme("from-a-sheet").picks) == CHOSEN
    page.get_by_text("Not in the catalog: no-such-code.").wait_for()


def test_a_list_pasted_on_the_workbench_is_one_step_that_is_taken_back_whole(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    copy(page, "\n".join([*CHOSEN, THEME_MEMBERS[0], "nope"]))
    hands = Hands(page)
    hands.press("Control+v")
    picks = page.locator("#picks [data-pick]")
    expect(picks).to_have_count(len(THEME_MEMBERS) + 20)
    page.get_by_text("20 items added, 1 was there already, 1 is not in the catalog.").first.wait_for()
    page.get_by_text("1 code is not in the catalog: nope").wait_for()
    hands.press("u")
    expect(picks).to_have_count(len(THEME_MEMBERS))
    hands.press("Control+v")
    expect(picks).to_have_count(len(THEME_MEMBERS) + 20)
    hands.press("Control+s")
    assert len(saved(page, tiny, "tea-time").picks) == len(THEME_MEMBERS) + 20
    assert hands.count == 4


def test_hand_picks_are_walked_carried_and_removed_by_keys(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    first, second, third, fourth = THEME_MEMBERS
    page.locator(f'[data-pick="{first}"]').focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("#picks [data-pick]").nth(1)).to_have_attribute("data-pick", first)
    expect(page.locator(f'[data-pick="{first}"]')).to_be_focused()
    page.keyboard.press("Alt+End")
    page.keyboard.press("ArrowUp")
    expect(page.locator(f'[data-pick="{fourth}"]')).to_be_focused()
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    assert saved(page, tiny, "tea-time").picks == (second, third, first)


def test_a_hand_pick_is_dragged_to_its_place(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    grips = page.locator("#picks .grip")
    # Away from the bar at the foot of the window, which lies over what is beneath it.
    page.locator("#picks").evaluate("list => list.scrollIntoView({block: 'center'})")
    grips.nth(3).drag_to(grips.nth(0), target_position={"x": 4, "y": 2})
    expect(page.locator("#picks [data-pick]").first).to_have_attribute("data-pick", THEME_MEMBERS[3])
    page.keyboard.press("Control+s")
    assert saved(page, tiny, "tea-time").picks == (THEME_MEMBERS[3], *THEME_MEMBERS[:3])


def test_what_shoppers_cannot_have_is_marked_and_what_is_alike_is_offered(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    hands = Hands(page)
    hands.press("a")
    hands.write(VETOED)
    hands.press("Enter")
    expect(page.locator(f'#picks [data-pick="{VETOED}"]')).to_contain_text("vetoed")
    page.get_by_label("Like what is in the theme").check()
    page.get_by_label("Search the catalog").fill("")
    # What was found by its name stands until the answer comes.
    for each in (*THEME_MEMBERS, VETOED):
        expect(page.locator(f'#theme-found [data-found="{each}"]')).to_have_count(0)
    expect(page.locator("#theme-found [data-found]").first).to_be_visible()


def test_three_shoppers_meet_the_theme_side_by_side_as_the_form_stands(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    sides = page.locator("#preview .side")
    expect(sides).to_have_count(3)
    orders = {tuple(sides.nth(n).locator(".title").all_text_contents()) for n in range(3)}
    assert len(orders) == 3
    page.get_by_label("Shopper 1").fill("ann")
    expect(sides.first.get_by_role("heading")).to_have_text("ann")
    page.get_by_role("radio", name="By hand").check()
    expect(sides.nth(0).locator(".title").first).to_have_text(TITLES[THEME_MEMBERS[0]])
    expect(sides.nth(2).locator(".title").first).to_have_text(TITLES[THEME_MEMBERS[0]])


def test_a_theme_is_placed_on_a_surface_while_unsaved_work_stays(open_at, tiny) -> None:
    page = open_at("/themes/tea-time")
    page.get_by_label("Blurb", exact=True).fill("Not saved yet")
    page.get_by_role("button", name="Place it on a surface").click()
    page.get_by_label("Slots").fill("8, 12")
    page.keyboard.press("Enter")
    page.get_by_text("Placed “Tea time” in slot 8, 12 of").wait_for()
    expect(page.get_by_label("Blurb", exact=True)).to_have_value("Not saved yet")
    draft = read_draft(tiny.shop)
    assert {change.after.slot for change in draft.changes} == {8, 12}
