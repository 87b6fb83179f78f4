"""Laws 6 and 8: the order of what no pin holds, the group limit, and how a row is filled up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.laws import eligible, group_of, organic_order, row_of, tiers, within_group_limit
from support.plain import PlainCandidates, PlainCatalog
from support.strategies import (
    GROUPS,
    ITEMS,
    SURFACES,
    Scene,
    changed_item,
    crowded_scenes,
    pinned_scenes,
    plain_scene,
    scenes,
    surface,
)

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import MAX_SLOT, Boost, Pin, RuleSet
from recsys.domain.selectors import Selector, Target
from recsys.domain.slates import Source

HELD = {Source.PIN, Source.THEME}
any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)


def boost(item: int, factor: float, rule_id: str = "b") -> Boost:
    return Boost(id=RuleId(rule_id), target=Target(item_id=ITEMS[item]), factor=factor)


@given(any_scene)
def test_organic_items_stand_by_tier_then_boosted_score_then_id_within_the_group_limit(scene: Scene) -> None:
    slate = scene.slate(limit=500).items
    held = {each.item_id for each in slate if each.source in HELD}
    free = [each for each in organic_order(scene) if each not in held]
    assert [each.item_id for each in slate if each.source not in HELD] == within_group_limit(free, scene)


@given(any_scene)
def test_a_row_shows_at_most_so_many_of_a_group_not_counting_pins(scene: Scene) -> None:
    limit = row_of(scene).group_limit
    organic = [each.item_id for each in scene.slate(limit=500).items if each.source not in HELD]
    groups = Counter(group for each in organic if (group := group_of(each, scene)) is not None)
    assert not limit or all(count <= limit for count in groups.values())


@given(any_scene)
def test_an_eligible_item_is_left_out_of_a_main_row_only_when_its_group_is_full(scene: Scene) -> None:
    slate = scene.slate(limit=500).items
    shown = {each.item_id for each in slate}
    if not row_of(scene).fills_up:
        return
    for item_id in ITEMS:
        if eligible(item_id, scene) and item_id not in shown:
            group = group_of(item_id, scene)
            mates = [e for e in slate if e.source not in HELD and group_of(e.item_id, scene) == group]
            assert group is not None
            assert len(mates) == row_of(scene).group_limit


def test_pins_of_a_group_do_not_count_against_its_limit() -> None:
    scene = plain_scene(*(Pin(id=RuleId(f"p{n}"), slot=n, item_id=ITEMS[n]) for n in (1, 2)))
    for number in range(5):
        scene = changed_item(scene, ITEMS[number], group_id="g1")
    assert scene.ids()[:4] == [ITEMS[1], ITEMS[2], ITEMS[0], ITEMS[5]]


@pytest.mark.parametrize(("limit", "kept"), [(0, 4), (1, 1), (2, 2), (9, 4)])
def test_the_group_limit_is_a_setting_and_zero_means_none(limit: int, kept: int) -> None:
    scene = plain_scene()
    for number in range(4):
        scene = changed_item(scene, ITEMS[number], group_id=GROUPS[0])
    limited = replace(scene, rules=scene.rules.with_rule(surface("home", group_limit=limit)))
    assert len(set(ITEMS[:4]) & set(limited.ids())) == kept


def test_the_strongest_boost_and_the_strongest_bury_multiply() -> None:
    # i03 scores 1 - 3/24 = 0.875; 0.875 × 4 × 0.25 = 0.875 leaves it where it was.
    rules = [boost(3, 2, "a"), boost(3, 4, "b"), boost(3, 0.5, "c"), boost(3, 0.25, "d")]
    assert plain_scene(*rules).ids() == list(ITEMS)
    # Without the stronger bury it is 0.875 × 4 × 0.5 = 1.75, above all others.
    assert plain_scene(*rules[:3]).ids()[0] == ITEMS[3]
    # Without boosts 0.875 × 0.25 puts it last: the last unboosted item scores 1 - 11/24.
    assert plain_scene(*rules[2:]).ids()[-1] == ITEMS[3]


def test_ties_are_broken_by_item_id() -> None:
    scene = plain_scene(boost(1, 2.0))
    tied = replace(
        scene, candidates=replace(scene.candidates, own={ITEMS[2]: 0.5, ITEMS[0]: 0.5, ITEMS[1]: 0.25})
    )
    assert tied.ids()[:3] == [ITEMS[0], ITEMS[1], ITEMS[2]]


def test_beside_a_context_its_neighbours_come_first_and_a_boost_lifts_nobody_over_them() -> None:
    scene = plain_scene(boost(0, 1000.0), context=(ITEMS[11],))
    beside = replace(
        scene, candidates=replace(scene.candidates, neighbours={ITEMS[7]: 0.125, ITEMS[6]: 0.25})
    )
    assert beside.ids()[:4] == [ITEMS[6], ITEMS[7], ITEMS[0], ITEMS[1]]


def test_repeats_stand_among_the_new_by_score_where_the_row_lets_them_in() -> None:
    scene = plain_scene()
    known = replace(scene.candidates, own={ITEMS[0]: 0.75, ITEMS[1]: 0.25}, again={ITEMS[2]: 0.5})
    scene = replace(scene, candidates=known)
    assert scene.ids()[:2] == [ITEMS[0], ITEMS[1]]
    repeating = replace(scene, rules=scene.rules.with_rule(surface("home", repeats=True)))
    assert repeating.ids()[:3] == [ITEMS[0], ITEMS[2], ITEMS[1]]


def fallback_scene(*rules: Boost) -> Scene:
    scene = plain_scene(*rules, size=6, market="FR")
    popular = {"FR": {ITEMS[3]: 0.5, ITEMS[2]: 0.25}, None: {ITEMS[4]: 1.0, ITEMS[3]: 0.5}}
    return replace(scene, candidates=replace(scene.candidates, own={ITEMS[5]: 0.25}, popular_in=popular))


def test_a_main_row_without_fallback_ends_with_its_candidates() -> None:
    scene = fallback_scene()
    bare = replace(scene, rules=scene.rules.with_rule(surface("home", fallback=False)))
    assert bare.ids() == [ITEMS[5]]


def test_fallback_is_popular_here_then_overall_then_the_rest_by_id_and_says_so() -> None:
    slate = fallback_scene().slate().items
    assert [each.item_id for each in slate] == [ITEMS[each] for each in (5, 3, 2, 4, 0, 1)]
    assert [each.source for each in slate] == [Source.MODEL] + [Source.FALLBACK] * 5
    assert [each.reason.text for each in slate[1:]] == [
        "Popular in FR", "Popular in FR", "Popular with other shoppers", "More from the shop", "More from the shop",
    ]  # fmt: skip


def test_boosts_act_within_each_tier_of_the_fallback_and_never_across() -> None:
    boosted = fallback_scene(boost(2, 4.0, "a"), boost(1, 1000.0, "b"), boost(4, 0.001, "c"))
    assert boosted.ids() == [ITEMS[each] for each in (5, 2, 3, 4, 1, 0)]


@given(any_scene)
def test_fallback_comes_after_every_candidate_and_only_in_main(scene: Scene) -> None:
    sources = [each.source for each in scene.slate(limit=500).items if each.source not in HELD]
    assert sources == sorted(sources, key=[Source.MODEL, Source.FALLBACK].index)
    assert scene.request.row == "main" or Source.FALLBACK not in sources


@given(any_scene)
def test_an_organic_item_names_the_first_tier_that_holds_it(scene: Scene) -> None:
    expected = {
        "popular here": f"Popular in {scene.request.market}",
        "popular": "Popular with other shoppers",
    }
    for each in scene.slate(limit=500).items:
        if each.source in HELD:
            continue
        tier = next(name for name, scored in tiers(scene) if each.item_id in scored)
        assert (each.source is Source.MODEL) == (tier in {"beside", "own"})
        if each.source is Source.FALLBACK:
            assert each.reason.text == expected.get(tier, "More from the shop")


@given(any_scene)
def test_there_are_no_blanks(scene: Scene) -> None:
    positions = [each.position for each in scene.slate(limit=500).items]
    assert positions == list(range(1, len(positions) + 1))


@given(any_scene)
def test_an_item_appears_once_in_a_row(scene: Scene) -> None:
    ids = scene.ids(limit=500)
    assert len(set(ids)) == len(ids)


@given(any_scene, st.integers(1, 14), st.integers(1, 14))
def test_a_smaller_limit_gives_a_prefix_of_a_larger_one(scene: Scene, one: int, other: int) -> None:
    small, large = sorted([one, other])
    assert scene.slate(limit=small).items == scene.slate(limit=large).items[:small]


def test_too_few_items_close_the_pins_up_in_the_order_of_their_slots() -> None:
    pins = [
        Pin(id=RuleId(f"p{slot}"), slot=slot, item_id=ITEMS[item]) for slot, item in ((40, 0), (2, 3), (7, 1))
    ]
    slate = plain_scene(*pins, size=4).slate().items
    assert [(each.position, each.item_id) for each in slate] == [
        (1, ITEMS[2]), (2, ITEMS[3]), (3, ITEMS[1]), (4, ITEMS[0]),
    ]  # fmt: skip


def large_shop(size: int) -> Scene:
    items = [Item(item_id=ItemId(f"i{number:04d}"), title=f"Item {number}") for number in range(size)]
    scene = plain_scene()
    return replace(
        scene, catalog=PlainCatalog.of(*items), candidates=PlainCandidates(), rules=RuleSet(SURFACES[0])
    )


@pytest.mark.parametrize(
    ("start", "limit", "shown"), [(1, 1000, 500), (499, 100, 2), (500, 5, 1), (501, 5, 0)]
)
def test_a_row_has_at_most_500_slots(start: int, limit: int, shown: int) -> None:
    slate = large_shop(600).slate(start=start, limit=limit)
    assert len(slate.items) == shown
    assert all(each.position <= MAX_SLOT for each in slate.items)
    assert not slate.more


@given(any_scene)
def test_a_factor_on_everything_changes_nothing_within_the_order(scene: Scene) -> None:
    bare = RuleSet(rule for rule in scene.rules if not isinstance(rule, Boost))
    everything = Selector(price_min=0.0)
    lifted = bare.with_rule(Boost(id=RuleId("all"), target=Target(selector=everything), factor=2.0))
    priced = {i: replace(item, price=item.price or 5.0) for i, item in scene.catalog.items.items()}
    shop = replace(scene, catalog=replace(scene.catalog, items=priced), rules=bare)
    assert replace(shop, rules=lifted).ids(limit=500) == shop.ids(limit=500)


@given(scenes, st.sampled_from(ITEMS))
def test_a_boost_never_moves_its_item_down_and_a_bury_never_up(scene: Scene, item_id: ItemId) -> None:
    bare = replace(scene, rules=RuleSet(r for r in scene.rules if not isinstance(r, Boost | Pin)))
    if item_id not in bare.ids(limit=500):
        return
    place = bare.ids(limit=500).index(item_id)
    for factor, worse in ((8.0, lambda now: now > place), (0.125, lambda now: now < place)):
        rule = Boost(id=RuleId("one"), target=Target(item_id=item_id), factor=factor)
        ids = replace(bare, rules=bare.rules.with_rule(rule)).ids(limit=500)
        assert item_id not in ids or not worse(ids.index(item_id))
