"""What somebody hostile would try: scripts stored and reflected, frames, planted redirects, floods."""

from __future__ import annotations

import re

import pytest
from support.desk import DeskUnderTest

from curation_ui.app import LARGEST_FORM
from recsys.domain.catalog import Item
from recsys.domain.people import OPERATOR, Role
from recsys.domain.rules import Pin, Theme, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.catalog import upsert_items
from recsys.services.drafting import put_rule
from recsys.services.presence import note_presence
from recsys.services.proposing import hand_back, propose

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
HOSTILE = re.compile(r"<script>alert|<img src=x|onerror=alert\(2\)(?!&)[^&]*>")
PAGES = (
    "/",
    "/surfaces/home",
    "/surfaces/home?show=difference",
    "/surfaces/home?row=main",
    "/themes",
    "/themes/hostile",
    "/themes/find?q=script",
    "/vetoes",
    "/publish",
    "/releases",
    "/releases/3",
    "/audit",
    "/search?q=script",
    "/search/suggest?q=script",
    "/search/options?item_id=script",
)


@pytest.fixture
def poisoned(desk: DeskUnderTest) -> DeskUnderTest:
    """A desk into whose every free text somebody has written a script."""
    editor, publisher = desk.actor(Role.EDITOR), desk.actor(Role.PUBLISHER)
    item = Item(
        "i99",
        f"Script {SCRIPT}",
        tags=(SCRIPT,),
        markets=(SCRIPT,),
        url=SCRIPT,
        image_url=f"javascript:{SCRIPT}",
    )
    upsert_items(desk.shop, OPERATOR, [item])
    theme = Theme(
        id=theme_id("hostile"),
        slug="hostile",
        title=f"Script {SCRIPT}",
        blurb=SCRIPT,
        titles={SCRIPT: SCRIPT},
        picks=("i99", SCRIPT),
        notes=SCRIPT,
    )
    rules = [
        theme,
        Pin(id="pin-99", slot=1, item_id="i99", scope=Scope(surface="home"), notes=f"script {SCRIPT}"),
        Veto(id="veto-99", target=Target(item_id="i01"), reason=SCRIPT, notes=SCRIPT),
    ]
    changes = [put_rule(desk.shop, editor, rule, expected="new", note=SCRIPT).id for rule in rules]
    made = propose(desk.shop, editor, changes, comment=SCRIPT)
    hand_back(desk.shop, publisher, propose(desk.shop, editor, changes, comment=SCRIPT).id, word=SCRIPT)
    note_presence(desk.shop, editor, f"/themes/{SCRIPT}")
    desk.live.catch_up()
    assert made.status == "open"
    return desk


@pytest.mark.parametrize("page", PAGES)
def test_a_script_that_was_stored_is_text_on_every_page(poisoned, page):
    text = poisoned.signed_in(Role.PUBLISHER).get(page).text
    assert not HOSTILE.search(text)
    assert "javascript:" not in re.sub(r"&#34;|&quot;", "", "".join(re.findall(r'href="[^"]*"', text)))


def test_the_poison_is_really_there(poisoned):
    visitor = poisoned.signed_in(Role.PUBLISHER)
    for page in (
        "/",
        "/themes",
        "/themes/hostile",
        "/vetoes",
        "/publish",
        "/audit",
        "/surfaces/home?row=main",
    ):
        assert "&lt;script&gt;alert(1)" in visitor.get(page).text, page


@pytest.mark.parametrize(
    "address",
    [
        "/search",
        "/search/suggest",
        "/themes/find",
        "/surfaces/home",
        "/audit",
        "/publish",
        "/releases/compare",
        "/themes/x",
    ],
)
@pytest.mark.parametrize(
    "name", ["q", "as", "at", "zone", "market", "back", "next", "pick", "actor", "find", "before"]
)
def test_a_script_in_the_address_is_not_sent_back_as_one(visitors, address, name):
    text = visitors[Role.ADMIN].get(address, query_string={name: SCRIPT}).text
    assert not HOSTILE.search(text)


@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_no_way_back_leads_out_of_the_desk(visitors, there):
    page = visitors[Role.PUBLISHER].get("/publish", query_string={"back": there}).text
    assert "evil.example" not in page
    assert "javascript:alert" not in page
    answer = visitors[Role.PUBLISHER].post(
        "/appearance", {"appearance": "dark"}, headers={"Referer": "https://evil.example/x"}
    )
    assert "evil.example" not in answer.location


def test_no_page_can_be_framed(visitors):
    headers = visitors[Role.ADMIN].get("/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_what_is_too_large_is_refused_before_it_is_read(visitors):
    answer = visitors[Role.EDITOR].post("/themes/entries", {"codes": "x" * (LARGEST_FORM + 1)})
    assert answer.status_code == 413


def test_more_codes_than_a_theme_holds_are_refused_by_name(visitors):
    codes = "\n".join(f"c{number}" for number in range(10_001))
    answer = visitors[Role.EDITOR].post("/themes/entries", {"codes": codes, "kind": "picks"})
    assert answer.status_code == 422
    assert "at most 10000 hand-picks" in answer.text
