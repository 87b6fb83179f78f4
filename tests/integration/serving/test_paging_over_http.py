"""Pages add up: nothing comes twice, nothing that stays eligible is left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs
from support.tiny_shop import OWNED, PINNED, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.catalog import set_availability
from recsys.services.releasing import roll_back
from recsys.services.takedowns import lift, take_down
from recsys.serving.cursor import Cursor, encode_cursor
from recsys.serving.parameters import Asked

queries = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.sampled_from([*OWNED, "stranger"]),
        "market": st.sampled_from(["GB", "FR", "Atlantis"]),
        "context_item": st.sampled_from(["i01", "i20"]),
        "personalised": st.sampled_from(["true", "false"]),
        "rules": st.sampled_from(["on", "off"]),
        "tag": st.just(["red", "blue", "green"]),
        "exclude": st.just(["i01", "i07"]),
    },
)


def pages(endpoint, query, limits):
    """The items of all pages, with the limits in turn; the last limit goes on."""
    cursor: dict[str, str] = {}
    for place in range(60):
        limit = limits[min(place, len(limits) - 1)]
        answer = endpoint.recommend(**query, **cursor, limit=limit).json
        yield answer
        if answer["next_cursor"] is None:
            return
        assert len(answer["items"]) == limit
        cursor = {"cursor": answer["next_cursor"]}
    pytest.fail("the pages do not end")


def shown(answers):
    return [(item["position"], item["item_id"]) for answer in answers for item in answer["items"]]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries, limits=st.lists(st.integers(1, 25), min_size=1, max_size=5))
def test_pages_add_up_to_the_one_long_slate(served, query, limits):
    whole = served.endpoint.recommend(**query, limit=100).json
    assert whole["next_cursor"] is None
    paged = shown(pages(served.endpoint, query, limits))
    assert [position for position, _ in paged] == list(range(1, len(paged) + 1))
    assert len({item_id for _, item_id in paged}) == len(paged)
    assert paged == shown([whole])


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), limit=st.integers(4, 12))
def test_what_stays_eligible_is_shown_once_whatever_else_comes_and_goes(served, data, limit):
    shop = served.tiny.shop
    everything = served.endpoint.recommend(user_id="ann", limit=100).item_ids
    gone: set[str] = set()
    seen: list[str] = []
    try:
        for answer in pages(served.endpoint, {"user_id": "ann"}, [limit]):
            seen += [item["item_id"] for item in answer["items"]]
            leaving = data.draw(st.sampled_from(everything))
            set_availability(shop, OPERATOR, [leaving], False)
            gone.add(leaving)
            wait_until_gone(served.endpoint, leaving)
    finally:
        set_availability(shop, OPERATOR, sorted(gone), True)
        wait_until_back(served.endpoint, everything)
    assert len(set(seen)) == len(seen)
    assert set(everything) - gone <= set(seen)


def wait_until_gone(endpoint, item_id):
    endpoint.until_every_worker(
        lambda worker: item_id not in worker.recommend(limit=100).item_ids, f"a slate without {item_id}"
    )


def wait_until_back(endpoint, everything):
    endpoint.until_every_worker(
        lambda worker: worker.recommend(user_id="ann", limit=100).item_ids == everything,
        "the slate of before",
    )


def test_a_cursor_goes_on_in_its_release_after_the_next_one(served):
    before = served.endpoint.recommend(user_id="ann", limit=100).item_ids
    first = served.endpoint.recommend(user_id="ann", limit=5).json
    pin = Pin(id=RuleId("pin-new"), slot=8, item_id=ItemId("i33"), scope=Scope(surface="home"))
    published = publish_rules(served.tiny.shop, pin)
    served.endpoint.until_release(published)
    second = served.endpoint.recommend(user_id="ann", limit=100, cursor=first["next_cursor"]).json
    back = roll_back(served.tiny.shop, OPERATOR, served.tiny.curated_release)
    served.endpoint.until_release(back.number)
    assert second["release_id"] == first["release_id"]
    assert [item["item_id"] for item in second["items"]] == before[5:]


def test_a_takedown_reaches_behind_an_old_cursor(served):
    before = served.endpoint.recommend(user_id="ann", limit=100).item_ids
    first = served.endpoint.recommend(limit=2).json
    taken = take_down(served.tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="A recall")
    wait_until_gone(served.endpoint, PINNED)
    second = served.endpoint.recommend(limit=100, cursor=first["next_cursor"])
    without_rules = served.endpoint.recommend(rules="off", limit=100)
    lift(served.tiny.shop, OPERATOR, taken.id)
    wait_until_back(served.endpoint, before)
    assert PINNED not in second.item_ids
    assert PINNED not in without_rules.item_ids


def test_a_cursor_of_a_release_that_is_gone_is_410(served):
    key = served.tiny.settings.derived_key("cursor")
    cursor = Cursor(999, datetime.now(UTC), 6, 0, frozenset({1, 2}), frozenset())
    token = encode_cursor(cursor, Asked(surface="home"), key)
    reply = served.endpoint.recommend(cursor=token)
    assert reply.status == 410
    assert [error["field"] for error in reply.json["errors"]] == ["cursor"]


def test_items_that_left_the_catalog_since_do_not_break_a_cursor(served):
    key = served.tiny.settings.derived_key("cursor")
    cursor = Cursor(served.tiny.curated_release, datetime.now(UTC), 3, 0, frozenset({10**9}), frozenset())
    asked = Asked(surface="home")
    assert served.endpoint.recommend(cursor=encode_cursor(cursor, asked, key)).status == 200
    # The limit is the one thing that a cursor leaves open.
    assert encode_cursor(cursor, structs.replace(asked, limit=7), key) == encode_cursor(cursor, asked, key)


def test_a_changed_parameter_with_a_cursor_is_named(served):
    cursor = served.endpoint.recommend(user_id="ann", limit=5).json["next_cursor"]
    reply = served.endpoint.recommend(user_id="bob", market="FR", limit=9, cursor=cursor)
    assert reply.status == 400
    assert [error["field"] for error in reply.json["errors"]] == ["user_id", "market"]
