"""The cursor: sealed, bound to its request, and short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from recsys.serving.cursor import Cursor, decode_cursor, encode_cursor
from recsys.serving.parameters import CONTINUED, PARAMETERS, Asked
from recsys.serving.problems import Problem

KEY = b"k" * 32
ASKED = Asked(surface="home", user_id="ann", exclude=("a", "b"))
NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
OTHERWISE = {
    "surface": "cart",
    "row": "more",
    "user_id": "bob",
    "session_id": "s",
    "market": "FR",
    "segment": ("vip",),
    "context_item": ("c",),
    "exclude": ("a",),
    "tag": ("red",),
    "price_min": 1.0,
    "price_max": 2.0,
    "fields": ("title",),
    "personalised": False,
    "rules": False,
    "at": NOON,
    "items": ("d",),
}


@st.composite
def cursors(draw):
    shown = draw(st.frozensets(st.integers(1, 2**40), max_size=60))
    pinned = draw(st.frozensets(st.sampled_from(sorted(shown)))) if shown else frozenset()
    return Cursor(
        release=draw(st.integers(1, 2**31)),
        at=draw(st.datetimes(datetime(1970, 1, 1), timezones=st.just(UTC))),  # noqa: DTZ001 - a bound
        start=draw(st.integers(1, 501)),
        pins_from=draw(st.integers(0, 501)),
        shown=shown,
        pinned=pinned,
    )


def refused(token, asked) -> dict[str, str]:
    with pytest.raises(Problem) as caught:
        decode_cursor(token, asked, KEY)
    assert caught.value.status == 400
    return {error.field: error.message for error in caught.value.errors}


@given(cursors())
def test_a_cursor_comes_back_as_it_was(cursor):
    assert decode_cursor(encode_cursor(cursor, ASKED, KEY), ASKED, KEY) == cursor


@given(cursors(), st.integers(1, 100))
def test_the_limit_may_change_from_page_to_page(cursor, limit):
    token = encode_cursor(cursor, ASKED, KEY)
    assert decode_cursor(token, replace(ASKED, limit=limit, cursor=token), KEY) == cursor


def test_every_parameter_but_limit_and_cursor_must_stay():
    assert set(CONTINUED) - {"address"} == {*PARAMETERS, "items"} - {"limit", "cursor"} == set(OTHERWISE)


@pytest.mark.parametrize("name", sorted(OTHERWISE))
def test_a_changed_parameter_is_named(name):
    token = encode_cursor(Cursor(3, NOON, 21, 0, frozenset(), frozenset()), ASKED, KEY)
    changed = refused(token, replace(ASKED, **{name: OTHERWISE[name]}))
    assert list(changed) == [name]
    assert "only limit may change" in changed[name]


def test_a_cursor_works_at_its_own_address_alone():
    token = encode_cursor(Cursor(3, NOON, 21, 0, frozenset(), frozenset()), ASKED, KEY)
    changed = refused(token, replace(ASKED, address="themes/tea", user_id="bob"))
    assert changed == {"cursor": "belongs to another address; send it where it came from"}


def test_the_order_of_repeated_values_says_nothing():
    cursor = Cursor(3, NOON, 21, 0, frozenset(), frozenset())
    token = encode_cursor(cursor, ASKED, KEY)
    assert decode_cursor(token, replace(ASKED, exclude=("b", "a")), KEY) == cursor


@pytest.mark.parametrize("token", ["", "abc", "é", "A" * 200, "=" * 40])
def test_a_text_that_is_no_cursor_is_refused(token):
    assert "damaged" in refused(token, ASKED)["cursor"]


def test_a_cursor_of_another_installation_is_refused():
    token = encode_cursor(Cursor(3, NOON, 21, 0, frozenset(), frozenset()), ASKED, b"o" * 32)
    assert "damaged" in refused(token, ASKED)["cursor"]


def test_nobody_can_read_the_shopper_from_a_cursor():
    first, second = (
        encode_cursor(Cursor(3, NOON, 21, 0, frozenset(), frozenset()), ASKED, key)
        for key in (KEY, b"o" * 32)
    )
    # Without the key the digests cannot be compared with those of guessed ids.
    assert first[:80] != second[:80]


def test_the_longest_cursor_fits_into_an_address():
    every_2000th = frozenset(range(1, 1_000_000, 2_000))
    cursor = Cursor(10**6, NOON + timedelta(days=9_999), 501, 501, every_2000th, every_2000th)
    assert len(encode_cursor(cursor, ASKED, KEY)) < 2_000


def test_the_parameters_about_the_shopper_stand_together_in_what_a_cursor_is_bound_to():
    # The digests of all others are kept in one piece, which is cut where these two stand.
    first = CONTINUED.index("user_id")
    assert CONTINUED[first : first + 2] == ("user_id", "session_id")
