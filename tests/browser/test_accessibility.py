"""Every page under axe, in both colour schemes and three widths; and by keyboard alone."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from support.desk import PASSWORD, email_of, make_desk_home, open_desk
from support.tiny_shop import BEGAN
from werkzeug.serving import make_server

from recsys.domain.events import Event, EventType, Followed
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.people import OPERATOR, Role
from recsys.services.drafting import read_draft
from recsys.services.events import record_events
from recsys.services.keys import add_key, revoke_key

PAGES = {
    "desk": "/",
    "surface": "/surfaces/home",
    "difference": "/surfaces/home?show=difference",
    "themes": "/themes",
    "a new theme": "/themes/new",
    "workbench": "/themes/tea-time",
    "themes from a file": "/themes/import",
    "vetoes": "/vetoes",
    "rules": "/rules",
    "a rule": "/rules/edit?rule=pin-mug",
    "a new veto": "/rules/new?kind=veto",
    "rules from a file": "/rules/import",
    "runs": "/runs",
    "run": "/runs/run-2",
    "what a run changes": "/runs/run-2/changes",
    "releases": "/releases",
    "release": "/releases/3",
    "what rules bring": "/releases/rules",
    "audit": "/audit",
    "account": "/account",
    "search": "/search?q=red",
    "publish": "/publish",
    "nothing": "/nothing-here",
    "people": "/people",
    "keys": "/keys",
}
FOR_ADMINS = {"/people", "/keys"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, TABLET, PHONE = (1440, 900), (768, 1024), (320, 640)
LONG_TITLE = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"

LONG_ORIGINS = (f"https://{'donaudampfschifffahrt' * 3}.example:8443", "https://shop.example")


@pytest.fixture(scope="module")
def address(tmp_path_factory, migrated_sqlite) -> Iterator[str]:
    home = tmp_path_factory.mktemp("accessible")
    shutil.copy(migrated_sqlite, home / "recsys.db")
    make_desk_home(home, f"sqlite:///{home / 'recsys.db'}")
    desk = open_desk(home)
    editor = desk.signed_in(Role.EDITOR)
    editor.post(
        "/themes", {"title": LONG_TITLE, "blurb": f"Alles für {LONG_TITLE.lower()}", "codes": "i01\ni39"}
    )
    editor.post("/vetoes", {"item_id": "i30", "reason": LONG_TITLE})
    publisher = desk.signed_in(Role.PUBLISHER)
    publisher.post("/vetoes/takedowns", {"item_id": "i31", "reason": "Recalled"})
    soon = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    pin = {"kind": "pin", "slot": "3", "scope_surface": "home", "window_end": soon, "notes": LONG_TITLE}
    editor.post("/rules/new", {**pin, "item_id": "i08", "review": "2026-01-01", "window_zone": "UTC"})
    changes = [change.id for change in read_draft(desk.shop).changes]
    for comment in ("For the weekend", LONG_TITLE):
        editor.post("/proposals", {"change": changes, "comment": comment})
    publisher.post("/proposals/1/return", {"word": f"Not yet: {LONG_TITLE}"})
    editor.post("/presence", headers={"HX-Current-URL": "http://localhost/themes/tea-time"})
    followed = Followed(RuleId("pin-mug"), (RuleId("boost-1"),), (RuleId("pin-gone"),))
    click = Event(
        event_id="e",
        type=EventType.CLICK,
        item_id=ItemId("i07"),
        at=BEGAN,
        user=UserId("ann"),
        followed=followed,
    )
    record_events(desk.shop, [click], desk.shop.clock())
    add_key(desk.shop, OPERATOR, LONG_TITLE, ["read", "events"], publishable=True, origins=LONG_ORIGINS)
    revoke_key(desk.shop, OPERATOR, add_key(desk.shop, OPERATOR, "old", ["admin"], rate_limit=600)[1].id)
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    desk.shop.database.close()


@pytest.fixture(scope="module")
def sessions(browser, address) -> dict[Role, dict]:
    """The cookies of a publisher and of an admin, so that not every page signs in anew."""
    return {role: _signed_in(browser, address, role) for role in (Role.PUBLISHER, Role.ADMIN)}


def _signed_in(browser, address: str, role: Role) -> dict:
    page = browser.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill(email_of(role))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    state = page.context.storage_state()
    page.close()
    return state


@pytest.fixture
def visit(new_page, sessions, address) -> Callable[..., Page]:
    def visit(path: str, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
        page = new_page(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            storage_state=sessions[Role.ADMIN if path in FOR_ADMINS else Role.PUBLISHER],
            reduced_motion="reduce",
            # axe is put into the page from outside; the policy that keeps scripts out is tested elsewhere.
            bypass_csp=True,
        )
        page.goto(f"{address}{path}")
        # What is on its way is faint, and its words are not the page's yet.
        expect(page.locator(".htmx-request")).to_have_count(0)
        return page

    return visit


def violations(page: Page, axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier_light_or_dark_wide_or_narrow(visit, axe_source, name):
    page = visit(PAGES[name])
    page.evaluate(axe_source)
    for width, height in (DESKTOP, TABLET, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert violations(page, axe_source) == [], f"{scheme}, {width} px"


def test_the_sign_in_has_no_barrier(new_page, address, axe_source):
    page = new_page(bypass_csp=True)
    page.goto(f"{address}/login")
    assert violations(page, axe_source) == []


def test_pages_load_without_breaking_the_policy(new_page, sessions, address):
    page = new_page(storage_state=sessions[Role.ADMIN])
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for path in PAGES.values():
        if path != PAGES["nothing"]:
            page.goto(f"{address}{path}")
    assert said == []


def test_a_key_is_made_copied_and_revoked_without_a_barrier(visit, axe_source):
    page = visit("/keys")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_label("Name").fill("page")
    page.get_by_label("Publishable: for pages").check()
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_label("Origins")).to_have_accessible_description(re.compile("needs the origins"))
    assert violations(page, axe_source) == []
    page.get_by_label("Origins").fill("https://shop.example")
    page.get_by_role("button", name="Make the key").click()
    shown = page.get_by_label("Key", exact=True)
    expect(shown).to_have_value(re.compile("^rk_.{43}$"))
    for width, height in (PHONE, TABLET, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert violations(page, axe_source) == []
    page.get_by_role("button", name="Copy Key").click()
    page.get_by_text("Copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == shown.input_value()
    page.locator("summary", has_text="Revoke").first.click()
    page.get_by_role("button", name="Yes, revoke page").click()
    page.get_by_text("The key “page” works no longer.").wait_for()


def test_the_first_stop_of_the_keyboard_skips_to_the_page(visit):
    page = visit("/themes")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_slash_finds_anything_and_arrows_walk_through_it(visit):
    page = visit("/audit")
    page.keyboard.press("/")
    page.keyboard.type("tea time")
    page.get_by_role("link", name="Tea time", exact=False).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/themes/tea-time")


def test_an_item_found_anywhere_is_ready_to_be_pinned(visit):
    page = visit("/search?q=red+garland")
    page.get_by_role("link", name="Pin Red Garland").click()
    page.wait_for_url("**/surfaces/home?find=i10")
    page.locator("#found").get_by_text("Red Garland").wait_for()


def test_a_question_mark_shows_the_keys_and_escape_hides_them(visit):
    page = visit("/releases")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()


def test_hand_picks_are_found_added_ordered_and_saved_by_keyboard_alone(visit):
    page = visit("/themes/tea-time")
    page.get_by_label("Search the catalog").focus()
    page.keyboard.type("ivory clock")
    page.get_by_role("button", name="Add Ivory Clock").wait_for()
    page.keyboard.press("Enter")
    picks = page.locator("#picks .title")
    page.locator("#picks").get_by_text("Ivory Clock").wait_for()
    last = picks.count() - 1
    expect(picks.nth(last)).to_have_text("Ivory Clock")
    page.get_by_role("button", name="Move Ivory Clock up").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+ArrowUp")
    expect(picks.nth(last - 2)).to_have_text("Ivory Clock")
    page.get_by_role("button", name="Save", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_text("is saved in the draft").wait_for()
    page.wait_for_load_state()  # the new page listens to keys once its scripts are there
    expect(picks.nth(last - 2)).to_have_text("Ivory Clock")
    page.keyboard.press("u")
    page.get_by_text("Undone:").wait_for()


def test_the_preview_follows_the_form_before_it_is_saved(visit):
    page = visit("/themes/tea-time")
    page.get_by_label("Tags", exact=True).fill("lantern")
    page.locator("#preview").get_by_text("by rule: tag lantern").wait_for()


def test_the_menu_of_a_phone_opens_and_leads_on(visit):
    page = visit("/", PHONE)
    link = page.get_by_role("navigation").get_by_role("link", name="Releases")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    link.click()
    page.wait_for_url("**/releases")


def test_dark_is_chosen_by_hand_and_kept(visit):
    page = visit("/themes")
    page.get_by_label("Appearance").select_option("dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
