from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from curation_ui import forms
from curation_ui.themes.form import codes_in, slug_of, theme_from
from recsys.domain.errors import Invalid
from recsys.domain.ids import check_slug
from recsys.domain.rules import ThemeOrder
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window


def test_an_empty_form_reads_as_everywhere_always_and_no_selector():
    assert forms.scope_from({}) == EVERYWHERE
    assert forms.window_from({}, "Europe/London") == Window(zone="Europe/London")
    assert forms.selector_from({"selector_tags": " , "}) is None


def test_a_scope_is_read_part_by_part():
    form = {"scope_surface": "home", "scope_market": " France ", "scope_context_tags": "tea, cake"}
    assert forms.scope_from(form) == Scope(
        surface="home", market="France", context_selector=Selector(tags=("tea", "cake"))
    )


def test_a_window_is_read_as_wall_clock_time_in_its_zone():
    form = {"window_start": "2026-12-01T00:00", "window_zone": "Europe/Paris"}
    assert forms.window_from(form, "UTC") == Window(
        datetime(2026, 11, 30, 23, tzinfo=UTC), None, "Europe/Paris"
    )


def test_a_selector_understands_a_decimal_comma():
    assert forms.selector_from({"selector_price_max": "2,50"}) == Selector(price_max=2.5)


def test_what_is_no_number_is_refused_naming_the_field():
    with pytest.raises(Invalid, match="Price up to: give a number, not “cheap”"):
        forms.selector_from({"selector_price_max": "cheap"})
    with pytest.raises(Invalid, match="slot: give a whole number"):
        forms.whole({"slot": "3.5"}, "slot")


def test_an_item_wins_over_the_selector_beside_it():
    assert forms.target_from({"item_id": "1", "selector_tags": "tea"}) == Target(item_id="1")


def test_a_target_of_neither_is_refused():
    with pytest.raises(Invalid, match="either an item or a selector"):
        forms.target_from({})


def test_a_day_begins_in_the_editors_zone():
    assert forms.day_from({"since": "2026-07-01"}, "since", "Europe/Paris") == datetime(
        2026, 6, 30, 22, tzinfo=UTC
    )


@given(st.text())
def test_a_slug_made_from_any_title_is_empty_or_valid(title):
    slug = slug_of(title)
    assert slug == "" or check_slug(slug, "slug") == slug


def test_a_slug_keeps_the_letters_under_their_accents():
    assert slug_of("Thé à deux — größer!") == "the-a-deux-grosser"


def test_pasted_codes_may_be_parted_by_anything_usual_and_count_once():
    assert codes_in("85123A\n22423, 22423;\t84879\r\n") == ("85123A", "22423", "84879")


def test_a_theme_is_read_from_its_form():
    form = MultiDict(
        [
            ("title", "Tea for two"),
            ("picks", "2"),
            ("picks", "1"),
            ("picks", "2"),
            ("excluded", "9"),
            ("order", "by_hand"),
            ("head", ""),
            ("market_name", "France"),
            ("market_title", "Thé à deux"),
            ("market_blurb", ""),
            ("paused", "yes"),
        ]
    )
    theme = theme_from(form, "tea", "UTC")
    assert (theme.picks, theme.excluded, theme.order, theme.head) == (
        ("2", "1"),
        ("9",),
        ThemeOrder.BY_HAND,
        None,
    )
    assert (dict(theme.titles), dict(theme.blurbs), theme.paused) == ({"France": "Thé à deux"}, {}, True)


def test_an_unknown_order_is_refused():
    with pytest.raises(Invalid, match="one of the three orders"):
        theme_from(MultiDict({"title": "x", "order": "random"}), "x", "UTC")
