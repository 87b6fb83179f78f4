from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from curation_ui import words
from curation_ui.field_words import field_changes
from curation_ui.moments import ago, from_field, moment, to_field, window_words
from curation_ui.numbers import number, percent, price_words, signed
from curation_ui.words import Names
from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import Boost, Pin, RuleSet, SurfaceSettings, Theme, Veto, surface_id, theme_id
from recsys.domain.scopes import EVERYWHERE, Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEA = Theme(id=theme_id("tea"), slug="tea", title="Tea for two")
RULES = RuleSet([SurfaceSettings(id=surface_id("home"), slug="home", title="Home"), TEA])
NAMES = Names({"1": Item("1", "Party Bunting")}, RULES)
PIN = Pin(id="p", slot=3, item_id="1")


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (EVERYWHERE, "everyone · every surface"),
        (Scope(surface="home"), "Home · everyone"),
        (Scope(surface="home", market="France"), "Home · France"),
        (Scope(surface="home", row="more", segment="trade"), "Home · row more · segment trade"),
        (
            Scope(surface="gone", context_item="1", user="17850"),
            "gone · beside Party Bunting · shopper 17850",
        ),
        (
            Scope(surface="home", context_selector=Selector(tags=("tea", "cake"))),
            "Home · beside tag tea or cake · everyone",
        ),
    ],
)
def test_a_scope_says_where_and_for_whom(scope, said):
    assert words.scope_words(scope, NAMES) == said


@pytest.mark.parametrize(
    ("selector", "said"),
    [
        (Selector(tags=("christmas",)), "tag christmas"),
        (Selector(price_min=1, price_max=2.5), "price 1.00 to 2.50"),
        (Selector(price_min=1), "price from 1.00"),
        (Selector(price_max=3), "price up to 3.00"),
        (Selector(min_age_days=1, max_age_days=30), "at least 1 day old, newer than 30 days"),
        (Selector(market="France", group_id="g1"), "sold in France, group g1"),
    ],
)
def test_a_selector_says_every_part_given(selector, said):
    assert words.selector_words(selector) == said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, PIN, "pinned Party Bunting to slot 3"),
        (PIN, None, "removed Pin · slot 3: Party Bunting"),
        (None, Pin(id="p", slot=5, theme=TEA.id), "placed the theme Tea for two in slot 5"),
        (PIN, Pin(id="p", slot=1, item_id="1"), "moved the pin of Party Bunting from slot 3 to 1"),
        (PIN, Pin(id="p", slot=3, item_id="1", paused=True), "paused Pin · slot 3: Party Bunting"),
        (Pin(id="p", slot=3, item_id="1", paused=True), PIN, "resumed Pin · slot 3: Party Bunting"),
        (None, Veto(id="v", target=Target(item_id="1"), reason="Recalled"), "vetoed Party Bunting: Recalled"),
        (None, Veto(id="v", target=Target(item_id="%(x)s"), reason="100 %"), "vetoed %(x)s: 100 %"),
        (None, Boost(id="b", target=Target(item_id="1"), factor=1.5), "boosted Party Bunting × 1.5"),
        (None, Boost(id="b", target=Target(item_id="1"), factor=0.5), "buried Party Bunting × 0.5"),
        (None, TEA, "made the theme Tea for two"),
    ],
)
def test_a_change_is_the_end_of_a_sentence_that_begins_with_a_name(before, after, said):
    assert words.change_words(before, after, NAMES) == said


def test_fields_that_differ_are_told_in_words():
    after = Pin(
        id="p", slot=4, item_id="1", scope=Scope(market="France"), window=Window(end=NOW, zone="Europe/Paris")
    )
    told = {each.label: (each.before, each.after) for each in field_changes(PIN, after, NAMES)}
    assert told == {
        "slot": ("3", "4"),
        "where": ("everyone · every surface", "France · every surface"),
        "time": ("no end", "until Sat 21 Nov 2026, 13:00 Europe/Paris"),
    }


def test_what_cannot_be_found_is_called_by_its_id():
    assert (NAMES.item("9"), NAMES.surface("x"), NAMES.theme("theme-x")) == ("9", "x", "x")


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=-3), "in 3 h"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=5), "5 days ago"),
        (timedelta(days=90), "23 Aug 2026"),
    ],
)
def test_a_moment_is_told_from_now(gap, said):
    assert ago(NOW - gap, NOW) == said


def test_a_moment_carries_its_zone():
    assert moment(NOW, "Europe/London") == "Sat 21 Nov 2026, 12:00 Europe/London"
    assert moment(NOW, "Asia/Tokyo") == "Sat 21 Nov 2026, 21:00 Asia/Tokyo"


def test_a_window_is_told_in_the_zone_it_was_thought_of():
    start = datetime(2026, 12, 1, tzinfo=UTC)
    assert window_words(Window()) == "no end"
    assert window_words(Window(start, None, "Europe/Paris")) == "from Tue 1 Dec 2026, 01:00 Europe/Paris"
    assert window_words(Window(NOW, start)) == "Sat 21 Nov 2026, 12:00 to Tue 1 Dec 2026, 00:00 UTC"


def test_a_local_time_goes_through_its_field_and_back():
    text = to_field(NOW, "America/New_York")
    assert text == "2026-11-21T07:00"
    assert from_field(text, "America/New_York", "From") == NOW


def test_a_local_time_that_the_clocks_skip_is_refused_in_words():
    with pytest.raises(Invalid, match="does not exist in Europe/London"):
        from_field("2026-03-29T01:30", "Europe/London", "From")


def test_of_an_ambiguous_local_time_the_earlier_is_meant():
    assert from_field("2026-10-25T01:30", "Europe/London", "From") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


def test_what_is_no_time_is_refused_with_an_example():
    with pytest.raises(Invalid, match="2026-11-30 18:00"):
        from_field("tomorrow", "UTC", "From")


def test_prices_carry_their_currency():
    assert price_words(12.75, "GBP") == "£12.75"
    assert price_words(2500, "SEK") == "2,500.00 SEK"
    assert price_words(900, "JPY") == "¥900"
    assert price_words(None, "GBP") == ""
    assert price_words(3, None) == "3.00"


def test_numbers_are_grouped_and_differences_signed():
    assert (number(1234567), number(None), percent(0.415, 1)) == ("1,234,567", "—", "41.5\u202f%")
    assert (signed(0.01), signed(-0.01), signed(0.0001)) == ("+0.010", "−0.010", "±0.000")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (RowSettings("lights", title="Light the evening"), "Light the evening"),
        (RowSettings("tea", kind=RowKind.THEME, theme=TEA.id), "Tea for two"),
        (RowSettings("why", kind=RowKind.BECAUSE), "Because you bought …"),
        (RowSettings("again", kind=RowKind.BUY_AGAIN, repeats=True), "Buy again"),
        (RowSettings("more"), "more"),
    ],
)
def test_a_row_without_a_title_is_called_by_what_it_shows(row, said):
    assert words.row_words(row, NAMES) == said
