"""Law 9: the next page is the same merge from the next slot on, without what was shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.laws import eligible, row_of
from support.strategies import (
    ITEMS,
    Scene,
    changed_item,
    crowded_scenes,
    half_as_many,
    pinned_scenes,
    plain_scene,
    scenes,
    surface,
)

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import Pin
from recsys.domain.slates import Placed, Slate, Source

HELD = {Source.PIN, Source.THEME}
any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)
page_sizes = st.lists(st.integers(1, 5), min_size=1, max_size=12)


def pages(scenes_in_turn: Iterable[Scene], sizes: list[int]) -> Iterator[Slate]:
    """The pages that a cursor leads through, each over the scene of its moment, until there are no more."""
    carried = {"start": 1, "shown": frozenset(), "shown_pinned": frozenset(), "pins_from": 0}
    for number, scene in enumerate(scenes_in_turn):
        page = scene.slate(**carried, limit=sizes[number % len(sizes)])
        yield page
        if not page.more:
            return
        by_pins = {each.item_id for each in page.items if each.source in HELD}
        carried = {
            "start": carried["start"] + len(page.items),
            "shown": carried["shown"] | {each.item_id for each in page.items},
            "shown_pinned": carried["shown_pinned"] | by_pins,
            "pins_from": page.pins_from,
        }


def items_of(found: Iterable[Slate]) -> list[Placed]:
    return [placed for page in found for placed in page.items]


@given(any_scene, page_sizes)
def test_pages_add_up_to_one_long_slate(scene: Scene, sizes: list[int]) -> None:
    assert items_of(pages([scene] * 500, sizes)) == list(scene.slate(limit=500).items)


@given(any_scene, page_sizes)
def test_a_page_says_that_more_follows_exactly_when_the_next_one_has_items(
    scene: Scene, sizes: list[int]
) -> None:
    found = list(pages([scene] * 500, sizes))
    assert all(page.items for page in found[1:])
    assert not found[-1].more


@st.composite
def shops_in_motion(draw: st.DrawFn) -> list[Scene]:
    """One scene with items that come and go from page to page; the rules and the question stay."""
    scene = draw(any_scene)
    gone = draw(st.lists(st.frozensets(st.sampled_from(ITEMS), max_size=5), min_size=2, max_size=6))
    moments = [replace(scene, rules=scene.rules.with_rule(surface("home", group_limit=0)))]
    for missing in gone:
        moved = moments[0]
        for item_id in missing:
            moved = changed_item(moved, item_id, available=False)
        moments.append(moved)
    return moments


def in_turn(moments: list[Scene]) -> Iterator[Scene]:
    """The moments one after the other, then the last for good."""
    yield from moments
    yield from [moments[-1]] * 500


@half_as_many
@given(shops_in_motion(), page_sizes)
def test_paging_never_repeats_an_item_whatever_changes_meanwhile(
    moments: list[Scene], sizes: list[int]
) -> None:
    shown = [each.item_id for each in items_of(pages(in_turn(moments), sizes))]
    assert len(set(shown)) == len(shown)


@half_as_many
@given(shops_in_motion(), page_sizes)
def test_paging_never_skips_an_item_that_stays_eligible_throughout(
    moments: list[Scene], sizes: list[int]
) -> None:
    if row_of(moments[0]).group_limit or moments[0].request.row != "main":
        return
    shown = {each.item_id for each in items_of(pages(in_turn(moments), sizes))}
    steady = {item_id for item_id in ITEMS if all(eligible(item_id, moment) for moment in moments)}
    assert steady <= shown


@half_as_many
@given(shops_in_motion(), page_sizes)
def test_every_page_shows_only_what_is_eligible_at_its_moment(moments: list[Scene], sizes: list[int]) -> None:
    for moment, page in zip(in_turn(moments), pages(in_turn(moments), sizes), strict=False):
        assert all(eligible(each.item_id, moment) for each in page.items)


@half_as_many
@given(shops_in_motion(), page_sizes)
def test_slots_are_absolute_across_pages(moments: list[Scene], sizes: list[int]) -> None:
    positions = [each.position for each in items_of(pages(in_turn(moments), sizes))]
    assert positions == list(range(1, len(positions) + 1))


def pin(slot: int, item: int) -> Pin:
    return Pin(id=RuleId(f"p{slot}-{item}"), slot=slot, item_id=ITEMS[item])


def next_page(scene: Scene, *shown: ItemId, **question: object) -> list[ItemId]:
    return scene.ids(start=len(shown) + 1, shown=frozenset(shown), **question)


def test_a_pin_on_a_later_page_is_kept_for_its_slot() -> None:
    scene = plain_scene(pin(6, 0))
    first = scene.ids(limit=4)
    assert first == list(ITEMS[1:5])
    assert next_page(scene, *first, limit=2) == [ITEMS[5], ITEMS[0]]


def test_a_pin_whose_item_comes_back_after_its_page_does_not_push_in_later() -> None:
    scene = plain_scene(pin(2, 9))
    first = changed_item(scene, ITEMS[9], available=False).ids(limit=3)
    assert next_page(scene, *first) == list(ITEMS[3:])


def test_pins_that_closed_up_on_an_earlier_page_are_spent() -> None:
    scene = plain_scene(pin(40, 0), pin(41, 1), pin(41, 2), size=3)
    first = changed_item(scene, ITEMS[2], available=False).slate(limit=2)
    assert [each.item_id for each in first.items] == [ITEMS[0], ITEMS[1]]
    # Item i02 is back; its pin lost slot 41, which has been shown: it comes on its own merit.
    carried = {"start": 3, "shown": frozenset(ITEMS[:2]), "shown_pinned": frozenset(ITEMS[:2])}
    second = scene.slate(**carried, pins_from=first.pins_from)
    assert [(each.item_id, each.source) for each in second.items] == [(ITEMS[2], Source.MODEL)]
    assert second.pins_from == first.pins_from


def test_what_earlier_pages_showed_counts_against_the_group_limit_unless_a_pin_showed_it() -> None:
    scene = plain_scene()
    for number in range(3):
        scene = changed_item(scene, ITEMS[number], group_id="g1")
    assert ITEMS[1] not in next_page(scene, ITEMS[0])
    assert ITEMS[1] in next_page(scene, ITEMS[0], shown_pinned=frozenset([ITEMS[0]]))
