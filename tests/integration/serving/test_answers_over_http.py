"""What storefronts get, over a real socket from real worker processes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from support.tiny_shop import (
    ONLY_IN_FRANCE,
    ORIGIN,
    OUT_OF_STOCK,
    OWNED,
    PINNED,
    THEME_MEMBERS,
    UNAVAILABLE,
    VETOED,
)

from recsys.serving.parameters import parse_parameters
from recsys.serving.recommendation_id import decode_recommendation_id, request_digest


def test_a_known_shopper_gets_twenty_different_eligible_items(served):
    reply = served.endpoint.recommend(user_id="ann", limit=20)
    assert reply.status == 200
    assert len(set(reply.item_ids)) == 20
    assert not {UNAVAILABLE, OUT_OF_STOCK, ONLY_IN_FRANCE, VETOED, *OWNED["ann"]} & set(reply.item_ids)
    assert [item["position"] for item in reply.json["items"]] == list(range(1, 21))
    assert all(item["reason"]["text"] for item in reply.json["items"])
    assert reply.json["personalised"] is True


def test_editors_have_the_last_word(served):
    items = served.endpoint.recommend(user_id="ann").json["items"]
    pinned, themed = items[2], items[5]
    assert (pinned["item_id"], pinned["source"], pinned["rule_id"]) == (PINNED, "pin", "pin-mug")
    assert themed["source"] == "theme"
    assert themed["theme"] == "tea-time"
    assert themed["item_id"] in {*THEME_MEMBERS, "i05", "i15", "i25", "i35"}
    assert themed["reason"]["text"] == "Tea time"
    assert pinned["displaced"] is not None


def test_a_user_never_seen_gets_a_labelled_fallback(served):
    answer = served.endpoint.recommend(user_id="nobody-knows-me").json
    assert {item["source"] for item in answer["items"]} == {"pin", "theme", "fallback"}
    assert answer["personalised"] is False
    assert [note["field"] for note in answer["notes"]] == ["user_id"]


def test_a_product_page_shows_what_goes_with_the_product(served):
    items = served.endpoint.recommend(surface="product", context_item="i01", limit=3).json["items"]
    assert [item["reason"]["because"][0]["item_id"] for item in items] == ["i01"] * 3
    assert "i01" not in [item["item_id"] for item in items]


def test_the_market_decides_what_is_sold(served):
    everything = served.endpoint.recommend(market="FR", limit=100).item_ids
    assert ONLY_IN_FRANCE in everything
    assert ONLY_IN_FRANCE not in served.endpoint.recommend(market="GB", limit=100).item_ids


def test_filters_and_exclusions_hold(served):
    ids = served.endpoint.recommend(tag=["blue", "green"], exclude=["i11", "i13"], limit=100).item_ids
    assert ids
    assert all(11 <= int(item_id[1:]) <= 30 for item_id in ids)
    assert not {"i11", "i13"} & set(ids)
    cheap = served.endpoint.recommend(price_max="5.45", limit=100, fields="price").json["items"]
    assert [item["price"] for item in cheap if item["price"] > 5.45] == []


def test_rules_can_be_switched_off_but_never_vetoes(served):
    answer = served.endpoint.recommend(rules="off", limit=100).json
    assert {item["source"] for item in answer["items"]} == {"fallback"}
    assert VETOED not in [item["item_id"] for item in answer["items"]]


def test_chosen_fields_stand_beside_the_provenance(served):
    fields = ["title", "price", "currency", "url", "image_url", "tags", "group_id", "added_at", "attributes"]
    answer = served.endpoint.recommend(fields=fields).json
    pinned = next(item for item in answer["items"] if item["item_id"] == PINNED)
    assert {name: pinned[name] for name in fields} == {
        "title": "Red Doorstop",
        "price": 4.45,
        "currency": "GBP",
        "url": "/items/i07",
        "image_url": None,
        "tags": ["red", "doorstop"],
        "group_id": None,
        "added_at": "2026-01-08T00:00:00Z",
        "attributes": {"cost": 0.7},
    }


def test_unknown_ids_are_noted_and_ignored(served):
    answer = served.endpoint.recommend(exclude=["nope", "i01"], context_item="gone", market="Atlantis").json
    assert [note["field"] for note in answer["notes"]] == ["exclude", "context_item", "market"]
    assert "nope" in answer["notes"][0]["message"]
    assert "i01" not in answer["notes"][0]["message"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"limit": "0"}, 400, "limit"),
        ({"colour": "red"}, 400, "colour"),
        ({"surface": "nowhere"}, 404, "surface"),
        ({"row": "nowhere"}, 404, "row"),
        ({"at": "2026-11-21T10:00:00Z"}, 403, "at"),
        ({"cursor": "abc"}, 400, "cursor"),
    ],
)
def test_errors_are_problems_that_name_the_field(served, query, status, field):
    reply = served.endpoint.recommend(**query)
    assert reply.status == reply.json["status"] == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in reply.json["errors"]] == [field]


@pytest.mark.parametrize("key", [None, "rk_wrong"])
def test_without_a_valid_key_there_is_no_answer(served, key):
    reply = served.endpoint.recommend(key=key)
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert reply.headers["content-type"] == "application/problem+json"


def test_a_key_without_the_scope_is_refused(served):
    assert served.endpoint.recommend(key=served.tiny.keys.events).status == 403
    assert served.endpoint.ask("/v1/items", method="POST", body={"items": []}).status == 403


def test_a_bearer_token_is_a_key_too(served):
    headers = {"Authorization": f"Bearer {served.tiny.keys.read}"}
    assert served.endpoint.recommend(key=None, headers=headers).status == 200


def test_health_and_readiness_need_no_key(served):
    assert served.endpoint.ask("/healthz", key=None).json == {"status": "ok"}
    ready = served.endpoint.ask("/readyz", key=None)
    assert ready.json["release_id"] == served.tiny.curated_release


def test_unknown_addresses_are_404_and_other_methods_405(served):
    for path in ("/v1/nothing", "/v1/items/i01", "/v1/items//similar", "/", "/v1/recommendations/"):
        assert served.endpoint.ask(path).status == 404
    refused = served.endpoint.ask("/v1/recommendations", method="DELETE")
    assert refused.status == 405
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_the_same_answer_is_not_sent_twice(served):
    first = served.endpoint.recommend(user_id="ann")
    again = served.endpoint.recommend(user_id="ann", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == again.headers["cache-control"] == "private, no-cache"
    other = served.endpoint.recommend(user_id="bob", headers={"If-None-Match": first.headers["etag"]})
    assert other.status == 200


def test_head_has_the_headers_alone(served):
    reply = served.endpoint.ask("/v1/recommendations", method="HEAD", query={"surface": "home"})
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["etag"]


def test_the_id_of_an_answer_tells_what_it_was_made_from(served):
    settings = served.tiny.settings
    before = datetime.now(UTC)
    token = served.endpoint.recommend(user_id="ann").json["recommendation_id"]
    key = settings.derived_key("recommendation")
    record = decode_recommendation_id(token, key)
    assert record.release == served.tiny.curated_release
    assert record.request == request_digest(parse_parameters("surface=home&user_id=ann"), key)
    assert before <= record.moment <= datetime.now(UTC)


def test_an_admin_key_may_ask_for_another_moment(served):
    admin = served.tiny.keys.admin
    token = served.endpoint.recommend(at="2027-01-01T00:00:00Z", key=admin).json["recommendation_id"]
    record = decode_recommendation_id(token, served.tiny.settings.derived_key("recommendation"))
    assert record.moment == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_publishable_key_serves_pages_of_its_origins_and_tells_no_because(served):
    reply = served.endpoint.recommend(
        surface="product", context_item="i01", key=served.tiny.keys.publishable, headers={"Origin": ORIGIN}
    )
    assert reply.headers["access-control-allow-origin"] == ORIGIN
    assert "Origin" in reply.headers["vary"]
    assert all(item["reason"]["text"] for item in reply.json["items"])
    assert all(item["reason"]["because"] == [] for item in reply.json["items"])


def test_a_publishable_key_may_not_name_a_shopper_and_its_pages_can_read_why(served):
    reply = served.endpoint.recommend(
        user_id="ann", key=served.tiny.keys.publishable, headers={"Origin": ORIGIN}
    )
    assert reply.status == 403
    assert [error["field"] for error in reply.json["errors"]] == ["user_id"]
    assert reply.headers["access-control-allow-origin"] == ORIGIN


def test_pages_of_other_origins_may_not_use_a_publishable_key(served):
    headers = {"Origin": "https://elsewhere.example"}
    reply = served.endpoint.recommend(key=served.tiny.keys.publishable, headers=headers)
    assert reply.status == 403
    assert "access-control-allow-origin" not in reply.headers


def test_a_preflight_needs_no_key(served):
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    reply = served.endpoint.ask("/v1/recommendations", method="OPTIONS", key=None, headers=headers)
    assert (reply.status, reply.headers["access-control-allow-origin"]) == (204, ORIGIN)


def test_a_key_with_a_limit_is_told_to_wait(served):
    # Three a minute and worker: of seven requests to two workers, one is too many.
    replies = [served.endpoint.recommend(key=served.tiny.keys.limited) for _ in range(7)]
    assert replies[0].headers["ratelimit-limit"] == "3"
    refused = next(reply for reply in replies if reply.status == 429)
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.headers["content-type"] == "application/problem+json"


def test_the_log_names_neither_shoppers_nor_keys(served):
    served.endpoint.recommend(user_id="zoë", session_id="visit-by-nobody")
    served.endpoint.ask("/v1/shoppers/zoë".replace("ë", "%C3%AB"))
    text = served.endpoint.log.read_text(encoding="utf-8")
    lines = served.endpoint.log_lines()
    assert {"/v1/recommendations", "(unknown)"} <= {line.get("path") for line in lines}
    assert not [word for word in ("zoë", "%C3%AB", "visit-by-nobody", served.tiny.keys.read) if word in text]
