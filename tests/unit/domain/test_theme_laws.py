"""Laws 4 and 5: what a theme gives to a slot, and in which order its members stand for a shopper."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.laws import eligible, live_pins, member_key, theme_of
from support.strategies import (
    AT,
    DAY,
    ITEMS,
    THEMES,
    Scene,
    changed_item,
    crowded_scenes,
    half_as_many,
    pinned_scenes,
    plain_scene,
    scenes,
)

from recsys.domain.ids import RuleId
from recsys.domain.rules import Pin, Theme, ThemeOrder, theme_id
from recsys.domain.selectors import Selector
from recsys.domain.slates import Source
from recsys.domain.themes import by_model, theme_order
from recsys.domain.windows import Window

RED = Selector(tags=("red",))
PIN = Pin(id=RuleId("p"), slot=2, theme=theme_id("spring"))
any_pinned_scene = st.one_of(pinned_scenes, crowded_scenes)


def theme(*picks: int, **parts: object) -> Theme:
    return Theme(
        id=theme_id("spring"),
        slug="spring",
        title="Spring",
        picks=tuple(ITEMS[each] for each in picks),
        **parts,
    )


def order_of(scene: Scene, rule_id: str = THEMES[0]) -> list[str]:
    return theme_order(theme_of(scene, rule_id), scene.candidates, scene.catalog, scene.request)


@half_as_many
@given(scenes)
def test_a_theme_holds_picks_and_selected_items_without_exclusions_in_its_own_order(scene: Scene) -> None:
    for rule_id in THEMES:
        keys = {item_id: member_key(theme_of(scene, rule_id), item_id, scene) for item_id in ITEMS}
        members = [item_id for item_id, key in keys.items() if key is not None]
        assert order_of(scene, rule_id) == sorted(members, key=lambda item_id: keys[item_id])


@given(any_pinned_scene)
def test_a_theme_fills_its_slot_with_its_first_eligible_member_that_no_other_pin_holds(scene: Scene) -> None:
    slate = scene.slate(limit=500).items
    by_id = {pin.id: pin for pin in live_pins(scene)}
    held = {
        each.item_id: by_id[each.rule_id].slot for each in slate if each.source in {Source.PIN, Source.THEME}
    }
    pinned = {each.item_id for each in slate if each.source is Source.PIN}
    for placed in slate:
        if placed.source is Source.THEME:
            pin = by_id[placed.rule_id]
            members = order_of(scene, pin.theme)
            assert placed.item_id in members
            assert placed.theme == theme_of(scene, pin.theme).slug
            for before in members[: members.index(placed.item_id)]:
                assert not eligible(before, scene) or before in pinned or held[before] < pin.slot


@given(any_pinned_scene)
def test_a_theme_pin_stays_empty_only_when_its_theme_has_nothing_left_to_give(scene: Scene) -> None:
    slate = scene.slate(limit=500).items
    by_id = {pin.id: pin for pin in live_pins(scene)}
    held = {
        each.item_id: by_id[each.rule_id].slot for each in slate if each.source in {Source.PIN, Source.THEME}
    }
    pinned = {each.item_id for each in slate if each.source is Source.PIN}
    for pin in live_pins(scene):
        if pin.theme is None or pin.slot in held.values():
            continue
        shown = theme_of(scene, pin.theme)
        if not shown.paused and shown.window.holds(AT):
            left = [
                each for each in order_of(scene, pin.theme) if eligible(each, scene) and each not in pinned
            ]
            assert all(held.get(each, 501) < pin.slot for each in left)


@given(any_pinned_scene)
def test_an_exclusion_wins_over_hand_pick_and_selector(scene: Scene) -> None:
    for placed in scene.slate(limit=500).items:
        if placed.source is Source.THEME:
            named = next(
                rule for rule in scene.rules if isinstance(rule, Theme) and rule.slug == placed.theme
            )
            assert placed.item_id not in named.excluded


def test_by_hand_keeps_the_picks_as_they_are_and_adds_the_rest_by_popularity() -> None:
    scene = plain_scene(theme(5, 1, 3, selector=RED, order=ThemeOrder.BY_HAND), market="FR")
    for number in (1, 7, 8, 9):
        scene = changed_item(scene, ITEMS[number], tags=("red",))
    popular = {"FR": {ITEMS[9]: 0.5, ITEMS[8]: 0.25}, None: {ITEMS[7]: 1.0}}
    scene = replace(scene, candidates=replace(scene.candidates, popular_in=popular, vector={ITEMS[7]: 9.0}))
    assert order_of(scene) == [ITEMS[each] for each in (5, 1, 3, 9, 8, 7)]


def test_model_order_is_by_vectors_and_the_rest_follows_by_popularity_then_id() -> None:
    scene = plain_scene(theme(1, 2, 3, 4, 5, order=ThemeOrder.MODEL), market="FR")
    vector, popular = {ITEMS[3]: -1.0, ITEMS[4]: 2.0}, {"FR": {ITEMS[5]: 0.5}, None: {ITEMS[2]: 1.0}}
    scene = replace(scene, candidates=replace(scene.candidates, vector=vector, popular_in=popular))
    assert order_of(scene) == [ITEMS[each] for each in (4, 3, 5, 1, 2)]


@pytest.mark.parametrize(
    ("head", "expected"),
    [(None, (1, 2, 3, 9, 8)), (0, (9, 8, 3, 2, 1)), (1, (1, 9, 8, 3, 2)), (9, (1, 2, 3, 9, 8))],
)
def test_a_hand_picked_head_keeps_its_places_and_the_tail_is_personal(head: int | None, expected) -> None:
    scene = plain_scene(theme(1, 2, 3, selector=RED, head=head))
    for number in (8, 9):
        scene = changed_item(scene, ITEMS[number], tags=("red",))
    liking = {item_id: float(number) for number, item_id in enumerate(ITEMS)}
    scene = replace(scene, candidates=replace(scene.candidates, vector=liking))
    assert order_of(scene) == [ITEMS[each] for each in expected]


def test_a_theme_outside_the_candidates_of_two_shoppers_is_ordered_differently_for_them() -> None:
    scene = plain_scene(theme(9, 10, 11, order=ThemeOrder.MODEL), PIN)
    nothing = replace(scene.candidates, own={})
    one = replace(scene, candidates=replace(nothing, vector={ITEMS[9]: 0.5, ITEMS[10]: 0.75}))
    other = replace(scene, candidates=replace(nothing, vector={ITEMS[9]: 0.75, ITEMS[10]: 0.5}))
    assert one.ids()[1] == ITEMS[10]
    assert other.ids()[1] == ITEMS[9]


@half_as_many
@given(scenes)
def test_model_order_is_blind_to_boosts_and_the_group_limit(scene: Scene) -> None:
    bare = replace(scene, rules=type(scene.rules)([theme_of(scene, THEMES[0])]))
    assert order_of(bare) == order_of(scene)


@half_as_many
@given(scenes)
def test_without_a_vector_a_theme_is_ordered_as_for_nobody_in_particular(scene: Scene) -> None:
    unknown = replace(scene, candidates=replace(scene.candidates, vector=None))
    assert order_of(unknown) == order_of(scene.asking(personalised=False))


@half_as_many
@given(scenes)
def test_model_order_keeps_every_member_once(scene: Scene) -> None:
    assert sorted(by_model(ITEMS, scene.candidates, scene.request)) == sorted(ITEMS)


def test_a_hand_pick_survives_when_the_selector_no_longer_holds_it() -> None:
    scene = changed_item(plain_scene(theme(4, selector=RED)), ITEMS[4], tags=("red",))
    assert order_of(scene) == order_of(changed_item(scene, ITEMS[4], tags=())) == [ITEMS[4]]


def test_a_rule_based_member_comes_and_goes_with_its_age() -> None:
    scene = changed_item(
        plain_scene(theme(selector=Selector(max_age_days=30))), ITEMS[4], added_at=AT - 29 * DAY
    )
    assert order_of(scene) == [ITEMS[4]]
    assert order_of(scene.asking(at=AT + DAY)) == []


@pytest.mark.parametrize("resting", [{"paused": True}, {"window": Window(end=AT)}])
def test_a_theme_that_rests_fills_no_slot(resting) -> None:
    assert plain_scene(theme(9), PIN).ids()[1] == ITEMS[9]
    assert plain_scene(theme(9, **resting), PIN).ids()[1] == ITEMS[1]


def test_two_slots_of_one_theme_show_its_first_two_members() -> None:
    scene = plain_scene(theme(9, 10, 11), PIN, replace(PIN, id=RuleId("q"), slot=4))
    assert [scene.ids()[1], scene.ids()[3]] == [ITEMS[9], ITEMS[10]]


def test_a_theme_leaves_to_an_item_pin_further_down_what_is_pinned_there() -> None:
    scene = plain_scene(theme(9, 10), PIN, Pin(id=RuleId("q"), slot=6, item_id=ITEMS[9]))
    assert [scene.ids()[1], scene.ids()[5]] == [ITEMS[10], ITEMS[9]]


def test_the_first_theme_pin_that_has_something_to_give_fills_the_slot() -> None:
    empty = Theme(id=theme_id("gifts"), slug="gifts", title="Gifts")
    first = Pin(id=RuleId("a"), slot=2, theme=empty.id, priority=1)
    assert plain_scene(theme(9), empty, first, PIN).ids()[1] == ITEMS[9]


def test_titles_and_blurbs_follow_the_market() -> None:
    shown = theme(9, blurb="Fresh", titles={"FR": "Printemps"}, blurbs={"FR": "Frais"})
    assert (shown.title_in("FR"), shown.blurb_in("FR")) == ("Printemps", "Frais")
    assert (shown.title_in("DE"), shown.blurb_in(None)) == ("Spring", "Fresh")
