"""Losers are conflicts: shown to editors, not resolved in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from support.laws import eligible, live_pins
from support.strategies import AT, DAY, ITEMS, Scene, crowded_scenes

from recsys.domain.conflicts import pin_conflicts, scopes_meet
from recsys.domain.ids import RuleId
from recsys.domain.rules import Pin, RuleSet, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.slates import Source
from recsys.domain.windows import Window

PIN = Pin(id=RuleId("a"), slot=1, item_id=ITEMS[0])
OTHER = Pin(id=RuleId("b"), slot=1, item_id=ITEMS[1])


def pairs(*rules: Pin) -> list[tuple[str, str]]:
    return [(each.winner.id, each.loser.id) for each in pin_conflicts(RuleSet(rules), AT)]


@given(crowded_scenes)
def test_a_live_pin_that_is_not_served_though_its_item_is_eligible_is_among_the_losers(scene: Scene) -> None:
    served = {each.rule_id for each in scene.slate(limit=500).items if each.source is Source.PIN}
    losers = {each.loser.id for each in pin_conflicts(scene.rules, AT)}
    for pin in live_pins(scene):
        if pin.item_id is not None and pin.id not in served and eligible(pin.item_id, scene):
            assert pin.id in losers


@given(crowded_scenes)
def test_no_pin_loses_to_one_that_it_overrules(scene: Scene) -> None:
    found = {(each.winner.id, each.loser.id) for each in pin_conflicts(scene.rules, AT)}
    assert not found & {(loser, winner) for winner, loser in found}


def test_the_higher_priority_wins() -> None:
    assert pairs(PIN, replace(OTHER, priority=1)) == [("b", "a")]


def test_an_item_pin_wins_over_a_theme_pin_of_any_priority() -> None:
    theme = Pin(id=RuleId("t"), slot=1, theme=theme_id("spring"), priority=9)
    assert pairs(PIN, theme) == [("a", "t")]


def test_of_two_pins_of_one_item_the_lower_slot_wins() -> None:
    assert pairs(replace(PIN, slot=7, priority=9), replace(OTHER, slot=3, item_id=ITEMS[0])) == [("b", "a")]


def test_two_slots_of_one_theme_are_no_conflict() -> None:
    theme = Pin(id=RuleId("t"), slot=1, theme=theme_id("spring"))
    assert pairs(theme, replace(theme, id=RuleId("u"), slot=2)) == []


@pytest.mark.parametrize(
    "apart",
    [
        {"slot": 2},
        {"paused": True},
        {"window": Window(end=AT)},
        {"window": Window(AT - 9 * DAY, AT)},
    ],
)
def test_pins_that_cannot_meet_do_not_conflict(apart) -> None:
    assert pairs(PIN, replace(OTHER, **apart)) == []


def test_windows_that_only_touch_do_not_conflict_and_later_ones_do() -> None:
    first = replace(PIN, window=Window(end=AT + DAY))
    assert pairs(first, replace(OTHER, window=Window(start=AT + DAY))) == []
    assert pairs(PIN, replace(OTHER, window=Window(start=AT + DAY))) == [("a", "b")]


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Scope(), Scope(surface="home"), True),
        (Scope(surface="home"), Scope(surface="product"), False),
        (Scope(surface="home", row="main"), Scope(surface="home", row="more"), False),
        (Scope(surface="home"), Scope(surface="home", row="more"), True),
        (Scope(market="FR"), Scope(market="DE"), False),
        (Scope(market="FR"), Scope(user="ann"), True),
        (Scope(user="ann"), Scope(user="bob"), False),
        (Scope(segment="new"), Scope(segment="loyal"), True),
        (Scope(context_item=ITEMS[0]), Scope(context_item=ITEMS[1]), True),
    ],
)
def test_scopes_meet_when_some_request_can_match_both(one: Scope, other: Scope, meet: bool) -> None:
    assert scopes_meet(one, other) is meet
    assert scopes_meet(other, one) is meet
