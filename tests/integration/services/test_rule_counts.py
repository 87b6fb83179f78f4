"""What a rule brings is counted exactly: each event once, for the rules of the answer that it follows."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from recsys.domain.events import Event, EventType, Followed
from recsys.services.events import record_events
from recsys.services.releasing import publish
from recsys.services.rule_counts import NO_OUTCOME, Outcome, RuleNames, rule_outcomes
from recsys.services.taking import take_events
from tests.integration.rule_examples import pin, theme, veto
from tests.integration.shops import ANN, MORNING, PAT, save


def event(number, kind, followed, value=None):
    return Event(
        event_id=f"e{number}",
        type=EventType(kind),
        item_id="lamp",
        at=MORNING,
        user="ann",
        value=value,
        followed=followed,
    )


def test_each_event_counts_once_for_each_rule_that_had_part(shop):
    followed = Followed(placed="pin-1", acted=("boost-1", "pin-1"), held_out=("pin-9",))
    kinds = [("impression", None)] * 4 + [("click", None)] * 2 + [("purchase", 7.5), ("view", None)]
    events = [event(number, kind, followed, value) for number, (kind, value) in enumerate(kinds)]
    record_events(shop, events, MORNING)
    record_events(shop, events, MORNING)
    whole = Outcome(impressions=4, clicks=2, purchases=1, value=7.5)
    found = {each.rule_id: each for each in rule_outcomes(shop, 1)}
    assert (found["pin-1"].placed, found["pin-1"].acted, found["pin-1"].held_out) == (
        whole,
        whole,
        NO_OUTCOME,
    )
    assert (found["boost-1"].placed, found["boost-1"].acted) == (NO_OUTCOME, whole)
    assert (found["pin-9"].acted, found["pin-9"].held_out) == (NO_OUTCOME, whole)
    assert (whole.click_rate, whole.value_rate, NO_OUTCOME.click_rate) == (0.5, 7.5 / 4, None)


def test_counts_add_up_over_requests_and_days_and_outlast_the_events(shop):
    chance, told = random.Random(3), Counter()
    followed = Followed(placed="pin-1")
    for number in range(60):
        kind, days = chance.choice(["impression", "click", "purchase"]), chance.randrange(3)
        record_events(shop, [event(number, kind, followed, 1.0)], MORNING - timedelta(days=days))
        told[kind, days] += 1
    old = replace(shop, settings=replace(shop.settings, event_days=0))
    for days in (1, 2, 3):
        [found] = rule_outcomes(shop, days)
        counted = (found.placed.impressions, found.placed.clicks, found.placed.purchases)
        expected = tuple(
            sum(told[kind, day] for day in range(days)) for kind in ("impression", "click", "purchase")
        )
        assert counted == expected
        assert found.placed.value == expected[2]
        take_events(old)


def test_an_event_that_follows_no_answer_counts_for_no_rule(shop):
    record_events(shop, [event(1, "click", Followed())], MORNING)
    assert rule_outcomes(shop, 28) == []


def test_a_rule_is_shown_as_it_is_published_or_by_its_id_alone(shop):
    publish(shop, PAT, [save(shop, ANN, pin())])
    record_events(shop, [event(1, "click", Followed(placed="pin-1", acted=("gone",)))], MORNING)
    found = {each.rule_id: each.rule for each in rule_outcomes(shop, 28)}
    assert found["gone"] is None
    assert found["pin-1"].id == "pin-1"


@pytest.mark.parametrize("unknown", [0, 99])
def test_rules_are_named_by_their_place_among_the_sorted_ids_of_their_release(shop, unknown):
    first = publish(shop, PAT, [save(shop, ANN, pin()), save(shop, ANN, veto()), save(shop, ANN, theme())])
    names = RuleNames(shop)
    with shop.database.read() as unit:
        rules = unit.releases.rules(first.number)
    assert list(names.of(first.number)) == sorted(rule.id for rule in rules)
    assert list(names.of(unknown)) == []
    publish(shop, PAT, [save(shop, ANN, replace(pin(2), id="a-pin"))])
    assert "a-pin" not in names.of(first.number)
