"""Law 3: who gets a slot, and that a pin which fails moves no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.laws import beats, eligible, live_pins
from support.strategies import (
    ITEMS,
    STRANGER,
    Scene,
    changed_item,
    crowded_scenes,
    pinned_scenes,
    plain_scene,
)

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import NEXT_RELEASE, Boost, Pin
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.slates import Placed, Source
from recsys.domain.slots import precedence

HELD = {Source.PIN, Source.THEME}
any_pinned_scene = st.one_of(pinned_scenes, crowded_scenes)


def pin(rule_id: str, slot: int, item: int, **parts: object) -> Pin:
    return Pin(id=RuleId(rule_id), slot=slot, item_id=ITEMS[item], **parts)


def long_slate(scene: Scene) -> tuple[Placed, ...]:
    return scene.slate(limit=500).items


def pins_by_id(scene: Scene) -> dict[str, Pin]:
    return {each.id: each for each in live_pins(scene)}


def slots_held(scene: Scene) -> dict[int, Placed]:
    """What pins hold, by the slot that they were made for."""
    return {pins_by_id(scene)[each.rule_id].slot: each for each in long_slate(scene) if each.source in HELD}


@given(any_pinned_scene)
def test_only_live_pins_hold_slots_and_each_slot_is_held_once(scene: Scene) -> None:
    placed = [each for each in long_slate(scene) if each.source in HELD]
    live = pins_by_id(scene)
    assert all(each.rule_id in live for each in placed)
    assert len({live[each.rule_id].slot for each in placed}) == len(placed)


@given(any_pinned_scene)
def test_a_pin_on_an_item_places_that_item(scene: Scene) -> None:
    for each in long_slate(scene):
        if each.source is Source.PIN:
            assert pins_by_id(scene)[each.rule_id].item_id == each.item_id


@given(any_pinned_scene)
def test_a_pin_that_could_be_served_loses_only_to_a_better_one_for_its_slot_or_a_lower_slot(
    scene: Scene,
) -> None:
    held = slots_held(scene)
    lowest = {each.item_id: slot for slot, each in held.items() if each.source is Source.PIN}
    for loser in live_pins(scene):
        if loser.item_id is None or not eligible(loser.item_id, scene):
            continue
        winner = held.get(loser.slot)
        served_above = lowest.get(loser.item_id, 501) < loser.slot
        if winner is None or winner.source is Source.THEME:
            assert served_above
        elif winner.rule_id != loser.id:
            assert served_above or beats(pins_by_id(scene)[winner.rule_id], loser)


@given(any_pinned_scene)
def test_a_slot_goes_to_the_best_pin_that_can_be_served(scene: Scene) -> None:
    held = slots_held(scene)
    for slot, placed in held.items():
        winner = pins_by_id(scene)[placed.rule_id]
        better = [each for each in live_pins(scene) if each.slot == slot and beats(each, winner)]
        for each in better:
            if each.item_id is not None:
                above = [s for s, p in held.items() if p.item_id == each.item_id and s < slot]
                assert not eligible(each.item_id, scene) or above


@given(any_pinned_scene)
def test_an_item_pin_goes_before_any_theme_pin_for_its_slot(scene: Scene) -> None:
    held = slots_held(scene)
    by_pin = {each.item_id for each in held.values() if each.source is Source.PIN}
    for slot, placed in held.items():
        if placed.source is Source.THEME:
            rivals = [
                each.item_id for each in live_pins(scene) if each.slot == slot and each.item_id is not None
            ]
            assert all(item_id in by_pin or not eligible(item_id, scene) for item_id in rivals)


@given(any_pinned_scene)
def test_an_item_pinned_twice_keeps_the_lower_slot(scene: Scene) -> None:
    held = slots_held(scene)
    for slot, placed in held.items():
        if placed.source is not Source.PIN:
            continue
        for lower in live_pins(scene):
            if lower.item_id == placed.item_id and lower.slot < slot:
                # It lost the lower slot to another pin that stands there.
                assert held[lower.slot].rule_id != lower.id
                assert beats(pins_by_id(scene)[held[lower.slot].rule_id], lower)


@given(any_pinned_scene)
def test_a_held_slot_is_the_position_unless_items_run_out_and_pins_close_up(scene: Scene) -> None:
    slate = long_slate(scene)
    for each in slate:
        if each.source in HELD:
            slot = pins_by_id(scene)[each.rule_id].slot
            assert each.position <= slot
            if each.position < slot:
                assert all(later.source in HELD for later in slate[each.position - 1 :])


@given(
    st.dictionaries(st.integers(1, 8), st.sampled_from(ITEMS), min_size=1, max_size=5),
    st.sampled_from(ITEMS),
)
def test_an_unavailable_pin_yields_and_the_other_pins_keep_their_slots(
    pinned: dict[int, ItemId], gone: ItemId
) -> None:
    assume(len(set(pinned.values())) == len(pinned))
    scene = plain_scene(
        *(Pin(id=RuleId(f"p{slot}"), slot=slot, item_id=each) for slot, each in pinned.items())
    )
    after = changed_item(scene, gone, available=False)
    kept = {slot: item_id for slot, item_id in pinned.items() if item_id != gone}
    assert {each.position: each.item_id for each in long_slate(after) if each.source is Source.PIN} == kept
    organic = [each.item_id for each in long_slate(after) if each.source is Source.MODEL]
    assert organic == [each for each in ITEMS if each != gone and each not in kept.values()]


def test_an_unavailable_winner_yields_to_the_next_pin_for_its_slot() -> None:
    scene = plain_scene(pin("first", 3, 8, priority=1), pin("second", 3, 9))
    assert scene.ids()[2] == ITEMS[8]
    assert ITEMS[9] in scene.ids()[3:], (
        "the loser is not served elsewhere by its pin, but stands on its own merit"
    )
    assert changed_item(scene, ITEMS[8], stock=0).ids()[2] == ITEMS[9]


def test_without_another_pin_the_slot_goes_to_the_next_organic_item() -> None:
    scene = changed_item(plain_scene(pin("a", 2, 8), pin("b", 4, 9)), ITEMS[8], available=False)
    assert scene.ids()[:5] == [ITEMS[0], ITEMS[1], ITEMS[2], ITEMS[9], ITEMS[3]]


def test_the_slot_lost_by_an_item_that_is_pinned_above_goes_to_the_next_pin() -> None:
    scene = plain_scene(pin("low", 2, 8), pin("high", 5, 8, priority=9), pin("other", 5, 9))
    assert scene.ids()[1] == ITEMS[8]
    assert scene.ids()[4] == ITEMS[9]


def test_an_item_that_loses_its_lower_slot_keeps_the_higher_one() -> None:
    scene = plain_scene(pin("winner", 2, 9, priority=1), pin("loser", 2, 8), pin("again", 5, 8))
    assert scene.ids()[1] == ITEMS[9]
    assert scene.ids()[4] == ITEMS[8]


def test_an_item_that_the_catalog_lacks_yields_its_slot() -> None:
    scene = plain_scene(Pin(id=RuleId("a"), slot=1, item_id=STRANGER))
    assert scene.ids()[0] == ITEMS[0]


SELECTOR = Selector(tags=("red",))
LADDER = [
    {"priority": 1},
    {"scope": Scope(user="ann")},
    {"scope": Scope(segment="new", context_item=ITEMS[0], surface="home", row="main", market="FR")},
    {"scope": Scope(context_item=ITEMS[0], surface="home", row="main", market="FR")},
    {"scope": Scope(context_selector=SELECTOR, surface="home", row="main", market="FR")},
    {"scope": Scope(market="FR", surface="home", row="main")},
    {"scope": Scope(market="FR")},
    {"scope": Scope(surface="home", row="main")},
    {"scope": Scope(surface="home")},
    {"published": NEXT_RELEASE},
    {"published": 7},
    {"published": 3},
]
"""Each rung wins against every rung below it."""


@pytest.mark.parametrize("rung", range(len(LADDER) - 1))
def test_precedence_is_priority_then_specificity_then_latest_publication(rung: int) -> None:
    base = {"published": 3}
    upper = pin("z", 1, 0, **{**base, **LADDER[rung]})
    for lower in LADDER[rung + 1 :]:
        assert precedence(upper) < precedence(pin("a", 1, 0, **{**base, **lower}))


def test_the_lowest_id_decides_between_pins_that_are_alike() -> None:
    assert plain_scene(pin("b", 1, 8), pin("a", 1, 9)).ids()[0] == ITEMS[9]


@given(any_pinned_scene)
def test_precedence_is_a_total_order_that_agrees_with_the_law(scene: Scene) -> None:
    live = [each for each in scene.rules if isinstance(each, Pin)]
    for one in live:
        for other in live:
            if (one.item_id is None) == (other.item_id is None):
                assert (precedence(one) < precedence(other)) == beats(one, other)


@given(any_pinned_scene)
def test_the_order_in_which_rules_are_kept_does_not_matter(scene: Scene) -> None:
    turned = replace(scene, rules=type(scene.rules)(reversed(list(scene.rules))))
    assert turned.slate() == scene.slate()


def test_pins_move_organic_items_down_and_change_nothing_else_about_their_order() -> None:
    scene = plain_scene(
        pin("a", 1, 11), pin("b", 3, 10), Boost(id=RuleId("x"), target=Target(item_id=ITEMS[9]), factor=8)
    )
    assert scene.ids() == [ITEMS[each] for each in (11, 9, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8)]
