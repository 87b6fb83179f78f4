"""The draft: applying, rebasing, and what a selection needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import AT, ITEMS, SURFACES, TAGS, half_as_many

from recsys.domain.changes import Change, apply_changes, find_conflicts, needed_by, publishable
from recsys.domain.errors import Invalid
from recsys.domain.ids import RuleId
from recsys.domain.rules import (
    NEXT_RELEASE,
    AnyRule,
    Boost,
    Pin,
    RowSettings,
    RuleSet,
    SurfaceSettings,
    Theme,
    Veto,
    check_references,
    surface_id,
    theme_id,
)
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target

HOME, PRODUCT = (replace(each, published=1) for each in SURFACES[0])
SPRING = Theme(id=theme_id("spring"), slug="spring", title="Spring", published=1)
PIN = Pin(id=RuleId("p"), slot=1, item_id=ITEMS[0], published=1)
LIVE = RuleSet([HOME, SPRING, PIN])


def change(number: int, before: AnyRule | None, after: AnyRule | None, author: str = "ada") -> Change:
    rule = before if after is None else after
    return Change(number, rule.id, before, after, author, AT)


@st.composite
def alternatives(draw: st.DrawFn, rule_id: str) -> AnyRule:
    """What the rule of that id may become."""
    scope = draw(
        st.sampled_from(
            [Scope(), Scope(surface="home"), Scope(surface="cart"), Scope(surface="cart", row="more")]
        )
    )
    item = draw(st.sampled_from(ITEMS[:3]))
    if rule_id.startswith("surface-"):
        rows = draw(st.sampled_from([(RowSettings(),), (RowSettings(), RowSettings("more"))]))
        return SurfaceSettings(id=surface_id("cart"), slug="cart", title="Cart", rows=rows)
    if rule_id.startswith("theme-"):
        return Theme(id=theme_id("spring"), slug="spring", title="Spring", picks=(item,))
    if rule_id.startswith("veto"):
        return Veto(
            id=RuleId(rule_id), target=Target(selector=Selector(tags=TAGS[:1])), reason="No", scope=scope
        )
    if rule_id.startswith("boost"):
        return Boost(id=RuleId(rule_id), target=Target(item_id=item), factor=2.0, scope=scope)
    placed = draw(st.sampled_from([{"item_id": item}, {"theme": theme_id("spring")}]))
    return Pin(id=RuleId(rule_id), slot=1, scope=scope, **placed)


RULE_IDS = ("pin-a", "pin-b", "veto", "boost", theme_id("spring"), surface_id("cart"))


@st.composite
def drafts(draw: st.DrawFn) -> tuple[RuleSet, list[Change]]:
    """A live rule set, and changes drafted one after the other, each leaving rules that stand together."""
    live = RuleSet([HOME])
    history: list[Change] = []
    rules = live
    for number in range(1, draw(st.integers(1, 12)) + 1):
        rule_id = draw(st.sampled_from(RULE_IDS))
        before = rules.get(rule_id)
        after = None if before is not None and draw(st.integers(0, 3)) == 0 else draw(alternatives(rule_id))
        step = Change(number, RuleId(rule_id), before, after, draw(st.sampled_from(["ada", "bo"])), AT)
        following = apply_changes(rules, [step])
        if before != after and stands(following):
            history.append(step)
            rules = following
    published = draw(st.integers(0, len(history)))
    return apply_changes(live, history[:published]).published_as(1), history[published:]


def stands(rules: RuleSet) -> bool:
    try:
        check_references(rules)
    except Invalid:
        return False
    return True


def closed(live: RuleSet, changes: list[Change], selected: set[int]) -> set[int]:
    return selected | {each.change.id for each in needed_by(live, changes, selected)}


draft_and_selection = drafts().flatmap(
    lambda draft: st.tuples(st.just(draft), st.sets(st.sampled_from([each.id for each in draft[1]] or [0])))
)


@half_as_many
@given(draft_and_selection)
def test_what_a_selection_needs_is_all_that_it_needs(drawn) -> None:
    (live, changes), selected = drawn
    selected &= {each.id for each in changes}
    whole = closed(live, changes, selected)
    assert needed_by(live, changes, whole) == []
    if whole:
        check_references(publishable(live, changes, whole))


@half_as_many
@given(draft_and_selection)
def test_publishing_a_selection_and_then_the_rest_equals_publishing_all(drawn) -> None:
    (live, changes), selected = drawn
    first = closed(live, changes, selected & {each.id for each in changes})
    rest = [each for each in changes if each.id not in first]
    between = publishable(live, changes, first).published_as(2) if first else live
    assert find_conflicts(between, rest) == [], "the rest rebases onto the new release"
    after = publishable(between, rest, {each.id for each in rest}) if rest else between
    assert after == apply_changes(live, changes)


@half_as_many
@given(draft_and_selection)
def test_nothing_is_needed_that_the_selection_can_do_without(drawn) -> None:
    (live, changes), selected = drawn
    selected &= {each.id for each in changes}
    needed = {each.change.id for each in needed_by(live, changes, selected)}
    assert needed.isdisjoint(selected)
    for each in needed:
        assert needed_by(live, changes, (selected | needed) - {each})


@half_as_many
@given(drafts())
def test_the_whole_draft_can_be_published_and_is_the_draft(draft) -> None:
    live, changes = draft
    if changes:
        everything = {each.id for each in changes}
        assert needed_by(live, changes, everything) == []
        assert publishable(live, changes, everything) == apply_changes(live, changes)


@half_as_many
@given(drafts(), st.randoms(use_true_random=False))
def test_changes_apply_in_the_order_of_their_ids(draft, shuffler) -> None:
    live, changes = draft
    mixed = list(changes)
    shuffler.shuffle(mixed)
    assert apply_changes(live, mixed) == apply_changes(live, changes)
    assert find_conflicts(live, mixed) == []


@half_as_many
@given(drafts())
def test_a_change_counts_as_published_next_and_what_ends_as_it_was_keeps_its_publication(draft) -> None:
    live, changes = draft
    for rule in apply_changes(live, changes):
        unchanged = live.get(rule.id) == rule
        assert rule.published == (live.get(rule.id).published if unchanged else NEXT_RELEASE)


def test_an_edited_rule_does_not_inherit_the_publication_of_what_it_was() -> None:
    edited = apply_changes(LIVE, [change(1, PIN, replace(PIN, slot=2))])
    assert edited.get("p").published == NEXT_RELEASE
    back = apply_changes(LIVE, [change(1, PIN, replace(PIN, slot=2)), change(2, replace(PIN, slot=2), PIN)])
    assert back.get("p").published == 1


def test_a_change_whose_rule_moved_underneath_is_a_conflict_that_shows_what_stands_now() -> None:
    mine = change(1, PIN, replace(PIN, slot=2))
    moved = LIVE.with_rule(replace(PIN, slot=9))
    (conflict,) = find_conflicts(moved, [mine])
    assert conflict.change is mine
    assert conflict.found == replace(PIN, slot=9)
    with pytest.raises(Invalid, match="changed underneath"):
        publishable(moved, [mine], {1})


def test_a_change_of_a_rule_that_is_gone_and_a_second_making_of_one_are_conflicts() -> None:
    assert find_conflicts(LIVE.without("p"), [change(1, PIN, replace(PIN, slot=2))])[0].found is None
    assert find_conflicts(LIVE, [change(1, None, PIN)])[0].found == PIN


def test_publishing_the_same_content_again_in_another_release_is_no_conflict() -> None:
    assert find_conflicts(LIVE.with_rule(replace(PIN, published=5)), [change(1, PIN, None)]) == []


def test_conflicts_apply_as_their_author_meant_them() -> None:
    moved = LIVE.with_rule(replace(PIN, slot=9))
    assert apply_changes(moved, [change(1, PIN, replace(PIN, slot=2))]).get("p").slot == 2


def test_one_editor_publishes_their_own_changes_and_the_others_stay() -> None:
    theirs = change(1, None, Veto(id=RuleId("v"), target=Target(item_id=ITEMS[0]), reason="No"), author="bo")
    mine = change(2, PIN, replace(PIN, slot=2))
    assert needed_by(LIVE, [theirs, mine], {2}) == []
    assert "v" not in publishable(LIVE, [theirs, mine], {2})


def test_a_pin_needs_the_theme_made_before_it_but_not_what_is_done_to_the_theme_later() -> None:
    gifts = Theme(id=theme_id("gifts"), slug="gifts", title="Gifts")
    made, pinned = change(1, None, gifts), change(2, None, Pin(id=RuleId("q"), slot=3, theme=gifts.id))
    later = change(3, gifts, replace(gifts, title="Presents"), author="bo")
    (needed,) = needed_by(LIVE, [made, pinned, later], {2})
    assert (needed.change, needed.needed_by) == (made, "q")
    with pytest.raises(Invalid, match="needs more changes"):
        publishable(LIVE, [made, pinned, later], {2})


def test_a_pin_in_a_new_row_needs_the_row_and_no_other_change_of_its_surface() -> None:
    wider = replace(HOME, rows=(*HOME.rows, RowSettings("deals")))
    row, renamed = change(1, HOME, wider), change(2, wider, replace(wider, title="Start"), author="bo")
    pinned = change(
        3, None, Pin(id=RuleId("q"), slot=1, item_id=ITEMS[1], scope=Scope(surface="home", row="deals"))
    )
    assert [each.change.id for each in needed_by(LIVE, [row, renamed, pinned], {3})] == [1]


def test_removing_a_theme_needs_the_removal_of_its_pins() -> None:
    placed = Pin(id=RuleId("q"), slot=3, theme=SPRING.id)
    live = LIVE.with_rule(placed)
    changes = [change(1, placed, None), change(2, SPRING, None), change(3, PIN, replace(PIN, slot=7))]
    assert [each.change.id for each in needed_by(live, changes, {2})] == [1]


def test_a_need_of_a_need_is_needed_too() -> None:
    gifts = Theme(id=theme_id("gifts"), slug="gifts", title="Gifts")
    pin = Pin(id=RuleId("q"), slot=3, theme=gifts.id)
    moved = replace(pin, scope=Scope(surface="product"))
    changes = [change(1, None, gifts), change(2, None, PRODUCT), change(3, None, pin), change(4, pin, moved)]
    later = change(5, moved, replace(moved, slot=8))
    assert [each.change.id for each in needed_by(LIVE, [*changes, later], {5})] == [1, 2, 3, 4]


def test_a_later_step_of_a_rule_needs_its_earlier_ones() -> None:
    second = replace(PIN, slot=2)
    steps = [change(1, PIN, second, author="bo"), change(2, second, replace(PIN, slot=3))]
    assert [each.change.id for each in needed_by(LIVE, steps, {2})] == [1]
    assert needed_by(LIVE, steps, {1}) == []


@pytest.mark.parametrize("selected", [set(), {99}, {1, 99}])
def test_nothing_or_something_unknown_cannot_be_published(selected: set[int]) -> None:
    with pytest.raises(Invalid, match="in the draft"):
        publishable(LIVE, [change(1, PIN, None)], selected)


def test_rules_that_would_name_what_does_not_exist_are_not_published() -> None:
    with pytest.raises(Invalid, match="does not exist"):
        publishable(LIVE, [change(1, None, Pin(id=RuleId("q"), slot=1, theme=theme_id("gone")))], {1})


def test_a_change_that_changes_nothing_or_carries_another_rule_is_refused() -> None:
    with pytest.raises(Invalid, match="changes nothing"):
        Change(1, RuleId("p"), None, None, "ada", AT)
    with pytest.raises(Invalid, match="another"):
        Change(1, RuleId("q"), PIN, None, "ada", AT)
