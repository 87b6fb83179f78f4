"""Law 1: what may be shown at all. Nothing overrides it, and no switch lifts a veto or a takedown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.laws import eligible, why_not
from support.strategies import (
    AT,
    DAY,
    ITEMS,
    STRANGER,
    USERS,
    Scene,
    changed_item,
    pinned_scenes,
    plain_scene,
    scenes,
    surface,
)

from recsys.domain.ids import RuleId
from recsys.domain.rules import Pin, RuleSet, Veto
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window

I00, I01, I02 = ITEMS[:3]

switches = st.fixed_dictionaries(
    {"personalised": st.booleans(), "rules": st.booleans(), "limit": st.sampled_from([1, 20, 100])}
)
"""What a storefront may switch without meaning another shopper, place or moment."""


@given(scenes)
def test_only_eligible_items_are_on_a_slate(scene: Scene) -> None:
    for item_id in scene.ids():
        assert why_not(item_id, scene) == set()


@given(pinned_scenes)
def test_a_pin_bypasses_relevance_and_never_a_filter(scene: Scene) -> None:
    for item_id in scene.ids(limit=100):
        assert why_not(item_id, scene) == set()


@given(scenes)
def test_every_eligible_item_is_on_a_main_row_that_is_long_enough_unless_its_group_is_full(
    scene: Scene,
) -> None:
    unlimited = [
        replace(rule, rows=_ungrouped(rule.rows)) if hasattr(rule, "rows") else rule for rule in scene.rules
    ]
    assume(scene.request.surface is not None and scene.request.row == "main")
    free = replace(scene, rules=RuleSet(unlimited))
    assert set(free.ids(limit=100)) == {item_id for item_id in ITEMS if eligible(item_id, free)}


def _ungrouped(rows):
    return tuple(replace(row, group_limit=0, fallback=True) for row in rows)


@given(scenes, switches)
def test_a_vetoed_item_is_on_no_slate_whatever_the_switches(scene: Scene, switched) -> None:
    vetoed = {item_id for item_id in ITEMS if "vetoed" in why_not(item_id, scene)}
    assert vetoed.isdisjoint(scene.ids(**switched))


@given(scenes, st.sampled_from(ITEMS), switches)
def test_a_taken_down_item_is_on_no_slate_whatever_the_switches(scene: Scene, item_id, switched) -> None:
    taken_down = replace(scene, catalog=replace(scene.catalog, takedowns=(Target(item_id=item_id),)))
    assert item_id not in taken_down.ids(**switched)


@given(scenes, st.sampled_from(ITEMS))
def test_a_takedown_holds_under_an_older_rule_set_and_on_every_later_page(scene: Scene, item_id) -> None:
    taken_down = replace(scene, catalog=replace(scene.catalog, takedowns=(Target(item_id=item_id),)))
    older = replace(taken_down, rules=RuleSet([*scene.rules, Pin(id=RuleId("old"), slot=1, item_id=item_id)]))
    assert item_id not in older.ids()
    assert item_id not in older.ids(start=2, shown=frozenset(scene.ids(limit=1)) - {item_id})


@given(scenes, st.sampled_from(ITEMS))
def test_one_more_ground_against_an_item_takes_that_item_off_and_lets_no_other_fall(
    scene: Scene, item_id
) -> None:
    assume(scene.request.row == "main")
    before = set(scene.ids(limit=100))
    after = set(scene.asking(exclude=scene.request.exclude | {item_id}).ids(limit=100))
    assert item_id not in after
    assert before - after <= {item_id}


def barred_by_request() -> list[tuple[str, dict[str, object]]]:
    return [
        ("excluded", {"exclude": frozenset([I00])}),
        ("the context itself", {"context": (I00,)}),
        ("posted as owned", {"items": (I00,)}),
        ("without the tag asked for", {"tags": frozenset(["red"])}),
        ("without a price where one is asked for", {"price_min": 0.0}),
        ("without a price where a highest one is asked for", {"price_max": 100.0}),
    ]


@pytest.mark.parametrize(("ground", "question"), barred_by_request(), ids=lambda each: str(each)[:30])
def test_a_pinned_item_that_the_request_rules_out_is_not_shown(
    ground: str, question: dict[str, object]
) -> None:
    scene = plain_scene(Pin(id=RuleId("p"), slot=1, item_id=I00))
    assert scene.ids()[0] == I00
    assert I00 not in scene.ids(**question), ground


@pytest.mark.parametrize(
    "changes", [{"available": False}, {"stock": 0}, {"stock": -1}, {"markets": ("DE",)}], ids=str
)
def test_a_pinned_item_that_cannot_be_bought_is_not_shown(changes: dict[str, object]) -> None:
    scene = plain_scene(Pin(id=RuleId("p"), slot=1, item_id=I00), market="FR")
    assert I00 in scene.ids()
    assert I00 not in changed_item(scene, I00, **changes).ids()


def test_stock_that_is_not_counted_or_above_zero_hides_nothing() -> None:
    scene = plain_scene()
    assert I00 in changed_item(scene, I00, stock=None).ids()
    assert I00 in changed_item(scene, I00, stock=1).ids()


def test_an_item_without_markets_is_sold_everywhere_and_no_market_filters_nothing() -> None:
    scene = changed_item(plain_scene(), I00, markets=("DE",))
    assert I00 in scene.ids(market=None)
    assert I00 in scene.ids(market="DE")
    assert I00 not in scene.ids(market="FR")
    assert I01 in scene.ids(market="FR")


def test_prices_asked_for_are_inclusive_and_any_listed_tag_is_enough() -> None:
    scene = changed_item(plain_scene(), I00, price=10.0, tags=("red",))
    scene = changed_item(scene, I01, price=20.0, tags=("blue",))
    assert scene.ids(price_min=10.0, price_max=20.0) == [I00, I01]
    assert scene.ids(price_min=10.01) == [I01]
    assert scene.ids(tags=frozenset(["red", "blue"])) == [I00, I01]
    assert scene.ids(tags=frozenset(["red", "gift"])) == [I00]


def test_an_owned_item_is_shown_only_where_the_row_lets_owned_items_in() -> None:
    scene = plain_scene()
    scene = replace(scene, candidates=replace(scene.candidates, owned=frozenset([I00])))
    assert I00 not in scene.ids()
    assert I00 not in scene.ids(personalised=False)
    repeating = replace(scene, rules=scene.rules.with_rule(surface("home", repeats=True)))
    assert I00 in repeating.ids()
    assert I01 in repeating.ids(items=(I01,))


def test_a_dislike_holds_without_personalisation_too() -> None:
    scene = plain_scene()
    scene = replace(scene, candidates=replace(scene.candidates, disliked=frozenset([I00])))
    assert I00 not in scene.ids(personalised=False)


@pytest.mark.parametrize(
    ("scope", "question", "bars"),
    [
        (Scope(), {}, True),
        (Scope(surface="home"), {}, True),
        (Scope(surface="product"), {}, False),
        (Scope(surface="home"), {"surface": None}, False),
        (Scope(user=USERS[0]), {"personalised": False}, True),
        (Scope(user=USERS[1]), {}, False),
        (Scope(segment="new"), {"segments": frozenset(["new"]), "personalised": False}, True),
        (Scope(segment="new"), {}, False),
        (Scope(market="FR"), {"market": "FR"}, True),
        (Scope(market="FR"), {}, False),
        (Scope(context_item=I01), {"context": (I02, I01)}, True),
        (Scope(context_item=I01), {}, False),
        (Scope(surface="home", row="more"), {}, False),
    ],
)
def test_a_veto_bars_within_its_scope_alone_and_ignores_switches(scope: Scope, question, bars: bool) -> None:
    scene = plain_scene(Veto(id=RuleId("v"), target=Target(item_id=I00), reason="Recalled", scope=scope))
    assert (I00 not in scene.ids(**question)) is bars
    assert (I00 not in scene.ids(**question, rules=False)) is bars


def test_a_veto_on_a_selector_measures_ages_at_the_time_of_the_request() -> None:
    veto = Veto(id=RuleId("v"), target=Target(selector=Selector(max_age_days=30)), reason="Too fresh")
    scene = changed_item(plain_scene(veto), I00, added_at=AT - 10 * DAY)
    assert I00 not in scene.ids()
    assert I00 in scene.ids(at=AT + 20 * DAY)
    assert I01 in scene.ids(), "an item without a date has no age"


def test_a_veto_ends_with_its_window_and_rests_while_paused() -> None:
    veto = Veto(id=RuleId("v"), target=Target(item_id=I00), reason="Recalled", window=Window(end=AT))
    assert I00 in plain_scene(veto).ids()
    assert I00 not in plain_scene(veto).ids(at=AT - DAY)
    assert I00 in plain_scene(replace(veto, window=Window(), paused=True)).ids()


@given(scenes)
def test_an_item_that_the_catalog_does_not_know_is_on_no_slate(scene: Scene) -> None:
    assert STRANGER not in scene.ids(limit=100)
