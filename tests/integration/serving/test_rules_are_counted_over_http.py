"""From the answer over the event to the count: the way that a storefront goes."""

from __future__ import annotations

import pytest
from support.tiny_shop import PINNED, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.services.rule_counts import rule_outcomes


def outcomes(served):
    return {each.rule_id: each for each in rule_outcomes(served.tiny.shop, 1)}


@pytest.fixture
def tell(served):
    numbers = iter(range(1_000))

    def tell(kind, slate, item, **more):
        event = {
            "event_id": f"count-{kind}-{slate['recommendation_id']}-{item['item_id']}-{next(numbers)}"[:128],
            "type": kind,
            "item_id": item["item_id"],
            "recommendation_id": slate["recommendation_id"],
            "position": item["position"],
            **more,
        }
        body = {"events": [event]}
        reply = served.endpoint.ask("/v1/events", method="POST", key=served.tiny.keys.events, body=body)
        assert reply.json["accepted"] == 1

    return tell


def test_a_click_on_a_pinned_item_counts_for_its_pin_and_one_beside_it_for_none(served, tell):
    slate = served.endpoint.recommend(user_id="ann").json
    pinned = next(item for item in slate["items"] if item["item_id"] == PINNED)
    other = next(item for item in slate["items"] if item["source"] == "model")
    tell("impression", slate, pinned, user_id="ann")
    tell("click", slate, pinned, user_id="ann")
    tell("purchase", slate, pinned, user_id="ann", value=4.5)
    tell("click", slate, other, user_id="ann")
    placed = outcomes(served)[pinned["rule_id"]].placed
    assert (placed.impressions, placed.clicks, placed.purchases, placed.value) == (1, 1, 1, 4.5)
    assert set(outcomes(served)) == {pinned["rule_id"]}


def test_a_themes_slots_and_further_pages_count_for_their_pin(served, tell):
    first = served.endpoint.recommend(user_id="bob", limit=4).json
    second = served.endpoint.recommend(user_id="bob", limit=4, cursor=first["next_cursor"]).json
    tea = next(item for item in second["items"] if item["source"] == "theme")
    before = outcomes(served).get("pin-tea")
    tell("click", second, tea, user_id="bob")
    assert outcomes(served)["pin-tea"].placed.clicks == (before.placed.clicks if before else 0) + 1


def test_with_a_holdout_both_groups_are_counted_each_for_itself(served, tell):
    pin = Pin(id=RuleId("pin-half"), slot=1, item_id=ItemId("i33"), scope=Scope(surface="home"), holdout=0.5)
    number = publish_rules(served.tiny.shop, pin)
    told = {True: 0, False: 0}
    served.endpoint.until_release(number)
    for visitor in range(12):
        session = f"visitor-{visitor}"
        slate = served.endpoint.recommend(session_id=session).json
        acted = slate["items"][0]["rule_id"] == "pin-half"
        told[acted] += 1
        tell("impression", slate, slate["items"][4], session_id=session)
    found = outcomes(served)["pin-half"]
    assert (found.acted.impressions, found.held_out.impressions) == (told[True], told[False])
    assert min(told.values()) > 0
    assert found.placed.impressions == 0
