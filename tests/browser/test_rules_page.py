"""The rules page in a browser: many rules changed by keyboard alone, and what a rule says told while it is typed."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from support.desk import PASSWORD, DeskUnderTest, email_of, make_desk_home, open_desk
from werkzeug.serving import make_server

from recsys.domain.people import Role
from recsys.services.drafting import read_draft


@pytest.fixture
def desk(tmp_path, migrated_sqlite) -> Iterator[tuple[DeskUnderTest, str]]:
    shutil.copy(migrated_sqlite, tmp_path / "recsys.db")
    make_desk_home(tmp_path, f"sqlite:///{tmp_path / 'recsys.db'}")
    made = open_desk(tmp_path)
    server = make_server("127.0.0.1", 0, made.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made, f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    made.shop.database.close()


@pytest.fixture
def page(new_page, desk) -> Page:
    page = new_page()
    page.goto(f"{desk[1]}/login")
    page.get_by_label("Email").fill(email_of(Role.EDITOR))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{desk[1]}/")
    return page


def test_all_rules_of_a_kind_are_paused_and_resumed_by_keyboard_alone(desk, page) -> None:
    made, address = desk
    page.goto(f"{address}/rules?kind=pin")
    page.get_by_label("All on this page").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("2 ticked")).to_be_visible()
    page.get_by_label("With the ticked rules").focus()
    page.keyboard.type("Pause")
    page.get_by_role("button", name="Apply").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Paused 2 rules in the draft.").wait_for()
    expect(page.locator(".rule-list .badge.paused")).to_have_count(2)
    expect(page.get_by_role("button", name="Apply")).to_be_focused()
    page.keyboard.press("u")
    page.get_by_text("Undone: 2 changes.").wait_for()
    expect(page.locator(".rule-list .badge.paused")).to_have_count(0)
    assert read_draft(made.shop).changes == ()


def test_one_rule_is_paused_in_place_with_the_focus_kept(desk, page) -> None:
    page.goto(f"{desk[1]}/rules")
    page.get_by_role("button", name="Pause Veto: Blue Lantern").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Resume Veto: Blue Lantern")).to_be_focused()


def test_shift_and_a_click_tick_a_range(desk, page) -> None:
    page.goto(f"{desk[1]}/rules")
    boxes = page.locator('input[name="rule"][form="bulk"]')
    boxes.nth(0).click()
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.get_by_text("4 ticked")).to_be_visible()


def test_what_a_selector_holds_and_a_window_that_cannot_be_are_told_while_typing(desk, page) -> None:
    page.goto(f"{desk[1]}/rules/new?kind=veto")
    effect = page.locator("#effect")
    page.get_by_label("Reason").fill("Out of season")
    page.get_by_text("By tag, price, age, market or group").click()
    page.get_by_label("Tags", exact=True).fill("garland")
    expect(effect.get_by_text("It holds 4 items now:")).to_be_visible()
    page.get_by_label("From", exact=True).fill("2026-12-02T10:00")
    page.get_by_label("Until").fill("2026-12-01T10:00")
    expect(effect.get_by_text("End: must be after the start")).to_be_visible()
    page.get_by_label("Until").fill("2026-12-05T10:00")
    expect(effect.get_by_text("3 days long")).to_be_visible()
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("Made Veto: every item with tag garland in the draft.").wait_for()


def test_a_file_is_chosen_looked_at_and_brought_in(desk, page) -> None:
    made, address = desk
    page.goto(f"{address}/rules/import")
    data = b"kind,slot,item_id,surface\npin,9,i20,home\n"
    page.get_by_label("File").set_input_files({"name": "rules.csv", "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Bring 1 rule into the draft").click()
    page.get_by_text("Brought 1 rule into the draft.").wait_for()
    assert len(read_draft(made.shop).changes) == 1


def test_themes_come_from_a_file_after_its_bad_lines_were_mended(desk, page) -> None:
    made, address = desk
    page.goto(f"{address}/themes")
    page.get_by_role("link", name="Import").click()
    told = {"name": "themes.csv", "mimeType": "text/csv"}
    page.get_by_label("File").set_input_files({**told, "buffer": b"slug,title,head\nboats,Boats,some\n"})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("row", name="2 head “some” is no whole number").wait_for()
    page.get_by_label("File").set_input_files({**told, "buffer": b"slug,title,head\nboats,Boats,1\n"})
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Bring 1 theme into the draft").click()
    page.get_by_text("Brought 1 theme into the draft.").wait_for()
    assert read_draft(made.shop).rules.theme("boats").head == 1
