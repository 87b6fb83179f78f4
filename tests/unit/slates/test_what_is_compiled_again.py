"""A scene is compiled again when something in it has changed, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from support.strategies import AT, ITEMS, KEY, plain_scene

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import Pin, Veto
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.marks import Marks, ShopperMarks
from recsys.slates.overlays import CompiledOverlays
from recsys.slates.rules import RuleIndex
from recsys.slates.state import CompiledRelease, LiveState

DAY = timedelta(days=1)


def live(*rules, takedowns=()):
    scene = plain_scene(*rules)
    catalog = CompiledCatalog(1, enumerate(scene.catalog.items.values()))
    release = CompiledRelease(1, None, RuleIndex(scene.rules, KEY))
    overlays = CompiledOverlays(revision=1, takedowns=takedowns)
    return scene, LiveState(release, catalog, overlays, {1: release}, AT)


def scene_of(state, request):
    return state.scenes_of(state.release).of(request)


def test_a_dislike_compiles_nothing_again():
    scene, state = live()
    before = scene_of(state, scene.request)
    marks = ShopperMarks(2, fresh={("user", "ann"): Marks(disliked=frozenset(ITEMS[:1]))})
    overlays = replace(state.overlays, revision=2, shoppers=marks)
    assert scene_of(replace(state, overlays=overlays), scene.request) is before


def test_a_takedown_compiles_again_and_takes_out():
    scene, state = live()
    before = scene_of(state, scene.request)
    taken = replace(state, overlays=replace(state.overlays, takedowns=(Target(item_id=ITEMS[0]),)))
    after = scene_of(taken, scene.request)
    assert (sum(before.eligible), sum(after.eligible)) == (12, 11)


def test_a_new_catalog_compiles_again_and_shows_what_is_new():
    scene, state = live()
    scene_of(state, scene.request)
    catalog = state.catalog.updated(2, [(12, Item(item_id=ItemId("new"), title="New"))])
    assert sum(scene_of(replace(state, catalog=catalog), scene.request).eligible) == 13


def test_shoppers_whom_no_rule_names_share_a_scene():
    scene, state = live(Pin(id=RuleId("p"), slot=1, item_id=ITEMS[3]))
    first = scene_of(state, scene.request)
    others = [{"user": "bob"}, {"session": "s"}, {"segments": frozenset(["x"])}, {"limit": 3}, {"start": 9}]
    assert all(scene_of(state, replace(scene.request, **other)) is first for other in others)


def test_markets_that_nothing_names_share_a_scene():
    scene, state = live()
    one, other = (scene_of(state, replace(scene.request, market=market)) for market in ("XX", "YY"))
    assert one is other


def test_a_scene_holds_from_the_opening_of_a_window_to_its_closing():
    window = Window(AT - DAY, AT + DAY)
    scene, state = live(Pin(id=RuleId("p"), slot=1, item_id=ITEMS[3], window=window))
    found = scene_of(state, scene.request)
    assert (found.since, found.until) == (AT - DAY, AT + DAY)
    assert scene_of(state, replace(scene.request, at=AT + DAY)) is not found
    assert scene_of(state, replace(scene.request, at=AT + DAY - timedelta(microseconds=1))) is found


def test_a_scene_ends_when_an_item_comes_of_age():
    veto = Veto(id=RuleId("v"), target=Target(selector=Selector(min_age_days=30)), reason="Old")
    scene, state = live(veto)
    items = [replace(item, added_at=AT - 29 * DAY) for item in state.catalog.items.values()]
    state = replace(state, catalog=CompiledCatalog(1, enumerate(items)))
    found = scene_of(state, scene.request)
    assert found.until == AT + DAY
    assert sum(found.eligible) == 12
    assert sum(scene_of(state, replace(scene.request, at=AT + DAY)).eligible) == 0


def test_what_was_in_use_is_compiled_before_anyone_asks():
    scene, state = live()
    scene_of(state, scene.request)
    catalog = state.catalog.updated(2, [(12, Item(item_id=ItemId("new"), title="New"))])
    following = replace(state, catalog=catalog)
    following.warm_like(state, AT + timedelta(seconds=1))
    warmed = scene_of(following, scene.request)
    # It was made by the warming, at its time, and not by this request.
    assert warmed.request.at == AT + timedelta(seconds=1)
