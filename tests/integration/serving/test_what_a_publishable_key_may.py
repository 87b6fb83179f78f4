"""With a publishable key and no token, nothing about a named shopper can be learned or changed: on every route.

The oracle is the same for each address, so that one which is added later is walked too: what is asked
about a shopper whom the shop knows well is answered as if about one whom nobody knows, and leaves no trace.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import or_, select
from support.tiny_shop import ORIGIN, PINNED

from recsys.domain.people import OPERATOR
from recsys.services.keys import add_key
from recsys.services.shopper_tokens import sign_shopper_token, signing_secret
from recsys.serving.application import Application
from recsys.serving.operations import OPERATIONS
from recsys.serving.parameters import Form
from recsys.serving.router import KeyedRoute
from recsys.slates.refresh import LiveHolder
from recsys.storage.tables import DislikeRow, EventRow, ShopperItemRow

KNOWN, STRANGER = "ann", "nobody-knows-1"
PARTS = {"surface": "home", "item_id": "i05", "slug": "tea-time"}
"""What stands for the named parts of an address."""

BODIES = {
    "/v1/events": lambda who: {
        "events": [
            {"event_id": f"walk-{who}-{kind}", "type": kind, "item_id": PINNED, "user_id": who}
            for kind in ("dislike", "purchase", "view", "undislike")
        ]
    },
    "/v1/recommendations": lambda who: {"surface": "home", "user_id": who},
    "/v1/similar": lambda who: {"item_id": "i05", **({"user_id": who} if who is not None else {})},
    "/v1/items": lambda who: {"items": [{"item_id": "i05", "attributes": {"owner": who}}]},
}


@dataclass(frozen=True, slots=True)
class Browser:
    """A publishable key with every scope that it may have."""

    id: str
    text: str


@pytest.fixture(scope="module")
def browser(served):
    shop = served.tiny.shop
    text, info = add_key(shop, OPERATOR, "page", ["read", "events"], publishable=True, origins=[ORIGIN])
    served.endpoint.until_every_worker(lambda worker: worker.recommend(key=text).status == 200, "the key")
    return Browser(info.id, text)


def addresses(served):
    """(method, path, the same with something in place of its named parts) of every address that needs a key."""
    tiny = served.tiny
    routes = Application(tiny.shop, LiveHolder(tiny.shop.database, tiny.settings)).routes
    for route in routes:
        if isinstance(route, KeyedRoute):
            yield route.method, route.path, re.sub(r"\{(\w+)\}", lambda part: PARTS[part[1]], route.path)


def names_shoppers(method, path):
    """Whether an address takes the id of a shopper."""
    operation = OPERATIONS[method, path]
    given = operation.query or operation.body
    return not isinstance(given, Form) or "user_id" in given.names


def asked(served, method, path, who, *, key, headers=None):
    """Ask about a shopper in every way that the address could take: in the query, and in a body."""
    query = {"user_id": who} if who is not None else {}
    if path == "/v1/recommendations":
        query["surface"] = "home"
    body = BODIES.get(path, lambda each: {"user_id": each})(who) if method == "POST" else None
    return served.endpoint.ask(
        path, method=method, query={} if body else query, body=body, key=key, headers=headers
    )


def plain(reply, who):
    """What an answer says, apart from the id that was asked about and from what differs every time."""
    text = reply.body.decode().replace(who, "WHO")
    text = re.sub(r'"(recommendation_id|next_cursor)":"[^"]*"', r'"\1":""', text)
    return reply.status, text


def known_of_users(served):
    """Everything that is stored about named shoppers."""
    engine = served.tiny.shop.database.engine
    with engine.connect() as connection:
        tables = [
            select(EventRow.__table__).where(EventRow.user_id.is_not(None)),
            select(DislikeRow.__table__).where(DislikeRow.kind == "user"),
            select(ShopperItemRow.__table__).where(ShopperItemRow.kind == "user"),
            select(EventRow.__table__).where(or_(EventRow.item_id == KNOWN, EventRow.reason == KNOWN)),
        ]
        return [sorted(map(repr, connection.execute(table))) for table in tables]


def test_there_are_addresses_to_walk(served):
    walked = {(method, path) for method, path, _ in addresses(served)}
    assert {
        ("GET", "/v1/recommendations"),
        ("POST", "/v1/events"),
        ("POST", "/v1/items"),
    } <= walked


def test_the_questions_of_this_walk_are_understood(served):
    """With a secret key each is answered: else the walk would prove nothing. Add to `BODIES` what is missing."""
    for method, route, path in addresses(served):
        who = KNOWN if names_shoppers(method, route) else None
        reply = asked(served, method, path, who, key=served.tiny.keys.admin)
        assert reply.status in {200, 202}, (method, path, reply.body)


def forged(served, browser):
    """Tokens that must not help: of another key, over, for somebody else, and none at all."""
    now, settings = datetime.now(UTC), served.tiny.settings
    own, other = signing_secret(settings, browser.id), signing_secret(settings, "another-key")
    yield sign_shopper_token(other, KNOWN, now + timedelta(hours=1))
    yield sign_shopper_token(own, KNOWN, now - timedelta(seconds=1))
    yield sign_shopper_token(own, "bob", now + timedelta(hours=1))
    yield "made-up"


def test_nothing_about_a_named_shopper_is_learned_or_changed_without_a_token(served, browser):
    before = known_of_users(served)
    for method, _, path in addresses(served):
        for headers in ({}, *({"X-Shopper-Token": token} for token in forged(served, browser))):
            known, stranger = (
                asked(served, method, path, who, key=browser.text, headers=headers)
                for who in (KNOWN, STRANGER)
            )
            assert plain(known, KNOWN) == plain(stranger, STRANGER), (method, path)
            assert "because" not in known.body.decode() or not re.search(
                r'"because":\[\{', known.body.decode()
            )
    assert known_of_users(served) == before


def test_a_page_may_ask_and_tell_about_the_shopper_that_its_server_vouches_for(served, browser):
    secret = signing_secret(served.tiny.settings, browser.id)
    token = sign_shopper_token(secret, "eve", datetime.now(UTC) + timedelta(hours=1))
    headers = {"X-Shopper-Token": token, "Origin": ORIGIN}
    mine = served.endpoint.recommend(key=browser.text, user_id="eve", headers=headers)
    server = served.endpoint.recommend(user_id="eve")
    assert mine.json["items"] == server.json["items"]
    assert mine.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Shopper-Token" in mine.headers["vary"]
    event = {"event_id": "eve-1", "type": "dislike", "item_id": mine.item_ids[0], "user_id": "eve"}
    told = served.endpoint.ask(
        "/v1/events", method="POST", body={"events": [event]}, key=browser.text, headers=headers
    )
    assert told.json["accepted"] == 1
    wrong = served.endpoint.recommend(key=browser.text, user_id="ann", headers=headers)
    assert wrong.status == 403


def test_a_page_neither_uses_up_nor_finds_out_the_event_ids_of_others(served, browser):
    def told(key, **who):
        body = {"events": [{"event_id": "order-1", "type": "purchase", "item_id": "i09", **who}]}
        return served.endpoint.ask("/v1/events", method="POST", body=body, key=key).json["events"][0]["fate"]

    assert told(browser.text, session_id="s1") == "accepted"
    assert told(browser.text, session_id="s2") == "accepted"
    assert told(served.tiny.keys.events, user_id="zoë") == "accepted"
    assert told(served.tiny.keys.events, user_id="zoë") == "repeated"
    assert told(browser.text, session_id="s1") == "repeated"


@pytest.mark.usefixtures("browser")
def test_a_preflight_allows_the_token(served):
    reply = served.endpoint.ask("/v1/events", method="OPTIONS", key=None, headers={"Origin": ORIGIN})
    assert "X-Shopper-Token" in reply.headers["access-control-allow-headers"]
