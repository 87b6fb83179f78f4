"""`POST /v1/recommendations`: the same question as JSON, and what a shopper never seen has."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_shop import OWNED, VETOED

QUESTIONS = st.fixed_dictionaries(
    {"surface": st.sampled_from(["home", "product", "cart"])},
    optional={
        "user_id": st.sampled_from([*OWNED, "stranger"]),
        "session_id": st.just("s1"),
        "limit": st.integers(1, 100),
        "market": st.sampled_from(["GB", "FR", "Atlantis"]),
        "context_item": st.just(["i01", "i20"]),
        "exclude": st.just(["i01", "i07"]),
        "tag": st.just(["red", "blue"]),
        "price_min": st.sampled_from([1.5, 3]),
        "price_max": st.sampled_from([9, 12.25]),
        "fields": st.just(["title", "price"]),
        "personalised": st.booleans(),
        "rules": st.sampled_from(["on", "off"]),
    },
)


def in_text(question):
    """The question as an address says it."""
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in question.items()}


def post(served, body, **more):
    return served.endpoint.ask("/v1/recommendations", method="POST", body=body, **more)


def refused(reply):
    assert reply.status == 400
    return {error["field"]: error["message"] for error in reply.json["errors"]}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(question=QUESTIONS)
def test_a_body_asks_what_an_address_asks(served, question):
    asked, posted = served.endpoint.recommend(**in_text(question)), post(served, question)
    assert asked.status == posted.status == 200
    assert asked.headers["etag"] == posted.headers["etag"]
    assert asked.json["items"] == posted.json["items"]


def test_a_shopper_never_seen_is_answered_by_the_items_sent_along(served):
    answer = post(served, {"surface": "home", "user_id": "new", "items": ["i01", "i20"], "limit": 10}).json
    mine = [item for item in answer["items"] if item["source"] == "model"]
    assert len(mine) >= 5
    assert answer["personalised"] is True
    assert {each["item_id"] for item in mine for each in item["reason"]["because"]} == {"i01", "i20"}
    assert all(item["reason"]["text"].startswith("Because you bought ") for item in mine)
    assert all(0 < item["score"] <= 1 for item in mine)
    assert [note["field"] for note in answer["notes"]] == ["user_id"]


def test_nobody_needs_a_name_to_be_answered_by_items(served):
    named = post(served, {"surface": "home", "user_id": "new", "items": ["i03"]}).json
    unnamed = post(served, {"surface": "home", "items": ["i03"]}, key=served.tiny.keys.publishable).json
    assert [each["item_id"] for each in unnamed["items"]] == [each["item_id"] for each in named["items"]]
    assert unnamed["notes"] == []


@pytest.mark.parametrize("who", [{}, {"user_id": "ann"}, {"personalised": False}])
def test_items_sent_along_count_as_owned(served, who):
    items = ["i03", "i04", "i09"]
    ids = post(served, {"surface": "home", "items": items, "limit": 100, **who}).item_ids
    assert ids
    assert not {*items, VETOED} & set(ids)


def test_items_change_nothing_else_for_a_known_shopper(served):
    without = served.endpoint.recommend(user_id="ann", limit=100).json
    items = [item["item_id"] for item in without["items"] if item["source"] == "model"]
    answer = post(served, {"surface": "home", "user_id": "ann", "items": [items[-1]], "limit": 100}).json
    ranks = {item["item_id"]: item["model_rank"] for item in without["items"]}
    assert {each["item_id"]: each["model_rank"] for each in answer["items"]}.items() <= ranks.items()


def test_unknown_items_are_ignored_with_a_note(served):
    known = post(served, {"surface": "home", "items": ["i01"]}).json
    answer = post(served, {"surface": "home", "items": ["nope", "i01", "gone"]}).json
    assert [note["field"] for note in answer["notes"]] == ["items"]
    assert "nope, gone" in answer["notes"][0]["message"]
    assert answer["items"] == known["items"]


def test_unknown_items_alone_leave_the_fallback(served):
    answer = post(served, {"surface": "home", "items": ["nope"]}).json
    assert answer["items"] == served.endpoint.recommend().json["items"]
    assert answer["personalised"] is False


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    items=st.lists(st.sampled_from(["i01", "i05", "i20", "i33", "nope"]), max_size=4),
    limits=st.lists(st.integers(1, 25), min_size=1, max_size=4),
)
def test_a_body_is_paged_through_with_nothing_but_limit_and_cursor_changed(served, items, limits):
    question = {"surface": "home", "user_id": "new", "items": items}
    whole = post(served, {**question, "limit": 100}).json["items"]
    paged, cursor = [], None
    while True:
        limit = limits.pop(0) if len(limits) > 1 else limits[0]
        answer = post(served, {**question, "limit": limit, "cursor": cursor}).json
        paged += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert paged == whole


def test_other_items_with_a_cursor_are_named(served):
    question = {"surface": "home", "items": ["i01"], "limit": 5}
    cursor = post(served, question).json["next_cursor"]
    assert set(refused(post(served, {**question, "items": ["i02"], "cursor": cursor}))) == {"items"}


@pytest.mark.parametrize(
    ("body", "field", "mend"),
    [
        ({}, "surface", "is required"),
        ([], "body", "must be an object"),
        ({"surface": 3}, "surface", "text"),
        ({"surface": "home", "limit": "20"}, "limit", "whole number"),
        ({"surface": "home", "limit": 0}, "limit", "from 1 to 100"),
        ({"surface": "home", "limit": True}, "limit", "whole number"),
        ({"surface": "home", "items": "i01"}, "items", "list"),
        ({"surface": "home", "items": [1]}, "items", "text"),
        ({"surface": "home", "items": ["a"] * 501}, "items", "at most 500"),
        ({"surface": "home", "items": ["a\n"]}, "items", "control character"),
        ({"surface": "home", "personalised": "false"}, "personalised", "true or false"),
        ({"surface": "home", "rules": False}, "rules", "on or off"),
        ({"surface": "home", "price_min": -1}, "price_min", "0 or more"),
        ({"surface": "home", "price_min": 9, "price_max": 2}, "price_max", "below price_min"),
        ({"surface": "home", "fields": ["secret"]}, "fields", "no field"),
        ({"surface": "home", "colour": None}, "colour", "not a parameter"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_mend(served, body, field, mend):
    assert mend in refused(post(served, body))[field]


def test_null_is_as_good_as_leaving_out(served):
    body = {"surface": "home", "user_id": None, "items": None, "limit": None, "cursor": None}
    assert post(served, body).json["items"] == served.endpoint.recommend().json["items"]


def test_a_publishable_key_may_not_name_a_shopper_in_a_body_either(served):
    reply = post(served, {"surface": "home", "user_id": "ann"}, key=served.tiny.keys.publishable)
    assert reply.status == 403
    assert [error["field"] for error in reply.json["errors"]] == ["user_id"]


def test_the_log_names_nobody_from_a_body(served):
    post(served, {"surface": "home", "user_id": "a-name-from-a-body", "items": ["i01"]})
    assert "a-name-from-a-body" not in served.endpoint.log.read_text(encoding="utf-8")
