"""Law 11: what a request may switch off, and when an answer counts as personalised."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plain import PlainCandidates
from support.strategies import ITEMS, USERS, Scene, crowded_scenes, pinned_scenes, plain_scene, scenes

from recsys.domain.ids import RuleId
from recsys.domain.rules import Boost, Pin, RuleSet, SurfaceSettings, Theme, ThemeOrder, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.domain.slates import Source

any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)


def is_personal_rule(rule: object) -> bool:
    scope = getattr(rule, "scope", Scope())
    return scope.user is not None or scope.segment is not None


@given(any_scene)
def test_rules_off_is_the_slate_without_pins_themes_and_boosts(scene: Scene) -> None:
    kept = RuleSet(rule for rule in scene.rules if isinstance(rule, Veto | SurfaceSettings))
    assert scene.slate(rules=False) == replace(scene, rules=kept).slate()
    assert {each.source for each in scene.slate(rules=False).items} <= {Source.MODEL, Source.FALLBACK}


@given(any_scene)
def test_personalised_off_ignores_vector_candidates_and_scopes_for_users_and_segments(scene: Scene) -> None:
    impersonal = RuleSet(rule for rule in scene.rules if isinstance(rule, Veto) or not is_personal_rule(rule))
    forgetful = replace(scene.candidates, own={}, again={}, vector=None)
    unknown = replace(scene, rules=impersonal, candidates=forgetful)
    assert scene.slate(personalised=False).items == unknown.slate().items


@given(any_scene)
def test_an_answer_with_personalisation_off_never_counts_as_personalised(scene: Scene) -> None:
    assert not scene.slate(personalised=False).personalised


@given(any_scene)
def test_an_answer_counts_as_personalised_only_when_personal_data_stands_behind_an_item(scene: Scene) -> None:
    known = scene.candidates
    anonymous = replace(
        scene,
        candidates=PlainCandidates(
            neighbours=known.neighbours, alike=known.alike, popular_in=known.popular_in
        ),
        rules=RuleSet(rule for rule in scene.rules if not is_personal_rule(rule)),
    )
    assert not anonymous.slate().personalised


@given(any_scene)
def test_an_answer_that_shows_the_shoppers_own_candidates_counts_as_personalised(scene: Scene) -> None:
    own = {**scene.candidates.own, **scene.candidates.again}
    slate = replace(scene, candidates=replace(scene.candidates, neighbours={})).slate()
    if any(each.source is Source.MODEL and each.item_id in own for each in slate.items):
        assert slate.personalised


SPRING = Theme(id=theme_id("spring"), slug="spring", title="Spring", picks=(ITEMS[9], ITEMS[8]))
MODEL = replace(SPRING, order=ThemeOrder.MODEL)
AT_1 = Pin(id=RuleId("p"), slot=1, theme=theme_id("spring"))
LIKING = {ITEMS[8]: 2.0, ITEMS[7]: 1.0}


@pytest.mark.parametrize(
    ("theme", "vector", "personalised"),
    [
        (MODEL, LIKING, True),
        (MODEL, None, False),
        (MODEL, {}, False),
        (SPRING, LIKING, False),
        (replace(SPRING, head=1), LIKING, False),
        (replace(SPRING, head=0), LIKING, True),
        (replace(SPRING, order=ThemeOrder.BY_HAND), LIKING, False),
        (replace(MODEL, picks=(ITEMS[9],)), LIKING, False),
    ],
)
def test_a_theme_makes_an_answer_personalised_only_when_a_vector_gave_the_member_its_place(
    theme: Theme, vector, personalised: bool
) -> None:
    scene = plain_scene(theme, AT_1, limit=1)
    scene = replace(scene, candidates=PlainCandidates(vector=vector))
    assert scene.slate().personalised is personalised


@pytest.mark.parametrize(
    ("rule", "personalised"),
    [
        (Pin(id=RuleId("p"), slot=1, item_id=ITEMS[9], scope=Scope(user=USERS[0])), True),
        (Pin(id=RuleId("p"), slot=1, item_id=ITEMS[9], scope=Scope(segment="new")), True),
        (Pin(id=RuleId("p"), slot=1, item_id=ITEMS[9], scope=Scope(market="FR")), False),
        (Boost(id=RuleId("b"), target=Target(item_id=ITEMS[9]), factor=2, scope=Scope(user=USERS[0])), True),
        (Boost(id=RuleId("b"), target=Target(item_id=ITEMS[9]), factor=2), False),
    ],
)
def test_a_rule_for_a_user_or_segment_makes_an_answer_personalised(rule, personalised: bool) -> None:
    scene = plain_scene(rule, segments=frozenset(["new"]), market="FR")
    scene = replace(scene, candidates=PlainCandidates())
    assert scene.ids()[0] == ITEMS[9]
    assert scene.slate().personalised is personalised
    assert (scene.ids(personalised=False)[0] == ITEMS[9]) is not personalised


@given(any_scene, st.sampled_from([None, "s1", "s2"]))
def test_a_user_outranks_a_session_where_both_are_given(scene: Scene, session: str | None) -> None:
    known = scene.asking(user=USERS[0])
    assert known.slate(session=session) == known.slate()


def test_personalised_off_keeps_context_neighbours_because_they_are_about_items() -> None:
    scene = plain_scene(context=(ITEMS[5],), personalised=False)
    scene = replace(scene, candidates=replace(scene.candidates, neighbours={ITEMS[7]: 0.5}))
    assert scene.ids()[0] == ITEMS[7]
    assert not scene.slate().personalised
