"""When a rule holds: `[start, end)`, and wall-clock times as editors write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.domain.errors import Invalid
from recsys.domain.windows import ALWAYS, Window, from_local, zone_of

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "UTC",
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive here
edges = st.none() | moments


@st.composite
def any_window(draw: st.DrawFn) -> Window:
    start, end = draw(edges), draw(edges)
    if start is not None and end is not None and start >= end:
        start, end = end, start + timedelta(seconds=1)
    return Window(start, end)


@given(any_window(), moments)
def test_a_window_holds_from_its_start_until_just_before_its_end(window: Window, at: datetime) -> None:
    after_start = window.start is None or at >= window.start
    before_end = window.end is None or at < window.end
    assert window.holds(at) == (after_start and before_end)


@given(any_window())
def test_the_start_lies_inside_and_the_end_outside(window: Window) -> None:
    assert window.start is None or window.holds(window.start)
    assert window.end is None or not window.holds(window.end)


@given(any_window(), any_window())
def test_two_windows_overlap_exactly_when_a_start_of_one_lies_in_both(one: Window, other: Window) -> None:
    starts = [each.start for each in (one, other) if each.start is not None]
    earliest = datetime(1970, 1, 1, tzinfo=UTC)
    assert one.overlaps(other) == any(one.holds(at) and other.holds(at) for at in [earliest, *starts])
    assert one.overlaps(other) == other.overlaps(one)


@given(moments)
def test_an_open_window_always_holds(at: datetime) -> None:
    assert ALWAYS.holds(at)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_window_that_ends_before_it_begins_is_refused(seconds: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with pytest.raises(Invalid, match="after the start"):
        Window(start, start + timedelta(seconds=seconds))


@pytest.mark.parametrize("field", ["start", "end"])
def test_a_naive_time_is_refused_by_name(field: str) -> None:
    with pytest.raises(Invalid, match=rf"window\.{field}"):
        Window(**{field: datetime(2026, 1, 1)})  # noqa: DTZ001 - the naive time is the case


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe", "\x00", "x" * 5000])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="time zone"):
        zone_of(name)
    with pytest.raises(Invalid, match="time zone"):
        Window(zone=name)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("UTC", "2026-07-01T12:00", "2026-07-01T12:00"),
        ("Europe/London", "2026-01-15T12:00", "2026-01-15T12:00"),
        ("Europe/London", "2026-07-15T12:00", "2026-07-15T11:00"),
        # The hour from 01:00 to 02:00 happens twice on 25 October 2026: the earlier is still summer time.
        ("Europe/London", "2026-10-25T01:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Asia/Kathmandu", "2026-01-01T00:00", "2025-12-31T18:15"),
    ],
)
def test_a_local_time_becomes_its_utc_moment_and_an_ambiguous_one_the_earlier(
    zone: str, local: str, utc: str
) -> None:
    assert from_local(datetime.fromisoformat(local), zone) == datetime.fromisoformat(utc + "+00:00")


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Europe/London", "2026-03-29T01:00"),
        ("Europe/London", "2026-03-29T01:59"),
        ("America/New_York", "2026-03-08T02:30"),
        ("Australia/Lord_Howe", "2026-10-04T02:15"),
        ("Pacific/Apia", "2011-12-30T12:00"),
    ],
)
def test_a_local_time_that_the_clocks_skip_is_refused(zone: str, local: str) -> None:
    with pytest.raises(Invalid, match="does not exist") as refused:
        from_local(datetime.fromisoformat(local), zone, "window.start")
    assert refused.value.field == "window.start"


@given(moments, st.sampled_from(ZONES))
def test_what_a_clock_shows_leads_back_to_the_earliest_moment_at_which_it_shows_that(
    at: datetime, zone: str
) -> None:
    shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    found = from_local(shown, zone)
    assert found <= at
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("local", "zone"), [("0001-01-01T00:00", "Asia/Tokyo"), ("9999-12-31T23:59", "America/New_York")]
)
def test_a_time_off_the_calendar_is_refused_in_words(local: str, zone: str) -> None:
    with pytest.raises(Invalid, match="calendar"):
        from_local(datetime.fromisoformat(local), zone)
