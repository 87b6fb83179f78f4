from __future__ import annotations

import itertools

import pytest

from curation_ui.app import PARTS
from recsys.domain.people import Role

PAGES = {
    "/": "What waits",
    "/surfaces/home": "Home",
    "/surfaces/product": "Product page",
    "/themes": "Tea time",
    "/themes/tea-time": "Tea time",
    "/themes/find?q=mug": "Red Mug",
    "/themes/export": "tea-time",
    "/themes/import": "Import themes",
    "/vetoes": "Breaks in the post",
    "/rules": "Tea time",
    "/rules/edit?rule=veto-1": "Breaks in the post",
    "/rules/new?kind=boost": "New boost or bury",
    "/rules/preview?kind=pin&item_id=i01&slot=1": "On every surface",
    "/rules/export": "pin-mug",
    "/rules/import": "Import rules",
    "/runs": "run-2",
    "/runs/run-2": "What the models reach",
    "/runs/run-2/changes": "Who is shown more, who less",
    "/account": "Sign out everywhere",
    "/releases": "Release 3",
    "/releases/3": "Release 3",
    "/releases/rules": "What rules bring",
    "/releases/compare?before=1&after=3": "Placed the theme Tea time in slot 6",
    "/audit": "published release 3 with 5 changes",
    "/search?q=tea": "Tea time",
    "/search/suggest?q=tea": "Tea time",
    "/search/options?item_id=i0": "Red Mug",
    "/publish": "Publish",
}


def rules_of(app, method):
    """Every address of the application that takes `method`, its blanks filled in."""
    filled = {
        "slug": "home",
        "rule_id": "pin-mug",
        "name": "main",
        "change_id": 1,
        "number": 1,
        "run_id": "run-2",
        "takedown_id": "t",
        "proposal_id": 1,
        "token": "none",
        "key_id": "key-none",
    }
    for rule in app.url_map.iter_rules():
        if method in rule.methods and rule.endpoint != "static":
            with app.test_request_context():
                adapter = app.url_map.bind("localhost")
                values = {name: filled[name] for name in rule.arguments}
                yield adapter.build(rule.endpoint, values, method=method), rule.endpoint


@pytest.mark.parametrize(("role", "page"), list(itertools.product(Role, PAGES)))
def test_every_role_reads_every_page(visitors, role, page):
    answer = visitors[role].get(page)
    assert answer.status_code == 200
    assert PAGES[page] in answer.text


@pytest.mark.parametrize("page", [*PAGES, "/themes/new", "/nothing-here"])
def test_nobody_reads_anything_without_signing_in(shared_desk, page):
    answer = shared_desk.visitor().get(page)
    assert answer.status_code == 302
    assert answer.location.startswith("/login")


def test_no_page_of_the_application_is_open_but_the_sign_in(shared_desk):
    visitor = shared_desk.visitor()
    open_pages = {
        endpoint
        for address, endpoint in rules_of(shared_desk.app, "GET")
        if visitor.get(address).status_code != 302
    }
    assert open_pages == {"auth.login", "account.join"}


def test_every_post_refuses_without_the_sessions_token(shared_desk, visitors):
    addresses = list(rules_of(shared_desk.app, "POST"))
    assert len(addresses) > len(PARTS)
    for address, endpoint in addresses:
        assert visitors[Role.ADMIN].post(address, token=False).status_code == 400, endpoint


def test_every_post_refuses_whoever_is_not_signed_in(shared_desk):
    visitor = shared_desk.visitor()
    for address, endpoint in rules_of(shared_desk.app, "POST"):
        if endpoint not in {"auth.sign_in", "appearance.choose", "account.choose"}:
            assert visitor.post(address).status_code == 401, endpoint


EDITS = {
    "/vetoes": {"item_id": "i01", "reason": "no"},
    "/vetoes/veto-1/restore": {"token": "r3"},
    "/themes": {"title": "New theme"},
    "/themes/tea-time": {"title": "Other", "token": "r3"},
    "/themes/tea-time/remove": {"token": "r3"},
    "/changes/1/undo": {},
}
PUBLICATIONS = {
    "/vetoes/takedowns": {"item_id": "i01", "reason": "no"},
    "/runs/run-2/accept": {},
    "/runs/run-2/reject": {"reason": "no"},
    "/releases/1/roll-back": {"what": "both"},
}


@pytest.mark.parametrize("address", [*EDITS, *PUBLICATIONS])
def test_a_viewer_changes_nothing(shared_desk, visitors, address):
    answer = visitors[Role.VIEWER].post(address, (EDITS | PUBLICATIONS)[address])
    assert answer.status_code == 403
    assert "A viewer may not" in answer.text


@pytest.mark.parametrize("address", PUBLICATIONS)
def test_an_editor_publishes_nothing(visitors, address):
    answer = visitors[Role.EDITOR].post(address, PUBLICATIONS[address])
    assert answer.status_code == 403
    assert "ask a publisher" in answer.text


@pytest.mark.parametrize(
    ("page", "word", "least"),
    [
        ("/themes", "New theme", Role.EDITOR),
        ("/vetoes", "Restore", Role.EDITOR),
        ("/vetoes", "Take down", Role.PUBLISHER),
        ("/runs/run-2", "Accept", Role.PUBLISHER),
        ("/releases", "Roll back", Role.PUBLISHER),
        ("/themes/tea-time", "Remove the theme", Role.EDITOR),
    ],
)
def test_controls_that_one_may_not_use_are_not_shown(visitors, page, word, least):
    shown = [role for role in Role if word in visitors[role].get(page).text.partition("<main")[2]]
    assert shown == list(Role)[list(Role).index(least) :]


@pytest.mark.parametrize("page", ["/", "/login", "/static/css/base.css", "/nothing-here"])
def test_every_answer_carries_the_headers_that_browsers_obey(visitors, page):
    headers = visitors[Role.ADMIN].get(page).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_script_and_no_style_of_their_own(visitors, page):
    text = visitors[Role.ADMIN].get(page).text
    assert " style=" not in text
    assert "<style" not in text
    assert " onclick=" not in text
    assert all("src=" in tag.split(">")[0] for tag in text.split("<script")[1:])


def test_pages_are_kept_by_no_cache_and_stamped_files_for_ever(visitors):
    page = visitors[Role.ADMIN].get("/")
    assert page.headers["Cache-Control"] == "no-store"
    stamped = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
    assert "immutable" in visitors[Role.ADMIN].get(stamped).headers["Cache-Control"]
    assert "immutable" not in visitors[Role.ADMIN].get(stamped.partition("?")[0]).headers["Cache-Control"]
