"""How rules stand, and that a conflict is named on both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from support.laws import live_pins
from support.plain import PlainCandidates
from support.strategies import AT, DAY, ITEMS, KEY, Scene, crowded_scenes, plain_scene, scenes

from recsys.domain.ids import RuleId
from recsys.domain.live import is_live
from recsys.domain.rules import Boost, Pin, RuleSet, Theme, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.slates import Source
from recsys.domain.statuses import Shelf, Status, review_due, standings
from recsys.domain.windows import Window

PIN = Pin(id=RuleId("p"), slot=1, item_id=ITEMS[0])
VETO = Veto(id=RuleId("v"), target=Target(item_id=ITEMS[0]), reason="Recalled")


def shelf_of(scene: Scene) -> Shelf:
    def shown(theme: Theme) -> int:
        members = set(theme.picks)
        if theme.selector is not None:
            members |= set(scene.catalog.members(theme.selector, AT))
        sellable = scene.catalog.sellable(None, AT)
        return sum(sellable(each) for each in members - set(theme.excluded))

    return Shelf(
        find=scene.catalog.get,
        sellable=lambda item_id, market: scene.catalog.sellable(market, AT)(item_id),
        shown=shown,
    )


def stood(scene: Scene) -> dict:
    return {each.rule.id: each for each in standings(scene.rules, AT, shelf_of(scene))}


def status(*rules, of: str = "p", items: int = 12) -> Status:
    return stood(plain_scene(*rules, size=items))[of].status


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ({}, Status.LIVE),
        ({"window": Window(start=AT + DAY)}, Status.SCHEDULED),
        ({"window": Window(start=AT)}, Status.LIVE),
        ({"window": Window(end=AT)}, Status.EXPIRED),
        ({"paused": True, "window": Window(end=AT)}, Status.PAUSED),
        ({"item_id": ITEMS[11]}, Status.SUSPENDED),
    ],
)
def test_a_rule_stands_as_its_window_its_switch_and_its_item_say(parts, wanted) -> None:
    assert status(replace(PIN, **parts), items=5) is wanted


def test_a_pin_on_a_theme_that_has_nothing_to_show_is_suspended() -> None:
    theme = Theme(id=theme_id("spring"), slug="spring", title="Spring", picks=(ITEMS[3],))
    pin = replace(PIN, item_id=None, theme=theme.id)
    assert status(pin, theme) is Status.LIVE
    assert status(pin, theme, items=2) is Status.SUSPENDED
    assert status(pin, replace(theme, window=Window(end=AT))) is Status.SUSPENDED
    assert status(pin, replace(theme, paused=True)) is Status.SUSPENDED


def test_a_pin_is_overruled_by_one_that_takes_its_slot_everywhere_and_both_name_each_other() -> None:
    other = Pin(id=RuleId("q"), slot=1, item_id=ITEMS[1], priority=5)
    found = stood(plain_scene(PIN, other))
    assert found["p"].status is Status.OVERRULED
    assert found["p"].by == other
    assert found["p"].under == (other,)
    assert found["q"].over == (PIN,)
    assert found["q"].status is Status.LIVE


def test_a_pin_that_loses_only_in_one_market_is_live_and_names_the_other() -> None:
    other = Pin(id=RuleId("q"), slot=1, item_id=ITEMS[1], scope=Scope(market="FR"))
    found = stood(plain_scene(PIN, other))
    assert found["p"].status is Status.LIVE
    assert found["p"].under == (other,)


def test_a_winner_whose_item_is_gone_overrules_nobody() -> None:
    other = Pin(id=RuleId("q"), slot=1, item_id=ITEMS[11], priority=5)
    found = stood(plain_scene(PIN, other, size=5))
    assert found["q"].status is Status.SUSPENDED
    assert found["p"].status is Status.LIVE


def test_a_veto_overrules_the_pins_of_its_items_by_name_or_by_selector() -> None:
    assert status(PIN, VETO) is Status.OVERRULED
    assert status(PIN, replace(VETO, scope=Scope(surface="product"))) is Status.LIVE
    by_tag = replace(VETO, target=Target(selector=Selector(max_age_days=100)))
    assert status(PIN, by_tag) is Status.LIVE
    assert stood(plain_scene(PIN, VETO))["v"].over == (PIN,)


def test_of_two_boosts_of_the_same_items_the_stronger_acts() -> None:
    one = Boost(id=RuleId("p"), target=Target(item_id=ITEMS[0]), factor=2)
    other = replace(one, id=RuleId("q"), factor=3)
    assert status(one, other) is Status.OVERRULED
    assert status(one, replace(other, factor=0.5)) is Status.LIVE
    assert status(one, replace(other, holdout=0.1)) is Status.LIVE


def test_a_pin_whose_rival_gives_way_somewhere_is_not_overruled() -> None:
    for_ann = replace(PIN, id=RuleId("r"), item_id=ITEMS[1], scope=Scope(user="ann"))
    lower = replace(PIN, id=RuleId("q"), slot=2)
    assert status(lower, PIN, of="q") is Status.OVERRULED
    assert status(lower, PIN, for_ann, of="q") is Status.LIVE, "for ann the item of slot 1 is free for slot 2"
    rival, veto = replace(PIN, id=RuleId("q"), item_id=ITEMS[2]), replace(VETO, scope=Scope(user="ann"))
    assert status(rival, PIN, of="q") is Status.OVERRULED
    assert status(rival, PIN, veto, of="q") is Status.LIVE, "for ann slot 1 is free"


@given(crowded_scenes)
def test_an_overruled_pin_is_served_to_nobody(scene: Scene) -> None:
    # Whoever owns or dislikes the winner's item, or stands beside it, gets what comes next.
    scene = replace(scene, candidates=PlainCandidates()).asking(context=())
    served = {
        each.rule_id for each in scene.slate(limit=500).items if each.source in {Source.PIN, Source.THEME}
    }
    overruled = {each for each, found in stood(scene).items() if found.status is Status.OVERRULED}
    assert not served & overruled


@given(scenes)
def test_only_rules_that_stand_as_live_or_overruled_can_act(scene: Scene) -> None:
    found = stood(scene)
    for rule in scene.rules:
        if isinstance(rule, Pin | Boost) and is_live(rule, scene.request, [], KEY):
            assert found[rule.id].status in {Status.LIVE, Status.OVERRULED, Status.SUSPENDED}
    for pin in live_pins(scene):
        if found[pin.id].status is Status.SUSPENDED and pin.item_id is not None:
            assert pin.item_id not in scene.ids(limit=500) or pin.scope.market is None


@given(scenes)
def test_a_conflict_is_named_on_both_sides(scene: Scene) -> None:
    found = stood(scene)
    pairs = {(each.rule.id, loser.id) for each in found.values() for loser in each.over}
    assert pairs == {(winner.id, each.rule.id) for each in found.values() for winner in each.under}
    for each in found.values():
        assert (each.by is not None) == (each.by in each.under)


def test_a_review_is_due_from_the_beginning_of_its_day_in_the_zone_of_the_shop() -> None:
    pin = replace(PIN, review=date(2026, 11, 30))
    midnight_in_paris = datetime(2026, 11, 29, 23, tzinfo=UTC)
    assert review_due(pin, midnight_in_paris, "Europe/Paris")
    assert not review_due(pin, midnight_in_paris, "UTC")
    assert not review_due(PIN, midnight_in_paris, "UTC")
    assert RuleSet([pin]) != RuleSet([PIN])
