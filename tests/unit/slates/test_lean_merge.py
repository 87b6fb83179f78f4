"""The merge over arrays is the merge: for every scene, the same slate to the last field."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.arrays import NOTHING_TOLD, Arrays, Told
from support.strategies import (
    AT,
    DAY,
    ITEMS,
    KEY,
    MARKETS,
    SEGMENTS,
    USERS,
    Scene,
    changed_item,
    crowded_scenes,
    pinned_scenes,
    plain_scene,
    scenes,
)

from recsys.domain.ids import RuleId
from recsys.domain.live import PlainRules
from recsys.domain.merge import merge
from recsys.domain.rules import Boost, Pin, RuleSet, Theme, ThemeOrder, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.domain.slates import Slate
from recsys.domain.windows import Window

any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)
CHANGES = [
    *({"at": AT + days * DAY} for days in (-25, 0, 1, 25, 90)),
    *({"user": user} for user in (None, *USERS)),
    *({"segments": frozenset(some)} for some in ((), SEGMENTS[:1], SEGMENTS[:2])),
    *({"market": market} for market in (None, *MARKETS, "XX")),
    *({"surface": surface, "row": row} for surface, row in (("home", "main"), ("home", "more"), ("product", "main"))),
    {"personalised": False}, {"personalised": True}, {"rules": False}, {"rules": True},
    {"limit": 1}, {"limit": 100}, {"tags": frozenset(["red"])}, {"exclude": frozenset(ITEMS[:2])},
]  # fmt: skip
changes = st.lists(st.sampled_from(CHANGES), min_size=1, max_size=5)


items = st.lists(st.sampled_from(ITEMS), max_size=4, unique=True)
anything_told = st.builds(Told, bought=items.map(frozenset), recent=items.map(tuple))


def law(arrays: Arrays, scene: Scene, *, known: bool = True, told: Told = NOTHING_TOLD) -> Slate:
    """What `domain.merge` says, with the rules read one by one."""
    rules = PlainRules(scene.rules, scene.catalog, KEY)
    return merge(arrays.view(scene, known=known, told=told), rules, scene.request, scene.catalog)


@given(any_scene, st.booleans())
def test_the_lean_merge_gives_the_slate_of_the_law(scene: Scene, known) -> None:
    arrays = Arrays.of(scene)
    assert arrays.lean(scene, known=known) == law(arrays, scene, known=known)


@given(any_scene, st.booleans(), anything_told)
def test_what_was_told_since_the_training_counts_as_in_the_law(scene: Scene, known, told) -> None:
    arrays = Arrays.of(scene)
    assert arrays.lean(scene, known=known, told=told) == law(arrays, scene, known=known, told=told)


@given(any_scene, changes)
def test_one_request_leaves_nothing_behind_that_changes_the_next(scene: Scene, changes) -> None:
    arrays = Arrays.of(scene)
    following = scene
    for change in changes:
        for each in (following, scene):
            assert arrays.lean(each) == law(arrays, each)
        following = following.asking(**change)
    assert arrays.lean(following) == law(arrays, following)


@given(any_scene)
def test_a_single_item_is_the_one_of_the_law(scene: Scene) -> None:
    arrays = Arrays.of(scene)
    for limit in (1, 2):
        single = scene.asking(limit=limit)
        assert arrays.lean(single) == law(arrays, single)


@given(any_scene, st.integers(1, 5), st.integers(1, 5))
def test_every_page_is_the_page_of_the_law(scene: Scene, first, size) -> None:
    arrays = Arrays.of(scene)
    request = replace(scene.request, limit=first)
    for _ in range(4):
        page = replace(scene, request=request)
        slate = arrays.lean(page)
        assert slate == law(arrays, page)
        request = _following(request, slate, size)


def _following(request, slate: Slate, size: int):
    shown = {each.item_id for each in slate.items}
    pinned = {each.item_id for each in slate.items if each.source in {"pin", "theme"}}
    return replace(
        request,
        limit=size,
        start=request.start + len(slate.items),
        shown=request.shown | shown,
        shown_pinned=request.shown_pinned | pinned,
        pins_from=max(request.pins_from, slate.pins_from),
    )


@given(any_scene, st.sampled_from(ITEMS), st.booleans())
def test_a_catalog_that_moves_on_is_read_as_if_it_were_compiled_anew(
    scene: Scene, item_id, available
) -> None:
    arrays = Arrays.of(scene)
    arrays.lean(scene)
    moved = changed_item(
        scene, item_id, available=available, tags=("red",), markets=("DE",), price=10.0, group_id="g1"
    )
    before = arrays.scenes.shelf
    catalog = before.catalog.updated(2, [(0, moved.catalog.items[item_id])])
    later = arrays.following(catalog)
    assert later.lean(moved) == law(arrays, moved)
    assert arrays.lean(scene) == law(arrays, scene)


def test_a_shoppers_own_rules_end_with_personalisation_and_come_back_with_it() -> None:
    boost = Boost(id=RuleId("b"), target=Target(item_id=ITEMS[9]), factor=10, scope=Scope(user=USERS[0]))
    pin = Pin(id=RuleId("p"), slot=1, item_id=ITEMS[8], scope=Scope(segment=SEGMENTS[0]))
    scene = plain_scene(boost, pin, segments=frozenset(SEGMENTS[:1]))
    arrays = Arrays.of(scene)
    for personalised in (True, False, True):
        asked = scene.asking(personalised=personalised)
        assert arrays.lean(asked) == law(arrays, asked)
        assert (arrays.lean(asked).items[0].item_id == ITEMS[8]) is personalised


def test_what_a_pin_showed_on_an_earlier_page_does_not_fill_its_group() -> None:
    scene = plain_scene(Pin(id=RuleId("p"), slot=1, item_id=ITEMS[5]))
    for item_id in (ITEMS[5], ITEMS[6], ITEMS[7]):
        scene = changed_item(scene, item_id, group_id="g1")
    following = scene.asking(
        start=2, shown=frozenset({ITEMS[5]}), shown_pinned=frozenset({ITEMS[5]}), pins_from=2
    )
    arrays = Arrays.of(scene)
    slate = arrays.lean(following)
    assert slate == law(arrays, following)
    assert ITEMS[6] in [each.item_id for each in slate.items]
    organic = scene.asking(start=2, shown=frozenset({ITEMS[5]}), pins_from=2)
    assert arrays.lean(organic) == law(arrays, organic)
    assert ITEMS[6] not in [each.item_id for each in arrays.lean(organic).items]


def test_a_members_place_by_vector_makes_an_answer_personalised() -> None:
    theme = Theme(
        id=theme_id("spring"), slug="spring", title="Spring", picks=ITEMS[3:6], order=ThemeOrder.MODEL
    )
    pin = Pin(id=RuleId("p"), slot=1, theme=theme.id)
    scene = plain_scene(theme, pin, limit=1)
    for vector in (None, {ITEMS[4]: 1.0}, {ITEMS[0]: 1.0}):
        known = replace(scene, candidates=replace(scene.candidates, own={}, vector=vector))
        arrays = Arrays.of(known)
        assert arrays.lean(known) == law(arrays, known)
        assert arrays.lean(known).personalised is (vector == {ITEMS[4]: 1.0})


def test_equal_members_of_a_theme_follow_their_ids() -> None:
    picks = (ITEMS[5], ITEMS[3], ITEMS[4])
    theme = Theme(id=theme_id("spring"), slug="spring", title="Spring", picks=picks, order=ThemeOrder.MODEL)
    pins = [Pin(id=RuleId(f"p{slot}"), slot=slot, theme=theme.id) for slot in (1, 2, 3)]
    scene = plain_scene(theme, *pins)
    scene = replace(scene, candidates=replace(scene.candidates, vector=dict.fromkeys(picks, 0.5)))
    arrays = Arrays.of(scene)
    assert arrays.lean(scene) == law(arrays, scene)
    assert [each.item_id for each in arrays.lean(scene).items[:3]] == sorted(picks)


@given(scenes)
def test_without_a_snapshot_the_catalog_fills_the_slate(scene: Scene) -> None:
    bare = Arrays.without_snapshot(scene)
    assert bare.lean(scene, known=False) == law(bare, scene, known=False)


@given(any_scene, st.data())
def test_a_paused_rule_never_acts_neither_in_the_law_nor_over_arrays(scene: Scene, data) -> None:
    paused = data.draw(st.frozensets(st.sampled_from(sorted(rule.id for rule in scene.rules))))
    kept = [replace(rule, paused=True) if rule.id in paused else rule for rule in scene.rules]
    # Pins and rows go on naming a paused theme, so a theme is not taken out but left without a moment to be shown.
    over = Window(end=AT - 999 * DAY)
    left = [
        replace(rule, window=over, paused=False) if isinstance(rule, Theme) and rule.paused else rule
        for rule in kept
        if not (isinstance(rule, Pin | Veto | Boost) and rule.paused)
    ]
    with_paused, without = (replace(scene, rules=RuleSet(rules)) for rules in (kept, left))
    assert with_paused.slate() == without.slate()
    assert Arrays.of(with_paused).lean(with_paused) == Arrays.of(without).lean(without)
