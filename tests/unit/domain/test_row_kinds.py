"""What a row may be, and in what order rows stand."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.laws import why_not
from support.strategies import AT, ITEMS, THEMES, Scene, half_as_many, plain_scene, scenes

from recsys.domain.changes import Change, broken_references, needed_by
from recsys.domain.errors import Invalid
from recsys.domain.ids import RuleId
from recsys.domain.merge import merge
from recsys.domain.pages import EACH_ROWS_OWN, PageRow, SlateOf, merge_page, rows_for_shopper
from recsys.domain.rows import RowKind, RowOrder, RowSettings
from recsys.domain.rules import Pin, RuleSet, SurfaceSettings, Theme, check_references, surface_id
from recsys.domain.scopes import Scope
from recsys.domain.slates import Source
from recsys.domain.views import Candidate, CandidatesView, Kind
from recsys.slates.rows import Listed

KINDS = {
    RowKind.BECAUSE: Kind.NEW,
    RowKind.TRENDING: Kind.TRENDING_HERE,
    RowKind.NEW: Kind.ARRIVED,
    RowKind.POPULAR: Kind.POPULAR,
    RowKind.BUY_AGAIN: Kind.REPEAT,
}


def laid(rows: tuple[RowSettings, ...], order: RowOrder = RowOrder.FIXED) -> SurfaceSettings:
    return SurfaceSettings(id=surface_id("home"), slug="home", title="Home", rows=rows, order=order)


def a_row(name: str, kind: RowKind, **more: object) -> RowSettings:
    theme = THEMES[0] if kind is RowKind.THEME else None
    return RowSettings(name, kind=kind, theme=theme, **{"repeats": kind is RowKind.BUY_AGAIN, **more})


@st.composite
def pages_of_all_kinds(draw: st.DrawFn) -> tuple[Scene, dict[str, CandidatesView]]:
    """A scene whose home has rows of drawn kinds, and what each of them lists."""
    scene = draw(scenes)
    kinds = draw(
        st.lists(st.sampled_from([each for each in RowKind if each is not RowKind.MAIN]), max_size=5)
    )
    rows = [a_row(f"row-{n}", kind, min_size=draw(st.integers(1, 4)), size=draw(st.integers(1, 6)),
                  group_limit=draw(st.integers(0, 2))) for n, kind in enumerate(kinds)]  # fmt: skip
    rows.insert(draw(st.integers(0, len(rows))), RowSettings(min_size=draw(st.integers(1, 4))))
    listed = {}
    for row in rows:
        items = draw(st.lists(st.sampled_from(ITEMS), unique=True, max_size=8)) if row.kind in KINDS else []
        found = [Candidate(each, 1 - n / 10, KINDS[row.kind]) for n, each in enumerate(items)]
        listed[row.name] = Listed(scene.candidates, found) if row.kind in KINDS else scene.candidates
    home = laid(tuple(rows), draw(st.sampled_from(RowOrder)))
    limit = draw(st.sampled_from([EACH_ROWS_OWN, 1, 3, 100]))
    scene = replace(scene, rules=scene.rules.with_rule(home)).asking(surface="home", row="main", limit=limit)
    return scene, listed


def rows_of(scene: Scene, listed: dict[str, CandidatesView]) -> tuple[RowSettings, ...]:
    home = scene.rules.surface("home")
    assert home is not None
    return rows_for_shopper(
        home, merging(scene, listed), lambda row, items: listed[row.name].affinity(items), scene.request
    )


def merging(scene: Scene, listed: dict[str, CandidatesView]) -> SlateOf:
    return lambda row, asked: merge(listed[row.name], scene.view(), asked, scene.catalog)


def page(scene: Scene, listed: dict[str, CandidatesView]) -> tuple[PageRow, ...]:
    rows = rows_of(scene, listed)
    return merge_page(rows, merging(scene, listed), scene.request)


def ids(row: PageRow) -> list[str]:
    return [each.item_id for each in row.slate.items]


@half_as_many
@given(pages_of_all_kinds())
def test_whatever_the_kinds_an_item_stands_once_on_a_page_and_is_eligible(drawn) -> None:
    scene, listed = drawn
    rows = page(scene, listed)
    shown = [item_id for row in rows for item_id in ids(row)]
    assert len(set(shown)) == len(shown)
    for row in rows:
        for item_id in ids(row):
            assert why_not(item_id, scene.asking(row=row.settings.name)) == set()


@half_as_many
@given(pages_of_all_kinds())
def test_whatever_the_kinds_a_row_keeps_to_its_size_and_its_minimum(drawn) -> None:
    scene, listed = drawn
    above: frozenset[str] = frozenset()
    shown = {row.settings.name: row for row in page(scene, listed)}
    for settings in rows_of(scene, listed):
        asked = replace(scene.request, row=settings.name, limit=500, exclude=scene.request.exclude | above)
        could = merge(listed[settings.name], scene.view(), asked, scene.catalog).items
        own = settings.kind is RowKind.MAIN or any(each.rule_id in {None, settings.theme} for each in could)
        assert (settings.name in shown) == (len(could) >= settings.min_size and own)
        if settings.name in shown:
            wanted = scene.request.limit or settings.size
            assert ids(shown[settings.name]) == [each.item_id for each in could][:wanted]
            above |= set(ids(shown[settings.name]))


@half_as_many
@given(pages_of_all_kinds())
def test_only_main_takes_fallback_whatever_the_kinds(drawn) -> None:
    scene, listed = drawn
    for row in page(scene, listed):
        for each in row.slate.items:
            assert each.reason.text
            assert each.source is not Source.FALLBACK or row.settings.name == "main"


@half_as_many
@given(pages_of_all_kinds())
def test_main_keeps_its_place_and_no_row_is_lost_when_rows_are_ordered(drawn) -> None:
    scene, listed = drawn
    home = scene.rules.surface("home")
    assert home is not None
    rows = rows_of(scene, listed)
    assert sorted(row.name for row in rows) == sorted(row.name for row in home.rows)
    names = [row.name for row in home.rows]
    assert [row.name for row in rows].index("main") == names.index("main")
    if home.order is RowOrder.FIXED or not scene.request.personalised or scene.candidates.vector is None:
        assert rows == home.rows


def test_rows_that_suit_the_shopper_better_stand_higher() -> None:
    rows = (
        a_row("new", RowKind.NEW),
        RowSettings(),
        a_row("trending", RowKind.TRENDING),
        a_row("because", RowKind.BECAUSE),
    )
    scene = plain_scene(laid(rows, RowOrder.FOR_SHOPPER))
    base = replace(scene.candidates, vector={"i01": 0.1, "i02": 0.9, "i03": 0.5})
    lists = {"new": ["i01"], "trending": ["i02"], "because": ["i03"]}
    listed = {
        name: Listed(base, [Candidate(i, 0.5, Kind.NEW) for i in found]) for name, found in lists.items()
    }
    views = {**listed, "main": base}
    scene = replace(scene, rules=scene.rules.with_rule(laid(rows, RowOrder.FOR_SHOPPER)))
    assert [row.name for row in rows_of(scene, views)] == ["trending", "main", "because", "new"]


def test_a_listed_row_needs_no_personalisation_and_a_row_of_candidates_does() -> None:
    rows = (RowSettings(), a_row("new", RowKind.NEW))
    scene = plain_scene(laid(rows))
    scene = replace(scene, rules=scene.rules.with_rule(laid(rows))).asking(personalised=False)
    view = Listed(scene.candidates, [Candidate(ITEMS[3], 0.5, Kind.ARRIVED)])
    slate = merge(view, scene.view(), replace(scene.request, row="new"), scene.catalog)
    assert [(each.item_id, each.source) for each in slate.items] == [(ITEMS[3], Source.MODEL)]
    assert slate.personalised is False


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": RowKind.THEME}, "theme"),
        ({"kind": RowKind.NEW, "theme": THEMES[0]}, "theme"),
        ({"kind": RowKind.BUY_AGAIN}, "repeats"),
        ({"name": "main", "kind": RowKind.NEW}, "kind"),
        ({"title": "x" * 201}, "title"),
        ({"titles": {"FR": "x" * 201}}, "titles.FR"),
    ],
)
def test_a_row_that_cannot_be_is_refused(fields: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        RowSettings(**{"name": "row", **fields})
    assert caught.value.field == field


def test_pins_alone_make_no_row_that_promises_something_else() -> None:
    rows = (RowSettings(), a_row("because", RowKind.BECAUSE))
    pin = Pin(id=RuleId("p"), slot=1, item_id=ITEMS[9], scope=Scope(surface="home", row="because"))
    scene = plain_scene(pin, limit=1)
    scene = replace(scene, rules=scene.rules.with_rule(laid(rows)))
    for found, shown in (([], ["main"]), ([Candidate(ITEMS[3], 0.5, Kind.NEW)], ["main", "because"])):
        views = {"main": scene.candidates, "because": Listed(scene.candidates, found)}
        assert [row.settings.name for row in page(scene, views)] == shown


def test_a_row_is_called_as_its_market_calls_it() -> None:
    row = RowSettings("new", "New", {"FR": "Nouveautés"}, RowKind.NEW)
    assert (row.title_in("FR"), row.title_in("DE"), row.title_in(None)) == ("Nouveautés", "New", "New")


def test_a_row_cannot_show_a_theme_that_is_not_there() -> None:
    home = laid((RowSettings(), a_row("tea", RowKind.THEME)))
    assert broken_references(RuleSet([home])) == [(home.id, THEMES[0])]
    with pytest.raises(Invalid, match="shows a theme that does not exist"):
        check_references(RuleSet([home]))
    check_references(RuleSet([home, Theme(id=THEMES[0], slug="spring", title="Spring")]))


def test_publishing_a_row_of_a_new_theme_needs_the_theme() -> None:
    theme = Theme(id=THEMES[0], slug="spring", title="Spring")
    home = laid((RowSettings(),))
    rows = laid((RowSettings(), a_row("tea", RowKind.THEME)))
    changes = [
        Change(1, theme.id, None, theme, "ann", AT),
        Change(2, RuleId(home.id), home, rows, "ann", AT),
    ]
    assert [each.change.id for each in needed_by(RuleSet([home]), changes, [2])] == [1]
