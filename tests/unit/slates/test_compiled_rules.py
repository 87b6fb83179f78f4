"""The compiled reading of rules and catalog answers exactly as the plain one, for every request."""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.strategies import (
    AT,
    DAY,
    ITEMS,
    KEY,
    MARKETS,
    THEMES,
    Scene,
    changed_item,
    crowded_scenes,
    half_as_many,
    pinned_scenes,
    plain_scene,
    requests,
    scenes,
    selectors,
)

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.merge import merge
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.rules import CompiledRules, RuleIndex, compile_rules
from recsys.slates.shop_view import ShopView
from recsys.slates.targets import compile_targets

any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)
moments = st.sampled_from([AT, AT - 25 * DAY, AT + 25 * DAY, AT + 90 * DAY])
questions = st.lists(
    st.builds(lambda asked, at: replace(asked, at=at), requests, moments), min_size=1, max_size=3
)


def compiled_catalog(scene: Scene) -> CompiledCatalog:
    return CompiledCatalog(1, enumerate(scene.catalog.items.values()))


def compiled(scene: Scene) -> tuple[CompiledRules, ShopView]:
    catalog = compiled_catalog(scene)
    return compile_rules(scene.rules, catalog, KEY), ShopView(
        catalog, compile_targets(scene.catalog.takedowns, catalog)
    )


@half_as_many
@given(any_scene, questions)
def test_pins_vetoes_and_factors_are_the_same_one_request_after_the_other(scene: Scene, asked) -> None:
    rules, _ = compiled(scene)
    plain = scene.view()
    for request in [scene.request, *asked]:
        assert {pin.id for pin in rules.pins(request)} == {pin.id for pin in plain.pins(request)}
        vetoed, expected = rules.vetoed(request), plain.vetoed(request)
        assert [vetoed(item_id) for item_id in ITEMS] == [expected(item_id) for item_id in ITEMS]
        factor, same = rules.multiplier(request), plain.multiplier(request)
        assert (factor is None) == (same is None)
        if factor is not None and same is not None:
            assert [factor(item_id) for item_id in ITEMS] == [same(item_id) for item_id in ITEMS]
            assert factor.personal == same.personal


@half_as_many
@given(any_scene, questions)
def test_the_rules_that_are_said_to_weigh_an_item_are_those_that_do(scene: Scene, asked) -> None:
    rules, _ = compiled(scene)
    for request in [scene.request, *asked]:
        weighing, factor = rules.weighing(request), rules.multiplier(request) if request.rules else None
        for item_id in ITEMS:
            found = weighing(item_id)
            expected = 1.0 if factor is None else factor(item_id)
            assert math.prod(each.factor for each in found) == expected
            assert [each.factor > 1 for each in found] in ([], [True], [False], [True, False])


@half_as_many
@given(any_scene, questions)
def test_the_merge_gives_the_same_slate_over_compiled_and_plain_views(scene: Scene, asked) -> None:
    rules, shop = compiled(scene)
    for request in [scene.request, *asked]:
        expected = merge(scene.candidates, scene.view(), request, scene.catalog)
        assert merge(scene.candidates, rules, request, shop) == expected


@half_as_many
@given(scenes)
def test_rows_and_themes_are_the_same(scene: Scene) -> None:
    rules, _ = compiled(scene)
    plain = scene.view()
    for surface in (None, "home", "product", "nowhere"):
        for row in ("main", "more", "none"):
            assert rules.row(surface, row) == plain.row(surface, row)
    for rule_id in (*THEMES, "surface-home", "gone"):
        assert rules.theme(rule_id) == plain.theme(rule_id)


@half_as_many
@given(scenes, selectors, moments)
def test_the_compiled_catalog_sells_and_selects_what_the_plain_one_does(scene: Scene, selector, at) -> None:
    _, shop = compiled(scene)
    assert list(shop.ids()) == list(scene.catalog.ids())
    assert list(shop.members(selector, at)) == list(scene.catalog.members(selector, at))
    for market in (None, *MARKETS):
        sellable, expected = shop.sellable(market, at), scene.catalog.sellable(market, at)
        assert [sellable(item_id) for item_id in ITEMS] == [expected(item_id) for item_id in ITEMS]


@half_as_many
@given(any_scene, st.sampled_from(ITEMS), st.booleans())
def test_rules_compiled_once_follow_the_catalog_from_revision_to_revision(
    scene: Scene, item_id, available
) -> None:
    index, first = RuleIndex(scene.rules, KEY), compiled_catalog(scene)
    before = merge(scene.candidates, CompiledRules(index, first), scene.request, first_view(scene, first))
    moved = changed_item(scene, item_id, available=available, tags=("red",), price=10.0, group_id="g1")
    second = first.updated(2, [(ITEMS.index(item_id), moved.catalog.items[item_id])])
    after = merge(scene.candidates, CompiledRules(index, second), scene.request, first_view(scene, second))
    assert after == moved.slate()
    assert (
        merge(scene.candidates, CompiledRules(index, first), scene.request, first_view(scene, first))
        == before
    )


def first_view(scene: Scene, catalog: CompiledCatalog) -> ShopView:
    return ShopView(catalog, compile_targets(scene.catalog.takedowns, catalog))


def test_a_new_item_is_sold_and_selected_from_its_revision_on() -> None:
    scene = plain_scene(size=3)
    first = compiled_catalog(scene)
    assert len(first.sellable_in(None)) == len(first.ids()) == 3
    second = first.updated(2, [(3, Item(item_id=ItemId("new"), title="New"))])
    assert "new" in second.sellable_in(None)
    assert "new" in second.ids()
    assert first.get(ItemId("new")) is None
    assert (second.seq_of(ItemId("new")), second.item_by_seq(3)) == (3, "new")
