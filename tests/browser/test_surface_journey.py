"""The main job, end to end: pin, veto, place a theme, see the difference, publish, be served, roll back, read the story."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.endpoint import Endpoint, running_endpoint
from support.promise import let_the_promised_second_pass
from support.running_desk import RunningDesk
from support.tiny_shop import TinyShop

from recsys.domain.people import Role

WORKERS = 2


@pytest.fixture
def endpoint(tiny: TinyShop, tmp_path: Path) -> Iterator[Endpoint]:
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=WORKERS) as endpoint:
        yield endpoint


def on_grid(page: Page) -> list[str]:
    """The items of the grid, in the order of their slots."""
    return page.locator(".grid .cell").evaluate_all("all => all.map(each => each.dataset.item)")


def served(endpoint: Endpoint, **asked: object) -> list[list[str]]:
    """What each worker answers to the same question, a second from now."""
    let_the_promised_second_pass(endpoint)
    return [reply.item_ids for reply in endpoint.recommend_everywhere(user_id="ann", limit=20, **asked)]


def toast(page: Page, text: str) -> None:
    expect(page.get_by_role("status")).to_contain_text(text)


def press_on(page: Page, slot: int, key: str) -> str:
    """Press a key on the tile of a slot; the tile's title."""
    page.locator(f"#tile-main-{slot}").focus()
    page.keyboard.press(key)
    return page.locator(".grid .cell").nth(slot - 1).get_attribute("data-title") or ""


def test_what_an_editor_makes_is_what_shoppers_get_and_a_roll_back_brings_the_old_slate_back(
    desk: RunningDesk, endpoint: Endpoint, page: Page
) -> None:
    before = endpoint.recommend(user_id="ann", limit=20).item_ids
    desk.sign_in(page, Role.PUBLISHER, "/surfaces/home?as=ann")
    assert on_grid(page) == before

    pinned = press_on(page, 8, "p")
    page.get_by_label("Slot", exact=True).fill("3")
    page.keyboard.press("Enter")
    toast(page, f"Pinned {pinned} to slot 3")
    expect(page.locator(".cell").nth(2)).to_have_attribute("data-item", before[7])

    vetoed = press_on(page, 1, "v")
    page.locator("#veto-dialog").get_by_label("Reason").fill("Breaks in the post")
    page.keyboard.press("Enter")
    toast(page, f"Vetoed {vetoed}")

    page.get_by_role("button", name="Place a theme").click()
    page.get_by_label("Slots").fill("5")
    page.keyboard.press("Enter")
    toast(page, "Placed “Tea time” in slot 5")
    expect(page.locator(".cell").nth(4)).to_contain_text("Tea time")
    drafted = on_grid(page)
    assert drafted[2] == before[7]
    assert before[0] not in drafted

    page.get_by_role("link", name="Difference").click()
    changed = page.locator(".difference-list")
    for words in (f"Pinned {pinned} to slot 3", f"Vetoed {vetoed}", "Placed the theme Tea time in slot 5"):
        expect(changed).to_contain_text(words)
    assert endpoint.recommend(user_id="ann", limit=20).item_ids == before

    page.get_by_role("link", name="Publish 3 changes").click()
    page.get_by_label("Comment").fill("Tea in the afternoon")
    page.get_by_role("button", name="Publish", exact=True).click()
    toast(page, "Published as release")
    assert served(endpoint) == [drafted] * WORKERS

    page.goto(desk.url("/releases"))
    page.get_by_role("button", name="Roll back").first.click()
    expect(page.get_by_role("status")).to_contain_text("Release")
    assert served(endpoint) == [before] * WORKERS

    page.goto(desk.url("/audit"))
    story = page.locator("main")
    for words in ("published", pinned, vetoed, "Tea time"):
        expect(story).to_contain_text(words)


def test_a_takedown_from_the_grid_is_out_of_every_answer_within_a_second_and_undo_brings_it_back(
    desk: RunningDesk, endpoint: Endpoint, page: Page
) -> None:
    before = endpoint.recommend(user_id="ann", limit=20).item_ids
    desk.sign_in(page, Role.PUBLISHER, "/surfaces/home?as=ann")
    press_on(page, 2, "x")
    page.locator("#takedown-dialog").get_by_label("Reason").fill("Recalled by the maker")
    page.get_by_role("button", name="Take down", exact=False).last.click()
    expect(page.locator(f'.cell[data-item="{before[1]}"]')).to_have_count(0)
    undo = page.get_by_role("status").get_by_role("button", name="Undo")
    undo.focus()  # the message stays for as long as it has the focus
    assert all(before[1] not in answer for answer in served(endpoint))
    assert all(before[1] not in answer for answer in served(endpoint, rules="off"))
    undo.click()
    expect(page.locator(f'.cell[data-item="{before[1]}"]')).to_have_count(1)
    assert served(endpoint) == [before] * WORKERS


def test_two_editors_of_one_rule_are_told_and_lose_nothing(
    desk: RunningDesk, new_page: Callable[..., Page]
) -> None:
    first, second = new_page(), new_page()
    desk.sign_in(first, Role.EDITOR, "/surfaces/home")
    desk.sign_in(second, Role.PUBLISHER, "/surfaces/home")
    for page, notes in ((first, "For the fair"), (second, "For the window")):
        page.get_by_role("button", name="Edit Pin · slot 3").click()
        page.get_by_label("Notes").fill(notes)
    first.get_by_role("button", name="Save in the draft").click()
    toast(first, "Saved")
    second.get_by_role("button", name="Save in the draft").click()
    told = second.get_by_role("dialog")
    expect(told).to_contain_text("editor saved another version while you were editing")
    expect(told).to_contain_text("For the fair")
    expect(told).to_contain_text("For the window")
    second.get_by_role("button", name="Save mine over it").click()
    toast(second, "Saved")
    expect(second.locator("#rule-pin-mug")).to_contain_text("For the window")


def test_one_publishes_only_ones_own_changes(desk: RunningDesk, new_page: Callable[..., Page]) -> None:
    editor, publisher = new_page(), new_page()
    for page, role, slot in ((editor, Role.EDITOR, "9"), (publisher, Role.PUBLISHER, "11")):
        desk.sign_in(page, role, "/surfaces/home")
        press_on(page, 14, "p")
        page.get_by_label("Slot", exact=True).fill(slot)
        page.keyboard.press("Enter")
        toast(page, f"to slot {slot}")
    publisher.get_by_role("link", name="Publish 2 changes").click()
    publisher.get_by_role("button", name="Mine").click()
    publisher.get_by_role("button", name="Publish", exact=True).click()
    toast(publisher, "Published as release")
    expect(publisher.get_by_role("link", name="Publish 1 change")).to_be_visible()
    expect(publisher.get_by_text("editor is in this draft too")).to_be_visible()
