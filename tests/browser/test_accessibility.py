"""Every page under axe, in both colour schemes and three widths; and by keyboard alone."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from support.desk import PASSWORD, email_of, make_desk_home, open_desk
from support.tiny_shop import BEGAN
from werkzeug.serving import make_server

from recsys.domain.events import Event, EventType, Followed
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.people import Role
from recsys.services.events import record_events

PAGES = {
    "desk": "/",
    "surface": "/surfaces/home",
    "difference": "/surfaces/home?show=difference",
    "themes": "/themes",
    "a new theme": "/themes/new",
    "workbench": "/themes/tea-time",
    "vetoes": "/vetoes",
    "runs": "/runs",
    "run": "/runs/run-2",
    "releases": "/releases",
    "release": "/releases/3",
    "what rules bring": "/releases/rules",
    "audit": "/audit",
    "search": "/search?q=red",
    "publish": "/publish",
    "nothing": "/nothing-here",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP, TABLET, PHONE = (1440, 900), (768, 1024), (320, 640)
LONG_TITLE = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"


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
    desk.signed_in(Role.PUBLISHER).post("/vetoes/takedowns", {"item_id": "i31", "reason": "Recalled"})
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
    server = make_server("127.0.0.1", 0, desk.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    desk.shop.database.close()


@pytest.fixture(scope="module")
def session(browser, address) -> dict:
    """The cookies of a publisher, so that not every page signs in anew."""
    page = browser.new_page()
    page.goto(f"{address}/login")
    page.get_by_label("Email").fill(email_of(Role.PUBLISHER))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")
    state = page.context.storage_state()
    page.close()
    return state


@pytest.fixture
def visit(new_page, session, address) -> Callable[..., Page]:
    def visit(path: str, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Page:
        page = new_page(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            storage_state=session,
            reduced_motion="reduce",
            # axe is put into the page from outside; the policy that keeps scripts out is tested elsewhere.
            bypass_csp=True,
        )
        page.goto(f"{address}{path}")
        return page

    return visit


def violations(page: Page, axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_barrier_light_or_dark_wide_or_narrow(visit, axe_source, name):
    page = visit(PAGES[name])
    assert violations(page, axe_source) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, axe_source) == []
    for width, height in (TABLET, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page, axe_source) == []


def test_the_sign_in_has_no_barrier(new_page, address, axe_source):
    page = new_page(bypass_csp=True)
    page.goto(f"{address}/login")
    assert violations(page, axe_source) == []


def test_pages_load_without_breaking_the_policy(new_page, session, address):
    page = new_page(storage_state=session)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for path in PAGES.values():
        if path != PAGES["nothing"]:
            page.goto(f"{address}{path}")
    assert said == []


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
    expect(picks.nth(last - 2)).to_have_text("Ivory Clock")
    page.keyboard.press("u")
    page.get_by_text("Undone:").wait_for()


def test_the_preview_follows_the_form_before_it_is_saved(visit):
    page = visit("/themes/tea-time")
    page.get_by_label("Tags").fill("lantern")
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
