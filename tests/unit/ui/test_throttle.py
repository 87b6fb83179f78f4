from __future__ import annotations

from datetime import UTC, datetime, timedelta

from curation_ui.throttle import Throttle

START = datetime(2026, 11, 21, tzinfo=UTC)


class Clock:
    now = START

    def __call__(self):
        return self.now


def throttled(tries=3):
    clock = Clock()
    return clock, Throttle(clock, tries=tries, window=timedelta(minutes=10))


def test_a_few_failures_are_free_and_the_next_try_waits():
    _, throttle = throttled()
    for _ in range(3):
        assert throttle.wait("a") == timedelta(0)
        throttle.failed("a")
    assert throttle.wait("a") == timedelta(minutes=10)


def test_the_wait_ends_when_the_oldest_failure_leaves_the_window():
    clock, throttle = throttled()
    for minute in range(3):
        clock.now = START + timedelta(minutes=minute)
        throttle.failed("a")
    assert throttle.wait("a") == timedelta(minutes=8)
    clock.now = START + timedelta(minutes=10)
    assert throttle.wait("a") == timedelta(0)


def test_keys_do_not_wait_for_each_other():
    _, throttle = throttled(tries=1)
    throttle.failed("a")
    assert throttle.wait("b") == timedelta(0)


def test_success_forgets_the_failures():
    _, throttle = throttled(tries=1)
    throttle.failed("a")
    throttle.succeeded("a")
    assert throttle.wait("a") == timedelta(0)


def test_memory_is_bounded_and_the_oldest_key_is_forgotten_first():
    throttle = Throttle(Clock(), tries=1, remembered=2)
    for key in "abc":
        throttle.failed(key)
    assert [throttle.wait(key) > timedelta(0) for key in "abc"] == [False, True, True]
