"""Law 10: every item says why it stands where it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.laws import row_of, tiers
from support.strategies import (
    AT,
    ITEMS,
    Scene,
    changed_item,
    crowded_scenes,
    pinned_scenes,
    plain_scene,
    scenes,
)

from recsys.domain.errors import NotFound
from recsys.domain.ids import RuleId
from recsys.domain.rules import Boost, Pin, RuleSet, Theme, theme_id
from recsys.domain.selectors import Target
from recsys.domain.slates import Because, Source

HELD = {Source.PIN, Source.THEME}
any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)


@given(any_scene)
def test_a_reason_is_never_empty(scene: Scene) -> None:
    assert all(each.reason.text.strip() for each in scene.slate(limit=500).items)


@given(any_scene, st.integers(1, 6))
def test_displaced_is_what_the_same_slate_without_pins_has_there(scene: Scene, start: int) -> None:
    bare = replace(scene, rules=RuleSet(rule for rule in scene.rules if not isinstance(rule, Pin)))
    there = bare.ids(limit=500)
    above = scene.slate(limit=start - 1).items if start > 1 else ()
    shown = {each.item_id for each in above}
    pinned = {each.item_id for each in above if each.source in HELD}
    page = scene.slate(limit=500, start=start, shown=frozenset(shown), shown_pinned=frozenset(pinned))
    for each in page.items:
        expected = there[each.position - 1] if each.position <= len(there) else None
        if each.source in HELD:
            assert each.displaced == (None if expected == each.item_id else expected)
        else:
            assert each.displaced is None


@given(any_scene)
def test_held_items_name_their_rule_and_organic_items_name_none(scene: Scene) -> None:
    ids = {rule.id for rule in scene.rules if isinstance(rule, Pin)}
    for each in scene.slate(limit=500).items:
        assert (each.rule_id in ids) == (each.source in HELD)
        assert (each.rule_id is None) == (each.source not in HELD)
        assert (each.theme is not None) == (each.source is Source.THEME)


@given(any_scene)
def test_model_rank_is_the_place_among_the_candidates_before_any_rule(scene: Scene) -> None:
    order: list[str] = []
    for name, scored in tiers(scene):
        if name in {"beside", "own"}:
            best_first = sorted(scored, key=lambda item_id: (-scored[item_id], item_id))
            order += [item_id for item_id in best_first if item_id not in order]
    for each in scene.slate(limit=500).items:
        expected = order.index(each.item_id) + 1 if each.source is Source.MODEL else None
        assert each.model_rank == expected


@given(any_scene)
def test_only_what_the_model_proposes_carries_its_score_unboosted(scene: Scene) -> None:
    for each in scene.slate(limit=500).items:
        scored = [found[each.item_id] for _, found in tiers(scene) if each.item_id in found]
        assert each.score == (scored[0] if each.source is Source.MODEL else None)


def test_two_pins_displace_what_stood_in_their_slots() -> None:
    # Without pins: i00 i01 i02 …; i02 pinned to its own place displaces nothing.
    pins = [Pin(id=RuleId("a"), slot=1, item_id=ITEMS[9]), Pin(id=RuleId("b"), slot=3, item_id=ITEMS[2])]
    slate = plain_scene(*pins).slate(limit=3).items
    assert [(each.item_id, each.displaced) for each in slate] == [
        (ITEMS[9], ITEMS[0]), (ITEMS[0], None), (ITEMS[2], None),
    ]  # fmt: skip


def test_a_pin_on_a_further_page_displaces_by_its_absolute_slot() -> None:
    scene = plain_scene(Pin(id=RuleId("a"), slot=5, item_id=ITEMS[9]))
    page = scene.slate(start=4, shown=frozenset(ITEMS[:3]), limit=2).items
    assert [(each.item_id, each.displaced) for each in page] == [(ITEMS[3], None), (ITEMS[9], ITEMS[4])]


def spring(**parts: object) -> Theme:
    return Theme(id=theme_id("spring"), slug="spring", title="Spring", picks=(ITEMS[9],), **parts)


def test_reasons_are_in_words() -> None:
    pins = [
        Pin(id=RuleId("a"), slot=1, item_id=ITEMS[8]),
        Pin(id=RuleId("b"), slot=2, theme=theme_id("spring")),
    ]
    scene = plain_scene(*pins, spring(titles={"FR": "Printemps"}))
    why = {ITEMS[0]: ((ITEMS[5], 0.5), (ITEMS[6], 0.25))}
    scene = replace(scene, candidates=replace(scene.candidates, reasons=why))
    slate = scene.slate(limit=4).items
    assert [each.reason.text for each in slate] == [
        "Editors' choice", "Spring", "Because you bought Title of i05 and Title of i06", "Picked for you",
    ]  # fmt: skip
    assert slate[2].reason.because == (
        Because(ITEMS[5], "Title of i05", 0.5),
        Because(ITEMS[6], "Title of i06", 0.25),
    )
    assert scene.slate(limit=4, market="FR").items[1].reason.text == "Printemps"


def test_an_item_that_left_the_catalog_is_not_given_as_a_reason() -> None:
    scene = plain_scene()
    why = {ITEMS[0]: (("gone", 0.5),)}
    scene = replace(scene, candidates=replace(scene.candidates, reasons=why))
    assert scene.slate(limit=1).items[0].reason.text == "Picked for you"


def test_beside_a_context_the_reason_names_the_context_and_a_repeat_says_so() -> None:
    scene = plain_scene(context=(ITEMS[5],))
    known = replace(
        scene.candidates, neighbours={ITEMS[0]: 0.5, ITEMS[1]: 0.25}, reasons={ITEMS[0]: ((ITEMS[5], 1.0),)}
    )
    slate = replace(scene, candidates=known).slate(limit=2).items
    assert [each.reason.text for each in slate] == ["Often bought with Title of i05", "Goes well together"]


def test_a_neighbour_that_only_words_speak_for_does_not_claim_to_be_bought_with_anything() -> None:
    scene = plain_scene(context=(ITEMS[5],))
    known = replace(
        scene.candidates,
        neighbours={ITEMS[0]: 0.5, ITEMS[1]: 0.25, ITEMS[2]: 0.125},
        alike=frozenset(ITEMS[1:3]),
        reasons=dict.fromkeys(ITEMS[:2], ((ITEMS[5], 1.0),)),
    )
    slate = replace(scene, candidates=known).slate(limit=3).items
    assert [each.reason.text for each in slate] == [
        "Often bought with Title of i05", "Similar to Title of i05", "Similar items",
    ]  # fmt: skip
    assert slate[1].reason.because == (Because(ITEMS[5], "Title of i05", 1.0),)


@given(scenes)
def test_a_rule_that_does_not_act_leaves_the_answer_as_it_is(scene: Scene) -> None:
    asleep = [
        Pin(id=RuleId("z1"), slot=1, item_id=ITEMS[0], paused=True, priority=1000),
        Boost(id=RuleId("z2"), target=Target(item_id=ITEMS[0]), factor=1000, paused=True),
    ]
    assert replace(scene, rules=RuleSet([*scene.rules, *asleep])).slate() == scene.slate()


@given(any_scene)
def test_merge_gives_the_same_answer_twice_and_changes_nothing_that_it_reads(scene: Scene) -> None:
    rules, items = list(scene.rules), dict(scene.catalog.items)
    assert scene.slate() == scene.slate()
    assert list(scene.rules) == rules
    assert scene.catalog.items == items


@pytest.mark.parametrize("question", [{"surface": "nowhere"}, {"row": "no-such-row"}])
def test_an_unknown_surface_or_row_is_named(question: dict[str, str]) -> None:
    with pytest.raises(NotFound, match=next(iter(question.values()))):
        plain_scene().slate(**question)


def test_a_question_without_a_surface_is_answered_by_the_model_and_rules_for_everywhere() -> None:
    scene = plain_scene(Pin(id=RuleId("a"), slot=2, item_id=ITEMS[9]), surface=None)
    assert row_of(scene).name == "main"
    assert scene.ids(limit=3) == [ITEMS[0], ITEMS[9], ITEMS[1]]
    assert scene.request.at == AT


def test_a_pin_without_reason_words_of_its_own_is_the_editors_choice_for_any_item() -> None:
    scene = changed_item(plain_scene(Pin(id=RuleId("a"), slot=1, item_id=ITEMS[8])), ITEMS[8], title="")
    assert scene.slate(limit=1).items[0].reason.text == "Editors' choice"
