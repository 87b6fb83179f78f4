"""The surface and publishing pages in every state that people meet: accessible, and never wider than the screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.running_desk import RunningDesk, let_people_in, running_desk
from support.tiny_shop import TinyShop, make_tiny_shop

from recsys.domain.ids import ItemId
from recsys.domain.people import OPERATOR, Actor, Role
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import Pin, theme_id
from recsys.domain.scopes import Scope
from recsys.services.catalog import find_items, upsert_items
from recsys.services.drafting import put_rule, read_draft, rule_token

ADDRESSES = (
    "/surfaces/home?as=ann",
    "/surfaces/home?as=ann&show=difference",
    "/surfaces/home?show=live",
    "/surfaces/product?context=i01",
    "/surfaces/cart?as=ann",
    "/surfaces/cart?as=ann&show=difference",
    "/surfaces/cart?as=ann&market=Nirgends",
    "/publish",
)
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
WIDE = (
    "() => [...document.querySelectorAll('main *')].filter(e => !e.closest('.grid.line') && "
    "e.getBoundingClientRect().right > window.innerWidth).map(e => e.outerHTML.slice(0, 90)).slice(0, 5)"
)
AXE = "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"


@pytest.fixture(scope="module")
def desk(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """A desk for looking only, with a title that is one long word and a draft by two people."""
    folder = tmp_path_factory.mktemp("looks")
    database = folder / "recsys.db"
    database.write_bytes(migrated_sqlite.read_bytes())
    tiny = make_tiny_shop(folder / "home", f"sqlite:///{database}")
    let_people_in(tiny.shop)
    _lengthen(tiny)
    _lay_out(tiny)
    for number, name in enumerate(("jo@shop.example", "editor@shop.example"), start=1):
        pin = Pin(
            id=f"pin-{number}", slot=number, item_id=ItemId("i20"), scope=Scope(surface="home"), notes=LONG
        )
        put_rule(tiny.shop, Actor(name, Role.EDITOR), pin, expected="new")
    with running_desk(tiny.environment, folder) as running:
        yield running


def _lengthen(tiny: TinyShop) -> None:
    items = find_items(tiny.shop, ["i07", "i20"])
    upsert_items(tiny.shop, OPERATOR, [replace(item, title=LONG) for item in items.values()])


def _lay_out(tiny: TinyShop) -> None:
    """Draft a page of rows for the basket: one with a long title, one that nobody gets."""
    cart = read_draft(tiny.shop).live.surface("cart")
    rows = (
        RowSettings(),
        RowSettings("new", title=LONG, kind=RowKind.NEW),
        RowSettings("tea", kind=RowKind.THEME, theme=theme_id("tea-time"), min_size=50),
    )
    laid = replace(cart, rows=rows)
    put_rule(tiny.shop, OPERATOR, laid, expected=rule_token(read_draft(tiny.shop), laid.id))


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(1440, "light"), (1440, "dark"), (768, "light"), (768, "dark"), (320, "light"), (320, "dark")],
)
def test_no_page_has_a_barrier(
    desk: RunningDesk, new_page: Callable[..., Page], axe_source: str, width: int, scheme: str
) -> None:
    page = still_page(new_page, viewport={"width": width, "height": 900}, color_scheme=scheme)
    desk.sign_in(page, Role.PUBLISHER)
    for address in ADDRESSES:
        page.goto(desk.url(address))
        assert violations(page, axe_source) == [], address


def test_no_page_is_wider_than_the_screen(desk: RunningDesk, page: Page) -> None:
    desk.sign_in(page, Role.PUBLISHER)
    for address in ADDRESSES:
        page.goto(desk.url(address))
        for width in (1440, 1024, 768, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (
                address,
                width,
                page.evaluate(WIDE),
            )


@pytest.mark.parametrize("key", ["p", "v", "t", "b", "x", "g", "s", "m", "Shift+P", "n"])
def test_every_dialog_and_chooser_is_accessible(
    desk: RunningDesk, new_page: Callable[..., Page], axe_source: str, key: str
) -> None:
    page = still_page(new_page, viewport={"width": 1280, "height": 800})
    desk.sign_in(page, Role.PUBLISHER, "/surfaces/home?as=ann")
    page.locator("#tile-main-4").focus()
    page.keyboard.press(key)
    expect(page.locator("dialog[open], details.chooser[open]")).to_be_visible()
    assert violations(page, axe_source) == []


def test_a_page_of_rows_holds_at_twice_the_size(
    desk: RunningDesk, new_page: Callable[..., Page], axe_source: str
) -> None:
    page = still_page(new_page, viewport={"width": 720, "height": 450}, device_scale_factor=2)
    desk.sign_in(page, Role.EDITOR, "/surfaces/cart?as=ann")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page, axe_source) == []


def test_the_form_of_a_rule_is_accessible(
    desk: RunningDesk, new_page: Callable[..., Page], axe_source: str
) -> None:
    page = still_page(new_page)
    desk.sign_in(page, Role.EDITOR, "/surfaces/home")
    page.get_by_role("button", name="Edit Pin · slot 3").click()
    expect(page.get_by_label("Priority")).to_be_visible()
    assert violations(page, axe_source) == []


def still_page(new_page: Callable[..., Page], **options: object) -> Page:
    """A page on which nothing fades: axe measures contrast, and must not meet a colour on its way."""
    return new_page(reduced_motion="reduce", bypass_csp=True, **options)


def violations(page: Page, axe_source: str) -> list[str]:
    """What axe finds, one line a place."""
    page.evaluate(axe_source)
    found = page.evaluate(AXE)["violations"]
    return [
        f"{each['id']}: {json.dumps(node['target'])} {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    ]
