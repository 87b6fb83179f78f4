"""The shop front in the hands of a shopper, over a real endpoint; and what is left when that is away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from support.endpoint import Endpoint, free_port, running_endpoint
from support.shopfront import key_of, running_shopfront, with_rows
from support.tiny_shop import PINNED, THEME_MEMBERS, make_tiny_shop

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIZES = [(1440, 900), (768, 1024), (320, 640)]
PATHS = ["/", "/items/i05", "/cart", "/themes/tea-time", "/nothing-here"]


@dataclass(frozen=True, slots=True)
class Front:
    """The address of the shop front, and the endpoint that it calls."""

    address: str
    endpoint: Endpoint


@pytest.fixture
def front(sqlite_url: str, tmp_path: Path) -> Iterator[Front]:
    tiny = with_rows(make_tiny_shop(tmp_path / "home", sqlite_url))
    key = key_of(tiny)
    with (
        running_endpoint(tiny.environment, tmp_path, key=key, workers=1) as endpoint,
        running_shopfront(tiny, endpoint.port, key) as address,
    ):
        yield Front(address, endpoint)
    tiny.shop.database.close()


@pytest.fixture
def away(sqlite_url: str, tmp_path: Path) -> Iterator[str]:
    tiny = make_tiny_shop(tmp_path / "home", sqlite_url)
    with running_shopfront(tiny, free_port(), "a key") as address:
        yield address
    tiny.shop.database.close()


@pytest.fixture
def home(front: Front, new_page: Callable[..., Page]) -> Iterator[Page]:
    page, wrong = new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce"), []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(front.address)
    yield page
    assert wrong == []


def goods(page: Page, row: str = "main") -> list[str]:
    return page.locator(f"#row-{row} .good").evaluate_all("all => all.map(each => each.dataset.item)")


def good(page: Page, item: str):
    return page.locator(f'.good[data-item="{item}"]')


def barriers(page: Page, axe_source: str) -> list[str]:
    page.evaluate(axe_source)
    found = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", RULES)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def shop_as(page: Page, who: str) -> None:
    page.get_by_label("You shop as").select_option(label=who)
    page.get_by_role("button", name=re.compile("Change")).click()


def test_home_shows_the_rows_that_the_endpoint_answers(home: Page, front: Front) -> None:
    rows = front.endpoint.ask("/v1/pages/home", query={"user_id": "ann"}).json["rows"]
    assert len(rows) == 3
    assert {row["row"]: goods(home, row["row"]) for row in rows} == {
        row["row"]: [item["item_id"] for item in row["items"]] for row in rows
    }


def test_every_item_says_why_by_keyboard(home: Page) -> None:
    pinned = good(home, PINNED)
    pinned.locator("summary").focus()
    home.keyboard.press("Enter")
    expect(pinned.get_by_text("Our editors chose this")).to_be_visible()
    assert home.locator(".good").count() == home.locator(".good summary").count()


def test_what_is_not_for_me_is_gone_at_once_and_stays_away_until_taken_back(home: Page, front: Front) -> None:
    title = good(home, PINNED).locator(".good-title").inner_text()
    good(home, PINNED).get_by_role("button", name="Not for me").click()
    expect(home.get_by_role("status")).to_contain_text(f"You will not be shown {title} again")
    expect(good(home, PINNED)).to_have_count(0)
    home.goto(front.address)
    expect(good(home, PINNED)).to_have_count(0)
    answered = front.endpoint.recommend(user_id="ann", limit=100).item_ids
    assert PINNED not in answered
    other = good(home, goods(home)[0])
    gone = goods(home)[0]
    other.get_by_role("button", name="Not for me").click()
    expect(good(home, gone)).to_have_count(0)
    home.get_by_role("button", name="Undo").click()
    expect(good(home, gone)).to_have_count(1)
    expect(good(home, PINNED)).to_have_count(0)


def test_what_was_bought_is_shown_no_more(home: Page, front: Front) -> None:
    wanted = goods(home)[1]
    good(home, wanted).locator(".good-link").click()
    home.wait_for_url(re.compile(f"/items/{wanted}"))
    expect(home.get_by_role("heading", name="Goes well with it")).to_be_visible()
    assert wanted not in goods(home)
    home.get_by_role("button", name="Add to cart").click()
    home.wait_for_url("**/cart")
    expect(home.get_by_role("heading", name="Goes well with your cart")).to_be_visible()
    assert wanted not in goods(home)
    home.get_by_role("button", name="Buy now").click()
    expect(home.get_by_role("status")).to_contain_text("Thank you for your order")
    expect(home.get_by_text("Your cart is empty")).to_be_visible()
    home.goto(front.address)
    expect(good(home, wanted)).to_have_count(0)
    assert wanted not in front.endpoint.recommend(user_id="ann", limit=100).item_ids


def test_the_page_follows_a_first_time_visitor_at_once(home: Page, front: Front) -> None:
    shop_as(home, "First-time visitor")
    expect(home.get_by_text("this page follows you")).to_be_visible()
    before = goods(home)
    expect(home.locator("#row-main")).not_to_contain_text("Because you looked at")
    for item in ("i21", "i22", "i23"):
        home.goto(f"{front.address}/items/{item}")

    def follows() -> bool:
        home.goto(front.address)
        return "Because you looked at" in home.locator("#row-main").inner_text()

    until(follows)
    expect(home.get_by_text("by what you looked at just now")).to_be_visible()
    assert goods(home) != before


def until(shows: Callable[[], bool]) -> None:
    """Wait for what is live within a second; the test's own time limit ends it."""
    while not shows():
        pass


def test_each_sample_shopper_has_a_page_and_a_cart_of_their_own(home: Page, front: Front) -> None:
    before = goods(home)
    home.goto(f"{front.address}/items/{before[0]}")
    home.get_by_role("button", name="Add to cart").click()
    expect(home.get_by_role("link", name="Cart 1 item")).to_be_visible()
    shop_as(home, "Shopper bob")
    home.wait_for_url(f"{front.address}/")
    expect(home.get_by_role("link", name="Cart 0 items")).to_be_visible()
    assert goods(home) != before


def test_personal_suggestions_can_be_turned_off(home: Page, front: Front) -> None:
    home.get_by_role("button", name="Turn off personal suggestions").click()
    expect(home.get_by_text("These shelves are the same for everybody")).to_be_visible()
    plain = front.endpoint.ask("/v1/pages/home", query={"user_id": "ann", "personalised": "false"}).json
    assert goods(home) == [item["item_id"] for item in plain["rows"][0]["items"]]


def test_a_collection_shows_its_members(home: Page) -> None:
    home.get_by_role("navigation").get_by_role("link", name="Tea time").click()
    expect(home.get_by_role("heading", name="Tea time")).to_be_visible()
    assert set(goods(home, "theme")) >= set(THEME_MEMBERS)


def test_a_form_without_its_token_changes_nothing(front: Front, page: Page) -> None:
    answer = page.request.post(f"{front.address}/dislike", form={"item_id": PINNED})
    assert answer.status == 400
    assert PINNED in front.endpoint.recommend(user_id="ann").item_ids


def test_a_link_that_speaks_of_no_answer_of_ours_does_not_hinder_buying(home: Page, front: Front) -> None:
    home.goto(f"{front.address}/items/i05?from=rubbish&at=3")
    home.get_by_role("button", name="Add to cart").click()
    home.get_by_role("button", name="Buy now").click()
    expect(home.get_by_role("status")).to_contain_text("Thank you for your order")
    assert "i05" not in front.endpoint.recommend(user_id="ann", limit=100).item_ids


def test_no_page_may_run_a_script_or_be_framed(front: Front, page: Page) -> None:
    for path in PATHS:
        policy = page.request.get(f"{front.address}{path}").headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_no_barrier_light_or_dark_wide_or_narrow(
    front: Front, new_page: Callable[..., Page], axe_source: str, path: str
) -> None:
    # axe is put into the page from outside; that the policy holds is seen by the other tests.
    page = new_page(bypass_csp=True, reduced_motion="reduce")
    page.goto(f"{front.address}{path}")
    assert no_barrier(page, axe_source)


def test_without_the_endpoint_the_shop_shows_its_own_goods_and_says_so_calmly(
    away: str, new_page: Callable[..., Page], axe_source: str
) -> None:
    page = new_page(bypass_csp=True, reduced_motion="reduce")
    for path in ("/", "/items/i05", "/cart", "/themes/tea-time"):
        answer = page.goto(f"{away}{path}")
        assert answer is not None
        assert answer.status == 200
        expect(page.get_by_role("status")).to_contain_text("Our suggestions are taking a short break")
        assert page.locator(".good").count() >= 10
    page.goto(away)
    assert no_barrier(page, axe_source)
    page.goto(f"{away}/items/i05")
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="Buy now").click()
    expect(page.get_by_role("status")).to_contain_text("Your cart is as it was")
    expect(page.get_by_role("link", name="Cart 1 item")).to_be_visible()


def no_barrier(page: Page, axe_source: str) -> bool:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert barriers(page, axe_source) == [], f"{scheme}, {width} px"
    return True
