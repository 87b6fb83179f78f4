"""Every route, as every role, by every method: each role can do what its row says, and nothing else.

The least role of a route is what the table of docs/curation-ui.md says; a route without a line there fails.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.desk import email_of

from recsys.domain.people import Role
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.services.drafting import put_rule
from tests.integration.shops import everything

PAGE = Path(__file__).parents[3] / "docs" / "curation-ui.md"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
OPEN = {
    ("/login", "GET"),
    ("/login", "POST"),
    ("/appearance", "POST"),
    ("/join/<token>", "GET"),
    ("/join/<token>", "POST"),
}
"""What is for whoever has not signed in, too."""

IN_THE_ADDRESS = {
    "slug": "home",
    "rule_id": "pin-mug",
    "name": "main",
    "change_id": "1",
    "number": "1",
    "run_id": "run-2",
    "takedown_id": "none",
    "proposal_id": "1",
    "token": "none",
    "key_id": "key-none",
}
AT_THEMES = {"slug": "tea-time"}
FORMS = {
    "/surfaces/<slug>/pin": {"item_id": "i01", "slot": "9"},
    "/surfaces/<slug>/veto": {"item_id": "i02", "reason": "no"},
    "/surfaces/<slug>/theme": {"item_id": "i01", "theme": "tea-time"},
    "/surfaces/<slug>/place": {"theme": "tea-time", "slots": "11"},
    "/surfaces/<slug>/boost": {"item_id": "i03", "factor": "2"},
    "/surfaces/<slug>/rows": {"name": "more", "kind": "popular", "size": "12"},
    "/surfaces/<slug>/rows/<name>": {"kind": "main", "size": "13"},
    "/surfaces/<slug>/arrange": {"row": ["main"]},
    "/surfaces/<slug>/order": {"order": "for_shopper"},
    "/surfaces/<slug>/undo": {"change": "1"},
    "/surfaces/<slug>/rules/<rule_id>": {"slot": "5", "item_id": "i07"},
    "/themes": {"title": "A new one"},
    "/themes/import/apply": {"data": "c2x1Zyx0aXRsZQpib2F0cyxCb2F0cwo="},
    "/themes/<slug>": {"title": "Tea", "token": "r3"},
    "/themes/<slug>/place": {"where": "home/main", "slots": "14"},
    "/themes/<slug>/remove": {"token": "r3"},
    "/vetoes": {"item_id": "i04", "reason": "no"},
    "/vetoes/takedowns": {"item_id": "i05", "reason": "no"},
    "/vetoes/takedowns/<takedown_id>/lift": {"reason": "no"},
    "/runs/<run_id>/reject": {"reason": "no"},
    "/releases/<int:number>/roll-back": {"what": "rules"},
    "/publish": {"change": "1"},
    "/rules/new": {"kind": "pin", "item_id": "i06", "slot": "10"},
    "/people/invite": {"email": "new@shop.example", "role": "viewer"},
    "/people/link": {"email": "nobody@shop.example"},
    "/people/sign-out": {"email": "nobody@shop.example"},
    "/people/role": {"email": "viewer@shop.example", "role": "viewer"},
    "/people/deactivate": {"email": "nobody@shop.example"},
    "/people/reactivate": {"email": "nobody@shop.example"},
    "/keys": {"name": "site", "scope": "read"},
    "/proposals": {"change": "1"},
    "/proposals/schedule": {"change": "1", "publish_at": "2100-01-01T00:00"},
    "/proposals/<int:proposal_id>/return": {"word": "no"},
}


def least_roles() -> dict[tuple[str, str], Role | None]:
    """The table of the page: the least role (None: whoever) by address and method."""
    rows = re.findall(r"^\| `(/[^`]*)` \| (\w+) \|.*\| (\w*) ?\|$", PAGE.read_text(), flags=re.MULTILINE)
    return {(address, method): Role(role) if role else None for address, method, role in rows}


LEAST = least_roles()


def address_of(pattern: str) -> str:
    named = IN_THE_ADDRESS | (AT_THEMES if pattern.startswith("/themes/") else {})
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda blank: named[blank[1]], pattern)


def may(role: Role, least: Role | None) -> bool:
    return least is None or list(Role).index(role) >= list(Role).index(least)


def ask(visitor, method, pattern):
    data = dict(FORMS.get(pattern, {}))
    if method != "GET":
        data["csrf_token"] = visitor.token()
    return visitor.client.open(address_of(pattern), method=method, data=data if method != "GET" else None)


def test_every_route_stands_in_the_table(shared_desk):
    rules = shared_desk.app.url_map.iter_rules()
    served = {(r.rule, m) for r in rules if r.endpoint != "static" for m in r.methods - {"HEAD", "OPTIONS"}}
    assert served == set(LEAST)


@pytest.mark.parametrize("role", Role)
def test_a_role_does_what_its_row_says_and_nothing_else(desk, role):
    pin = Pin(id="pin-new", slot=8, item_id="i01", scope=Scope(surface="home"))
    put_rule(desk.shop, desk.actor(Role.EDITOR), pin, expected="new")
    visitor, wrong = desk.signed_in(role), []
    for (pattern, method), least in LEAST.items():
        if pattern in ("/login", "/logout", "/account/sign-out-everywhere"):
            continue
        before = everything(desk.shop)
        status = ask(visitor, method, pattern).status_code
        if may(role, least):
            right = status not in (401, 403, 405, 500)
        else:
            right = status == 403 and everything(desk.shop) == before
        if not right:
            wrong.append(f"{method} {pattern}: {status}")
    assert wrong == []
    assert ask(visitor, "POST", "/logout").status_code == 303


@pytest.mark.parametrize("role", [*Role, None])
def test_a_method_that_is_not_in_the_table_is_refused_and_changes_nothing(desk, role):
    visitor = desk.visitor() if role is None else desk.signed_in(role)
    before = everything(desk.shop)
    for pattern in dict.fromkeys(pattern for pattern, _ in LEAST):
        for method in METHODS:
            if (pattern, method) not in LEAST:
                answer = ask(visitor, method, pattern)
                # Where a name could stand, as in /themes/new, nothing is found by that name, nor may a viewer look for it.
                refusals = {403, 404, 405} if role is not None else {302, 401, 404, 405}
                assert answer.status_code in refusals, f"{method} {pattern}: {answer.status_code}"
    assert everything(desk.shop) == before


def test_whoever_is_not_signed_in_reaches_the_sign_in_and_nothing_else(desk):
    visitor, before = desk.visitor(), everything(desk.shop)
    for pattern, method in LEAST:
        if (pattern, method) not in OPEN:
            answer = ask(visitor, method, pattern)
            assert answer.status_code == (302 if method == "GET" else 401), f"{method} {pattern}"
    assert everything(desk.shop) == before


def test_a_field_that_no_form_has_gives_nobody_another_name_or_role(desk, editor):
    """Mass assignment: what a form sends beyond its fields is not taken."""
    sent = {
        "author": "boss@shop.example",
        "role": "admin",
        "published": "1",
        "id": "pin-mug",
        "email": "x@y.example",
    }
    for pattern, form in FORMS.items():
        if LEAST[pattern, "POST"] is Role.EDITOR:
            editor.post(address_of(pattern), form | sent)
    with desk.shop.database.read() as unit:
        assert {change.author for change in unit.draft.changes()} == {email_of(Role.EDITOR)}
        authors = {(change.after or change.before).author for change in unit.draft.changes()}
        person = unit.people.find(email_of(Role.EDITOR))
    assert "boss@shop.example" not in authors
    assert person.role is Role.EDITOR
