"""Law 2: which rules act on a request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.laws import acts, factor, live_pins, vetoes_on
from support.strategies import AT, DAY, ITEMS, KEY, SCOPES, USERS, Scene, plain_scene, requests, scenes

from recsys.domain.holdout import held_out
from recsys.domain.ids import RuleId
from recsys.domain.live import is_live, is_live_veto, scope_matches
from recsys.domain.requests import Request
from recsys.domain.rules import Boost, Pin, Veto
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Target
from recsys.domain.windows import Window

PARTS = ("surface", "row", "context_item", "context_selector", "market", "segment", "user")
PIN = Pin(id=RuleId("p"), slot=1, item_id=ITEMS[0])


def context_of(scene: Scene):
    return [scene.catalog.items[each] for each in scene.request.context if each in scene.catalog.items]


@given(scenes)
def test_a_pin_or_boost_is_live_when_scope_window_and_holdout_all_say_so(scene: Scene) -> None:
    asked = replace(scene, request=replace(scene.request, rules=True))
    for rule in asked.rules:
        if isinstance(rule, Pin | Boost):
            assert is_live(rule, asked.request, context_of(asked), KEY) == acts(rule, asked)


@given(scenes)
def test_the_plain_reading_gives_the_live_pins_vetoes_and_factors(scene: Scene) -> None:
    asked = replace(scene, request=replace(scene.request, rules=True))
    view = asked.view()
    assert {pin.id for pin in view.pins(asked.request)} == {pin.id for pin in live_pins(asked)}
    vetoed, multiplier = view.vetoed(asked.request), view.multiplier(asked.request)
    for item_id, item in asked.catalog.items.items():
        assert vetoed(item_id) == bool(vetoes_on(item, asked))
        assert (1.0 if multiplier is None else multiplier(item_id)) == factor(item_id, asked)


@given(st.sampled_from(SCOPES), requests)
def test_a_scope_with_fewer_parts_matches_wherever_the_fuller_one_does(
    scope: Scope, request: Request
) -> None:
    if scope_matches(scope, request, []):
        for part in PARTS:
            if getattr(scope, part) is not None and not (part == "surface" and scope.row is not None):
                assert scope_matches(replace(scope, **{part: None}), request, [])


@given(requests)
def test_an_empty_scope_matches_every_request(request: Request) -> None:
    assert scope_matches(EVERYWHERE, request, [])


@given(st.sampled_from(SCOPES), requests)
def test_without_a_surface_only_scopes_that_name_none_match(scope: Scope, request: Request) -> None:
    matches = scope_matches(scope, replace(request, surface=None), [])
    assert not (matches and scope.surface is not None)


@given(st.sampled_from(SCOPES), requests)
def test_without_a_market_no_market_scope_matches(scope: Scope, request: Request) -> None:
    matches = scope_matches(scope, replace(request, market=None), [])
    assert not (matches and scope.market is not None)


def test_a_context_scope_matches_any_of_several_context_items() -> None:
    asked = Request(at=AT, context=(ITEMS[2], ITEMS[1]))
    assert scope_matches(Scope(context_item=ITEMS[1]), asked, [])
    assert scope_matches(Scope(context_item=ITEMS[2]), asked, [])
    assert not scope_matches(Scope(context_item=ITEMS[3]), asked, [])


@pytest.mark.parametrize(
    ("window", "live"),
    [
        (Window(start=AT), True),
        (Window(end=AT), False),
        (Window(AT - DAY, AT + DAY), True),
        (Window(start=AT + DAY), False),
    ],
)
def test_a_rule_acts_from_the_start_of_its_window_and_no_longer_at_its_end(
    window: Window, live: bool
) -> None:
    scene = plain_scene(replace(PIN, item_id=ITEMS[5], window=window))
    assert (scene.ids()[0] == ITEMS[5]) is live


def test_a_paused_rule_does_not_act() -> None:
    assert plain_scene(replace(PIN, item_id=ITEMS[5], paused=True)).ids()[0] == ITEMS[0]


@given(
    st.text(min_size=1, max_size=8),
    st.text(max_size=8),
    st.floats(0, 0.5),
    st.binary(min_size=1, max_size=100),
)
def test_a_holdout_is_the_same_at_every_request_and_only_grows_with_its_share(
    rule, shopper, share, key
) -> None:
    first = held_out(rule, shopper, share, key)
    assert held_out(rule, shopper, share, key) == first
    assert held_out(rule, shopper, 0.5, key) or not first


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_a_holdout_leaves_out_about_its_share_of_the_shoppers(share: float) -> None:
    left_out = sum(held_out("rule", f"shopper-{number}", share, KEY) for number in range(4000))
    # Four standard deviations of a binomial count.
    assert abs(left_out - 4000 * share) < 4 * (4000 * share * (1 - share)) ** 0.5


def test_holdouts_of_different_rules_are_independent_of_each_other() -> None:
    shoppers = [f"shopper-{number}" for number in range(4000)]
    both = sum(held_out("one", each, 0.5, KEY) and held_out("other", each, 0.5, KEY) for each in shoppers)
    assert abs(both - 1000) < 4 * (4000 * 0.25 * 0.75) ** 0.5


def test_a_holdout_depends_on_the_key() -> None:
    shoppers = [f"shopper-{number}" for number in range(200)]
    one = [held_out("rule", each, 0.5, b"one key") for each in shoppers]
    assert one != [held_out("rule", each, 0.5, b"another") for each in shoppers]


def test_a_holdout_counts_the_user_before_the_session_and_acts_on_nobody_unknown() -> None:
    inside = next(f"u{n}" for n in range(100) if held_out("p", f"u{n}", 0.5, KEY))
    outside = next(f"u{n}" for n in range(100) if not held_out("p", f"u{n}", 0.5, KEY))
    pin = replace(PIN, holdout=0.5)

    def live(**who: str) -> bool:
        return is_live(pin, Request(at=AT, **who), [], KEY)

    assert not live(user=inside)
    assert not live(session=inside)
    assert live(user=outside, session=inside)
    assert not live(user=inside, session=outside)
    assert live()


def test_a_veto_knows_no_holdout() -> None:
    assert "holdout" not in Veto.__dataclass_fields__
    veto = Veto(id=RuleId("v"), target=Target(item_id=ITEMS[0]), reason="Recalled")
    assert all(is_live_veto(veto, Request(at=AT, user=user), []) for user in USERS)
