"""Two browsers at once: each sees the other, what one proposes the other publishes, and people are managed without barriers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.desk import email_of
from support.running_desk import RunningDesk, let_people_in
from support.tiny_shop import TinyShop, make_tiny_shop

from recsys.domain.people import Actor, Role
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.services.drafting import put_rule, read_draft

EDITOR = Actor(email_of(Role.EDITOR), Role.EDITOR)


@pytest.fixture
def tiny(sqlite_url: str, tmp_path: Path) -> TinyShop:
    made = make_tiny_shop(tmp_path / "home", sqlite_url)
    let_people_in(made.shop)
    pin = Pin(id="pin-new", slot=9, item_id="i01", scope=Scope(surface="home"))
    put_rule(made.shop, EDITOR, pin, expected="new")
    return made


def test_each_sees_the_other_and_what_one_proposes_the_other_hands_back_or_publishes(
    desk: RunningDesk, tiny: TinyShop, new_page: Callable[..., Page]
) -> None:
    ann, pat = new_page(), new_page()
    desk.sign_in(ann, Role.EDITOR, "/publish")
    expect(ann.locator("#presence")).to_be_attached()
    desk.sign_in(pat, Role.PUBLISHER, "/surfaces/home")
    expect(pat.locator("#presence")).to_contain_text("editor on Publish")
    expect(pat.locator("#presence")).to_contain_text("1 drafted change")

    ann.get_by_label("Comment").fill("For the weekend")
    ann.get_by_role("button", name="Propose to a publisher").click()
    ann.get_by_text("1 change is proposed").wait_for()
    expect(ann.locator("#presence")).to_contain_text("publisher on Home")
    pat.goto(desk.url("/"))
    asked = pat.locator(".matters .row").filter(has_text="editor proposes 1 change")
    asked.get_by_role("link").click()
    pat.get_by_text("Hand back", exact=True).first.click()
    pat.get_by_label("What is to be done").fill("Slot 9 is promised")
    pat.keyboard.press("Enter")
    pat.get_by_text("Handed back to editor").wait_for()

    ann.goto(desk.url("/"))
    ann.get_by_text("“Slot 9 is promised”").wait_for()
    pat.goto(desk.url("/publish"))
    pat.get_by_role("button", name="Publish", exact=True).click()
    pat.get_by_text("Published as release").wait_for()
    assert read_draft(tiny.shop).changes == ()


def test_a_plan_is_made_and_called_off(
    desk: RunningDesk, tiny: TinyShop, new_page: Callable[..., Page]
) -> None:
    pat = new_page()
    desk.sign_in(pat, Role.PUBLISHER, "/publish")
    pat.get_by_text("Publish later").click()
    pat.get_by_label("Publish at").fill("2099-12-01T09:00")
    pat.get_by_role("button", name="Plan it").click()
    pat.get_by_role("heading", name="You planned 1 change for").wait_for()
    pat.locator(".proposal").get_by_role("button", name="Call off").click()
    pat.get_by_text("Its changes stay in the draft").wait_for()
    expect(pat.locator(".proposal")).to_have_count(0)
    assert len(read_draft(tiny.shop).changes) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_people_page_has_no_barrier(
    desk: RunningDesk, new_page: Callable[..., Page], axe_source: str, scheme: str
) -> None:
    page = new_page(bypass_csp=True, color_scheme=scheme, viewport={"width": 1440, "height": 900})
    desk.sign_in(page, Role.ADMIN, "/people")
    for width in (1440, 768, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate(axe_source)
        found = page.evaluate(
            "axe.run(document, {runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag22aa']}})"
        )
        assert [each["id"] for each in found["violations"]] == []
