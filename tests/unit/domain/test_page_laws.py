"""Law 7: the rows of a page are built from the top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.laws import why_not
from support.strategies import AT, ITEMS, THEMES, Scene, half_as_many, plain_scene, scenes

from recsys.domain.ids import RuleId
from recsys.domain.merge import merge
from recsys.domain.pages import PageRow, merge_page
from recsys.domain.requests import Request
from recsys.domain.rules import Pin, RowSettings, SurfaceSettings, surface_id
from recsys.domain.scopes import Scope
from recsys.domain.slates import Slate, Source
from recsys.domain.views import CandidatesView

NAMES = ("main", "more", "third")


@st.composite
def paged_scenes(draw: st.DrawFn) -> Scene:
    """A scene whose home has three rows, `main` at any place among them."""
    scene = draw(scenes)
    rows = tuple(
        RowSettings(name, min_size=draw(st.integers(1, 5)), group_limit=draw(st.integers(0, 2)))
        for name in draw(st.permutations(NAMES))
    )
    return on_home(scene, rows)


def on_home(scene: Scene, rows: tuple[RowSettings, ...]) -> Scene:
    home = SurfaceSettings(id=surface_id("home"), slug="home", title="Home", rows=rows)
    asked = replace(scene.request, surface="home", row="main")
    return replace(scene, rules=scene.rules.with_rule(home), request=asked)


def rows_of(scene: Scene) -> tuple[RowSettings, ...]:
    return scene.rules.surface("home").rows


def page(scene: Scene) -> tuple[PageRow, ...]:
    return merged(scene, lambda _: scene.candidates)


def merged(scene: Scene, candidates_of: Callable[[RowSettings], CandidatesView]) -> tuple[PageRow, ...]:
    def slate_of(row: RowSettings, asked: Request) -> Slate:
        return merge(candidates_of(row), scene.view(), asked, scene.catalog)

    return merge_page(rows_of(scene), slate_of, scene.request)


def ids(row: PageRow) -> list[str]:
    return [each.item_id for each in row.slate.items]


@half_as_many
@given(paged_scenes())
def test_an_item_appears_once_on_a_page_pins_too(scene: Scene) -> None:
    shown = [item_id for row in page(scene) for item_id in ids(row)]
    assert len(set(shown)) == len(shown)


@half_as_many
@given(paged_scenes())
def test_each_row_is_the_merge_without_what_stands_above_it(scene: Scene) -> None:
    above: frozenset[str] = frozenset()
    for row in page(scene):
        asked = replace(scene.request, row=row.settings.name, exclude=scene.request.exclude | above)
        assert row.slate == merge(scene.candidates, scene.view(), asked, scene.catalog)
        above |= set(ids(row))


@half_as_many
@given(paged_scenes())
def test_a_row_is_dropped_exactly_when_it_cannot_reach_its_minimum_size(scene: Scene) -> None:
    kept = {row.settings.name: row for row in page(scene)}
    above: frozenset[str] = frozenset()
    for settings in rows_of(scene):
        asked = replace(scene.request, row=settings.name, exclude=scene.request.exclude | above, limit=500)
        whole = merge(scene.candidates, scene.view(), asked, scene.catalog)
        assert (settings.name in kept) == (len(whole.items) >= settings.min_size)
        above |= set(ids(kept[settings.name])) if settings.name in kept else set()


@half_as_many
@given(paged_scenes(), st.integers(1, 4))
def test_asking_for_fewer_items_drops_no_row_and_cuts_it_short(scene: Scene, limit: int) -> None:
    top = on_home(scene, (replace(rows_of(scene)[0], name="main"),))
    whole, short = page(top.asking(limit=500)), page(top.asking(limit=limit))
    assert [ids(row) for row in short] == [ids(row)[:limit] for row in whole]


@half_as_many
@given(paged_scenes())
def test_the_limit_is_per_row(scene: Scene) -> None:
    above: frozenset[str] = frozenset()
    for row in page(scene):
        asked = replace(
            scene.request, row=row.settings.name, exclude=scene.request.exclude | above, limit=500
        )
        could = len(merge(scene.candidates, scene.view(), asked, scene.catalog).items)
        assert len(ids(row)) == min(scene.request.limit, could)
        above |= set(ids(row))


@half_as_many
@given(paged_scenes())
def test_only_main_takes_fallback(scene: Scene) -> None:
    for row in page(scene):
        sources = {each.source for each in row.slate.items}
        assert row.settings.name == "main" or Source.FALLBACK not in sources


@half_as_many
@given(paged_scenes())
def test_eligibility_holds_in_every_row(scene: Scene) -> None:
    for row in page(scene):
        for item_id in ids(row):
            assert why_not(item_id, scene.asking(row=row.settings.name)) == set()


def pinned_in(row: str, item: int) -> Pin:
    return Pin(id=RuleId(f"p-{row}"), slot=1, item_id=ITEMS[item], scope=Scope(surface="home", row=row))


def test_a_pin_is_not_served_below_a_row_that_shows_its_item() -> None:
    scene = plain_scene(pinned_in("main", 0), pinned_in("more", 0), limit=3)
    rows = page(on_home(scene, (RowSettings("main"), RowSettings("more"))))
    assert [ids(row) for row in rows] == [list(ITEMS[:3]), list(ITEMS[3:6])]


def test_a_dropped_row_reserves_nothing() -> None:
    scene = plain_scene(pinned_in("more", 5), size=6, limit=4)
    rows = page(on_home(scene, (RowSettings("more", min_size=7), RowSettings("main"))))
    assert [row.settings.name for row in rows] == ["main"]
    assert ids(rows[0]) == list(ITEMS[:4])
    assert ids(page(on_home(scene, (RowSettings("more", min_size=6), RowSettings("main"))))[0])[0] == ITEMS[5]


def test_rows_may_draw_on_different_candidates() -> None:
    scene = on_home(plain_scene(limit=2), (RowSettings("main"), RowSettings("more")))
    others = replace(scene.candidates, own={ITEMS[9]: 0.5})
    views = {"main": scene.candidates, "more": others}
    rows = merged(scene, lambda row: views[row.name])
    assert [ids(row) for row in rows] == [list(ITEMS[:2]), [ITEMS[9]]]


def test_the_question_of_a_page_is_left_as_it_was() -> None:
    scene = on_home(plain_scene(limit=2), (RowSettings("main"), RowSettings("more")))
    page(scene)
    assert scene.request.exclude == frozenset()
    assert scene.request.at == AT
    assert THEMES[0] not in scene.rules
