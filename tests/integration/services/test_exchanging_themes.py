"""Themes out to a file and in again, on both databases: whole or not at all."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data.rule_sheets import MAX_BYTES
from recsys.data.theme_files import COLUMNS, read_themes, write_themes
from recsys.domain.errors import Forbidden, Invalid
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import MAX_MEMBERS, Pin, Theme, ThemeOrder, theme_id
from recsys.domain.selectors import Selector
from recsys.domain.windows import Window
from recsys.services.bulk import undo_step
from recsys.services.drafting import read_draft
from recsys.services.exchanging import import_themes, plan_themes, themes_to_export
from recsys.services.seeding import ensure_first_release
from tests.integration.rule_examples import themes, words
from tests.integration.shops import ANN, BOB, PAT, VIC, everything, make_shop, save

SPRING = Theme(
    id=theme_id("spring"),
    slug="spring",
    title="=SUM(spring)",
    titles={"FR": "a|b=c\\", "D=E|": "Frühling"},
    blurb='two lines\r\nwith "quotes"; a comma, and a lone\rreturn',
    blurbs={"FR": "", "DE": "x=y"},
    picks=(ItemId("-5|x"), ItemId("c\\"), ItemId("b, d")),
    excluded=(ItemId("e|f"), ItemId("g")),
    selector=Selector(tags=("a|b", "c\\d"), price_min=0.1, max_age_days=3, market="FR", group_id="g1"),
    order=ThemeOrder.BY_HAND,
    head=0,
    window=Window(
        datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, 7, 30, tzinfo=UTC), "Europe/Paris"
    ),
    cover=ItemId("'cover"),
    paused=True,
    owner="ann",
    review=date(2026, 12, 1),
    notes="@note",
)
PLAIN = Theme(id=theme_id("plain"), slug="plain", title="Plain", owner="bob")
many = st.lists(
    st.builds(
        lambda theme, blurbs: replace(theme, blurbs=blurbs),
        themes,
        st.dictionaries(words, words | st.just(""), max_size=2),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda theme: theme.id,
)

DAMAGED_HEADER = "slug,title,titles,blurbs,order,head,picks,excluded,cover,items_price_min,starts_at,ends_at,zone,review,paused"
DAMAGED = [
    "good,Good,,,,,,,,,,,,,",
    "Not A Slug,x,,,,,,,,,,,,,",
    ",x,,,,,,,,,,,,,",
    "a,,,,,,,,,,,,,,",
    "b,x,France,,,,,,,,,,,,",
    "c,x,FR=1|FR=2,,,,,,,,,,,,",
    "d,x,FR=,,,,,,,,,,,,",
    f"e,x,,FR={'x' * 2001},,,,,,,,,,,",
    "f,x,,,sideways,,,,,,,,,,",
    "g,x,,,,many,,,,,,,,,",
    "h,x,,,,-1,,,,,,,,,",
    "i,x,,,,,a|b|a,,,,,,,,",
    "j,x,,,,,a||b,,,,,,,,",
    f"k,x,,,,,,{'x' * 129},,,,,,,",
    f"l,x,,,,,,,{'x' * 129},,,,,,",
    "m,x,,,,,,,,cheap,,,,,",
    "n,x,,,,,,,,,2026-03-29 02:30,,Europe/Paris,,",
    "o,x,,,,,,,,,2026-12-02 10:00,2026-12-01 10:00,,,",
    "p,x,,,,,,,,,,,Mars/Base,,",
    "q,x,,,,,,,,,,,,soon,",
    "r,x,,,,,,,,,,,,,perhaps",
    "good,Again,,,,,,,,,,,,,",
    "s,x",
    "taken,x,,,,,,,,,,,,,",
    "new,x,,,,,,,,,,,,,",
    "t,x\x00,,,,,,,,,,,,,",
    f"u,x,,,,,{'|'.join(map(str, range(MAX_MEMBERS + 1)))},,,,,,,,",
    f"v,x,,,,,,{'|'.join(map(str, range(MAX_MEMBERS + 1)))},,,,,,,",
]


def text(*those: Theme) -> bytes:
    return write_themes(those).encode()


def drafted(shop) -> str:
    return themes_to_export(read_draft(shop).rules)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(many)
def test_what_is_written_is_read_again_as_it_was(those) -> None:
    rows, bad = read_themes(text(*those))
    assert bad == []
    # Who made a theme here is no part of the file: whoever brings it in makes it there.
    assert {row.rule.id: row.rule for row in rows} == {theme.id: replace(theme, author="") for theme in those}


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(many)
def test_any_themes_come_through_a_draft_as_they_were(shop, those) -> None:
    made = import_themes(shop, ANN, text(*those))[1]
    first, before = drafted(shop), read_draft(shop).rules.of(Theme)
    undo_step(shop, ANN, made.first, made.last)
    assert read_draft(shop).rules.of(Theme) == []
    plan, again = import_themes(shop, ANN, first.encode())
    assert (len(plan.new), again.count) == (len(those), len(those))
    assert drafted(shop) == first
    assert read_draft(shop).rules.of(Theme) == before
    undo_step(shop, ANN, again.first, again.last)


def test_export_import_into_an_empty_system_export_again_is_equal(shop, migrated_sqlite, tmp_path) -> None:
    for theme in (SPRING, PLAIN):
        save(shop, ANN, theme)
    first = drafted(shop)
    shutil.copy(migrated_sqlite, tmp_path / "other.db")
    other = make_shop(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other")
    ensure_first_release(other, PAT)
    plan, step = import_themes(other, BOB, first.encode())
    assert (len(plan.new), plan.problems, step.count) == (2, (), 2)
    assert drafted(other) == first
    assert read_draft(other).rules.theme("spring") == replace(SPRING, author=BOB.name)
    again, nothing = import_themes(other, BOB, first.encode())
    assert (again.unchanged, again.does, nothing) == (2, 0, None)
    other.database.close()


def test_a_damaged_file_is_refused_line_by_line_and_nothing_is_changed(shop) -> None:
    save(shop, ANN, PLAIN)
    save(shop, ANN, Pin(id=RuleId("theme-taken"), slot=1, item_id=ItemId("x")))
    before = everything(shop)
    data = "\n".join([DAMAGED_HEADER, *DAMAGED]).encode()
    plan, step = import_themes(shop, ANN, data)
    assert step is None
    assert everything(shop) == before
    found = {(each.line, each.field): each.reason for each in plan.problems}
    assert list(found) == [
        (3, "slug"), (4, "slug"), (5, "title"), (6, "titles"), (7, "titles"), (8, "titles"), (9, "blurbs"),
        (10, "order"), (11, "head"), (12, "head"), (13, "picks"), (14, "picks"), (15, "excluded"), (16, "cover"),
        (17, "items_price_min"), (18, "starts_at"), (19, "ends_at"), (20, "zone"), (21, "review"), (22, "paused"),
        (23, "slug"), (24, ""), (25, "slug"), (26, "slug"), (27, "title"), (28, "picks"), (29, "excluded"),
    ]  # fmt: skip
    assert found[6, "titles"] == "“France” is no market with its text, such as FR=Noël"
    assert found[9, "blurbs"] == "for “FR”: is longer than 2000 characters"
    assert found[23, "slug"] == "“good” stands on line 2 already"
    assert found[25, "slug"] == "“theme-taken” is the id of a pin already"
    assert "an address of the desk itself" in found[26, "slug"]
    assert plan_themes(shop, ANN, data) == plan


def test_a_line_with_several_bad_columns_is_told_column_by_column() -> None:
    rows, bad = read_themes(
        b"slug,title,order,picks,starts_at,items_price_min,review\nBad,,odd,a||b,then,cheap,soon\n"
    )
    assert rows == []
    assert [(each.line, each.field) for each in bad] == [
        (2, column)
        for column in ("slug", "title", "order", "picks", "items_price_min", "starts_at", "review")
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column “slug”"),
        (b"slug,name\n", "no column “title”"),
        (b"slug,title,colour\nx,y,red\n", "not known: “colour”"),
        (b"slug,title\n", "no themes"),
        (b"slug,title\nx,\xff\n", "line 2"),
        (b"x" * (MAX_BYTES + 1), "larger than"),
        (
            b"slug,title\n" + b"".join(b"t%d,T\n" % number for number in range(5_001)),
            "more than 5,000 themes",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(data, said) -> None:
    with pytest.raises(Invalid, match=said):
        read_themes(data)


def test_a_theme_of_as_many_hand_picks_as_it_may_hold_goes_out_and_in() -> None:
    full = replace(PLAIN, picks=tuple(ItemId(f"item-number-{number:06d}") for number in range(MAX_MEMBERS)))
    rows, bad = read_themes(text(full))
    assert (bad, [row.rule for row in rows]) == ([], [full])


def test_a_line_replaces_the_theme_with_its_slug_and_what_is_not_named_stays(shop) -> None:
    for theme in (SPRING, PLAIN):
        save(shop, ANN, theme)
    before = everything(shop)
    plan = plan_themes(shop, BOB, b"slug;title\r\nplain;Plainer\r\nautumn;Autumn\r\n")
    assert ([rule.slug for rule in plan.new], [rule.slug for rule in plan.changed]) == (["autumn"], ["plain"])
    assert everything(shop) == before
    _, step = import_themes(shop, BOB, b"slug;title\r\nplain;Plainer\r\nautumn;Autumn\r\n")
    rules = read_draft(shop).rules
    assert [rules.theme(slug).title for slug in ("autumn", "plain", "spring")] == [
        "Autumn",
        "Plainer",
        SPRING.title,
    ]
    assert (rules.theme("plain").author, rules.theme("autumn").author) == (ANN.name, BOB.name)
    assert undo_step(shop, BOB, step.first, step.last) == 2
    assert read_draft(shop).rules.theme("plain").title == "Plain"
    assert "autumn" not in [theme.slug for theme in read_draft(shop).rules.of(Theme)]


def test_who_may_not_change_the_draft_may_not_import(shop) -> None:
    with pytest.raises(Forbidden):
        import_themes(shop, VIC, text(PLAIN))
    with pytest.raises(Forbidden):
        plan_themes(shop, VIC, text(PLAIN))


def test_no_cell_is_a_formula_and_every_part_of_a_theme_has_its_column() -> None:
    lines = write_themes([SPRING]).split("\n")
    assert "'=SUM(spring)" in lines[1]
    assert lines[0].split(",") == list(COLUMNS)
