"""A theme on a page of its own, and as a row: its eligible members in its own order, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from support.laws import member_key, why_not
from support.strategies import AT, DAY, THEMES, Scene, half_as_many, plain_scene, scenes

from recsys.domain.ids import RuleId
from recsys.domain.merge import merge
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import Boost, Pin, SurfaceSettings, Theme, surface_id
from recsys.domain.selectors import Target
from recsys.domain.slates import Slate, Source
from recsys.domain.theme_pages import ThemePageRules, live_themes, theme_size
from recsys.domain.windows import Window

themed_scenes = scenes.map(lambda scene: scene.asking(surface=None, row="main", context=()))
"""Questions that belong to no surface."""


def theme_in(scene: Scene, rule_id: RuleId) -> Theme:
    found = scene.rules.get(rule_id)
    assert isinstance(found, Theme)
    return found


def page(scene: Scene, rule_id: RuleId, **changes: object) -> Slate:
    rules = ThemePageRules(scene.view(), theme_in(scene, rule_id))
    return merge(scene.candidates, rules, replace(scene.request, **changes), scene.catalog)


def expected(scene: Scene, rule_id: RuleId) -> list[str]:
    """The eligible members by the oracle's own reading of a theme's order."""
    theme = theme_in(scene, rule_id)
    if theme.paused or not theme.window.holds(scene.request.at) or not scene.request.rules:
        return []
    keyed = [
        (key, each) for each in scene.catalog.items if (key := member_key(theme, each, scene)) is not None
    ]
    return [each for _, each in sorted(keyed) if not why_not(each, scene)]


@given(themed_scenes, st.sampled_from(THEMES))
def test_a_theme_page_shows_every_eligible_member_in_the_theme_s_order_and_nothing_else(
    scene: Scene, rule_id: RuleId
) -> None:
    slate = page(scene, rule_id, limit=100)
    assert [each.item_id for each in slate.items] == expected(scene, rule_id)
    for each in slate.items:
        assert (each.source, each.rule_id, each.theme) == (
            Source.THEME,
            rule_id,
            theme_in(scene, rule_id).slug,
        )
        assert each.reason.text == theme_in(scene, rule_id).title_in(scene.request.market)
        assert each.score is each.model_rank is each.displaced is None


@half_as_many
@given(themed_scenes, st.sampled_from(THEMES))
def test_the_size_of_a_theme_is_what_its_page_shows(scene: Scene, rule_id: RuleId) -> None:
    asked = scene.asking(rules=True)
    theme = replace(theme_in(asked, rule_id), paused=False, window=Window())
    scene = replace(asked, rules=asked.rules.with_rule(theme))
    size = theme_size(theme, scene.candidates, scene.view(), scene.request, scene.catalog)
    assert size == len(page(scene, rule_id, limit=100).items)


@half_as_many
@given(themed_scenes, st.sampled_from(THEMES), st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_the_pages_of_a_theme_add_up_to_the_whole(scene: Scene, rule_id: RuleId, limits: list[int]) -> None:
    whole = page(scene, rule_id, limit=100).items
    start, shown, paged = 1, frozenset[str](), []
    while True:
        limit = limits[min(start, len(limits)) - 1]
        part = page(scene, rule_id, limit=limit, start=start, shown=shown, shown_pinned=shown)
        paged += part.items
        shown |= {each.item_id for each in part.items}
        start += len(part.items)
        if not part.more:
            break
    assert tuple(paged) == whole


@half_as_many
@given(scenes, st.sampled_from(THEMES))
def test_a_row_of_a_theme_shows_its_members_around_the_pins(scene: Scene, rule_id: RuleId) -> None:
    rows = (RowSettings(), RowSettings("theme-row", kind=RowKind.THEME, theme=rule_id))
    home = SurfaceSettings(id=surface_id("home"), slug="home", title="Home", rows=rows)
    scene = replace(scene, rules=scene.rules.with_rule(home)).asking(
        surface="home", row="theme-row", limit=100
    )
    slate = scene.slate()
    held = {each.item_id for each in slate.items if each.rule_id != rule_id}
    assert {each.source for each in slate.items} <= {Source.PIN, Source.THEME}
    mine = [each.item_id for each in slate.items if each.rule_id == rule_id]
    assert mine == [each for each in expected(scene, rule_id) if each not in held]


def test_neither_pins_nor_boosts_nor_the_group_limit_change_a_theme_page() -> None:
    scene = plain_scene(
        Theme(id=THEMES[0], slug="spring", title="Spring", picks=("i05", "i03", "i04")),
        Pin(id=RuleId("p"), slot=1, item_id="i09"),
        Boost(id=RuleId("b"), target=Target(item_id="i04"), factor=8),
    )
    same = {each: replace(item, group_id="g1") for each, item in scene.catalog.items.items()}
    scene = replace(scene, catalog=replace(scene.catalog, items=same)).asking(surface=None)
    assert [each.item_id for each in page(scene, THEMES[0]).items] == ["i05", "i03", "i04"]


def test_a_theme_that_is_paused_or_over_is_not_listed() -> None:
    def theme(slug: str, **more: object) -> Theme:
        return Theme(id=RuleId(f"theme-{slug}"), slug=slug, title=slug, picks=("i01",), **more)

    scene = plain_scene(
        theme("winter"), theme("easter", paused=True), theme("autumn", window=Window(end=AT)), theme("advent"),
        theme("spring", window=Window(start=AT + DAY)),
    )  # fmt: skip
    assert [each.slug for each in live_themes(scene.rules, scene.request)] == ["advent", "winter"]
    assert page(scene, RuleId("theme-easter")).items == ()
