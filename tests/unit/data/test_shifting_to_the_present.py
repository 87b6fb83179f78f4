from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.shift import shift_days, shift_to_yesterday
from recsys.domain.errors import Invalid

# Hypothesis puts the zone on bounds that have none.
first, last = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2090-01-01")
moments = st.datetimes(first, last, timezones=st.just(UTC))


@given(moments, moments)
def test_the_last_sale_moves_to_yesterday_at_its_own_time_of_day(last, now):
    moved = last + timedelta(days=shift_days(last, now))
    assert moved.date() == now.date() - timedelta(days=1)
    assert moved.time() == last.time()


def test_days_are_counted_in_the_zone_of_the_data():
    now = datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=2)))
    assert shift_days(datetime(2026, 2, 28, 12, tzinfo=UTC), now) == 0


def test_the_newest_interaction_of_a_file_decides(write):
    path = write("x.csv", "user_id,item_id,timestamp\nu,1,2026-01-03\nu,2,2026-01-05\nu,3,\n")
    assert shift_to_yesterday(path, datetime(2026, 1, 16, 9, tzinfo=UTC)) == timedelta(days=10)


def test_a_file_without_times_does_not_move(write):
    assert shift_to_yesterday(
        write("x.csv", "user_id,item_id\nu,1\n"), datetime(2026, 1, 16, tzinfo=UTC)
    ) == timedelta(0)


def test_a_file_that_cannot_be_used_is_refused(tmp_path):
    with pytest.raises(Invalid):
        shift_to_yesterday(tmp_path / "none.csv", datetime(2026, 1, 16, tzinfo=UTC))
