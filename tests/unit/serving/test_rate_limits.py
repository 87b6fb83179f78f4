"""A key with a limit may ask so often a minute, and is told where it stands."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.serving.problems import Problem
from recsys.serving.rate_limits import TABLE_NUMBERS, RateLimits
from recsys.slates.overlays import LiveKey


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def table():
    return memoryview(array("d", bytes(8 * TABLE_NUMBERS)))


def key(limit, key_id="k"):
    return LiveKey(key_id, "name", frozenset({"read"}), rate_limit=limit)


def test_a_key_without_a_limit_has_no_headers(clock):
    limits = RateLimits(clock, table())
    assert all(limits.take(key(None)) == () for _ in range(1_000))


def test_the_headers_count_down(clock):
    limits = RateLimits(clock, table())
    assert dict(limits.take(key(3))) == {
        "RateLimit-Limit": "3",
        "RateLimit-Remaining": "2",
        "RateLimit-Reset": "20",
    }
    assert dict(limits.take(key(3)))["RateLimit-Remaining"] == "1"


def test_one_request_too_many_is_told_when_to_come_back(clock):
    limits = RateLimits(clock, table())
    for _ in range(3):
        limits.take(key(3))
    with pytest.raises(Problem) as caught:
        limits.take(key(3))
    headers = dict(caught.value.headers)
    assert caught.value.status == 429
    assert headers["Retry-After"] == "20"
    assert headers["RateLimit-Remaining"] == "0"
    clock.now += 20
    limits.take(key(3))


def test_a_refused_request_does_not_count(clock):
    limits = RateLimits(clock, table())
    limits.take(key(1))
    for _ in range(10):
        with pytest.raises(Problem):
            limits.take(key(1))
    clock.now += 60
    limits.take(key(1))


def test_keys_do_not_share_a_bucket(clock):
    limits = RateLimits(clock, table())
    limits.take(key(1, "a"))
    limits.take(key(1, "b"))


@given(st.integers(1, 50), st.lists(st.floats(0, 30), max_size=200))
def test_no_minute_sees_more_than_a_full_bucket_and_what_flowed_in(limit, pauses):
    clock = Clock()
    limits, allowed = RateLimits(clock, table()), []
    for pause in pauses:
        clock.now += pause
        try:
            limits.take(key(limit))
        except Problem:
            continue
        allowed.append(clock.now)
    for start in allowed:
        assert sum(start <= each <= start + 60 for each in allowed) <= 2 * limit + 1


def test_the_workers_of_a_server_share_the_buckets(clock):
    shared = table()
    first, second = RateLimits(clock, shared), RateLimits(clock, shared)
    assert dict(first.take(key(3)))["RateLimit-Remaining"] == "2"
    assert dict(second.take(key(3)))["RateLimit-Remaining"] == "1"
    first.take(key(3))
    with pytest.raises(Problem):
        second.take(key(3))
    second.take(key(3, "another"))


def test_keys_that_meet_in_the_table_keep_buckets_of_their_own(clock, monkeypatch):
    monkeypatch.setattr("recsys.serving.rate_limits._MOST_KEYS", 8)
    limits = RateLimits(clock, table())
    for number in range(8):
        assert dict(limits.take(key(5, f"k{number}")))["RateLimit-Remaining"] == "4"
    for number in range(8):
        assert dict(limits.take(key(5, f"k{number}")))["RateLimit-Remaining"] == "3"
