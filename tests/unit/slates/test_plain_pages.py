"""What the compiled loop lays for a plain request is what the merge over arrays lays."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.arrays import Arrays, Told
from support.strategies import ITEMS, KEY, Scene, crowded_scenes, pinned_scenes, plain_scene, scenes

from recsys.domain.ids import RuleId
from recsys.domain.rules import Boost, Pin
from recsys.domain.selectors import Target
from recsys.slates.lean import Laid
from recsys.slates.loops import Common, Contenders, Ground, People, lay_page, standing
from recsys.slates.plain import PlainPage, Space, Stage
from recsys.slates.plan import Held

any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes).map(
    lambda scene: scene.asking(
        context=(), items=(), exclude=frozenset(), tags=frozenset(), price_min=None, price_max=None
    )
)
bought = st.lists(st.sampled_from(ITEMS), max_size=4, unique=True).map(frozenset)


def lay_plainly(arrays: Arrays, scene: Scene, told: frozenset = frozenset()) -> PlainPage | None:
    found = arrays.scenes.of(scene.request)
    stage = Stage.of(found)
    if stage is None:
        return None
    numbers = found.shelf.columns.numbers
    barred = {numbers[each] for each in {*told, *scene.candidates.disliked} if each in numbers}
    return stage.lay(found.acting(scene.request.shopper, KEY), 0, barred, scene.request.limit)


def rows_of(laid: Laid) -> list[tuple[int, int, int]]:
    """The lean slate as rows of the loop; all pins in one place."""
    rows = []
    for at, each in enumerate(laid.page):
        if isinstance(each, Held):
            displaced = laid.displaced(at, each)
            rows.append((each.number, -1, -1 if displaced is None else displaced))
        else:
            rows.append((each[0], each[1], -1))
    return rows


@given(any_scene, bought)
def test_a_plain_page_is_the_page_of_the_merge_over_arrays(scene: Scene, told) -> None:
    personal = scene.asking(personalised=True)
    arrays = Arrays.of(personal)
    page = lay_plainly(arrays, personal, told)
    if page is not None:
        laid = arrays.laid(personal, told=Told(bought=told))
        rows = page.numbers.tolist()
        assert [(n, max(at, -1), there) for n, at, there in rows] == rows_of(laid)
        assert [page.cast.held[-1 - at] for _, at, _ in rows if at < 0] == page.held
        assert [each[1:4] for each in page.held] == [each[1:4] for _, each in laid.pins]
        assert laid.more
        assert laid.personalised


@given(st.integers(1, 8), st.integers(2, 12), st.booleans())
def test_where_candidates_reach_far_enough_the_loop_answers(limit, slot, boosted) -> None:
    rules = [Pin(id=RuleId("p"), slot=slot, item_id=ITEMS[8])]
    if boosted:
        rules.append(Boost(id=RuleId("b"), target=Target(item_id=ITEMS[5]), factor=3))
    scene = plain_scene(*rules, limit=limit)
    assert lay_plainly(Arrays.of(scene), scene) is not None


def test_a_page_of_pins_alone_is_left_to_the_general_way() -> None:
    scene = plain_scene(Pin(id=RuleId("p"), slot=1, item_id=ITEMS[8]), limit=1)
    assert lay_plainly(Arrays.of(scene), scene) is None


def test_a_page_that_the_candidates_do_not_fill_is_left_to_the_general_way() -> None:
    ground = Ground(np.array([0, 1, -1], np.int32), np.array([True, True, False]), np.empty(0, np.int32), 0)
    none = np.empty(0, np.int32)
    starts, vectors = np.array([0, 2]), np.zeros((1, 1), np.float32)
    people = People(np.array([0, 1], np.int32), starts, none, np.array([0, 0]), vectors)
    contenders = Contenders(none, none, 0, none, np.empty((0, 5), np.int32), vectors[:, :0].copy(), none)
    stands, space = standing(Common(ground, people, contenders)), Space(0, 0)
    assert lay_page(stands, space.table, 0, 1) == 0
    assert space.room.page[0].tolist() == [0, 0, -1]
    assert lay_page(stands, space.table, 0, 2) == -1
