"""When waiting takes too long, a share of the requests is turned away, and let in again."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.hosting.event_loop import THREADS
from recsys.serving.http import HttpResponse
from recsys.serving.problems import Problem
from recsys.serving.shedding import Canary, Shedder
from recsys.serving.turnstile import MOST_WRITING, Turnstile
from recsys.serving.uploads import MOST_READING
from recsys.settings import Settings


def share_turned_away(shedder, of=1_000):
    return sum(shedder.turns_away() for _ in range(of)) / of


def test_nobody_is_turned_away_while_answers_are_quick():
    shedder = Shedder(0.5)
    for _ in range(100):
        shedder.waited(0.1)
    assert share_turned_away(shedder) == 0


def test_one_slow_answer_may_be_the_machines():
    shedder = Shedder(0.5)
    for _ in range(20):
        shedder.waited(2.0)
        shedder.waited(0.3)
    assert share_turned_away(shedder) == 0


def test_while_answers_are_slow_more_and_more_are_turned_away_but_never_all():
    shedder, shares = Shedder(0.5), []
    for _ in range(40):
        shedder.waited(0.6)
        shares.append(shedder.share)
    assert shares == sorted(shares)
    assert shares[:2] == [0, 0.5]
    assert share_turned_away(shedder) == pytest.approx(0.95, abs=0.01)


def test_when_answers_are_quick_again_all_are_let_in_again():
    shedder = Shedder(0.5)
    for _ in range(10):
        shedder.waited(1.0)
    held = shedder.share
    shedder.waited(0.4)
    assert shedder.share == held
    for _ in range(48):
        shedder.waited(0.01)
    assert share_turned_away(shedder) == 0


@given(st.floats(0, 0.95), st.integers(1, 200))
def test_those_turned_away_are_evenly_spread(share, count):
    shedder = Shedder(0.5, share=share)
    turned = [shedder.turns_away() for _ in range(count)]
    for end in range(count + 1):
        assert abs(sum(turned[:end]) - share * end) < 1 + 1e-6


def settings_for(tmp_path, port):
    return Settings(home=tmp_path, database_url="sqlite:////x.db", secret_key=b"a" * 32, api_port=port)


def test_a_server_that_does_not_answer_is_slow_and_one_that_is_not_there_says_nothing(tmp_path):
    import socket

    shedder = Shedder(0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        canary = Canary(settings_for(tmp_path, port), shedder, time.monotonic)
        canary.start()
        deadline = time.monotonic() + 20
        while shedder.share == 0:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        canary.stop()
    shedder = Shedder(0.05)
    canary = Canary(settings_for(tmp_path, port), shedder, time.monotonic)
    for _ in range(3):
        canary._ask()
    assert shedder.share == 0


def test_the_turnstile_lets_so_many_through_and_leaves_threads_to_the_others():
    assert MOST_WRITING + MOST_READING < THREADS
    entered, leave, replies = threading.Semaphore(0), threading.Event(), []

    def handle(_http, _key):
        entered.release()
        leave.wait(20)
        return HttpResponse(200)

    guarded = Turnstile(2).through(handle)
    threads = [threading.Thread(target=lambda: replies.append(guarded(None, None))) for _ in range(2)]
    for each in threads:
        each.start()
        entered.acquire()
    with pytest.raises(Problem) as caught:
        guarded(None, None)
    assert caught.value.status == 503
    assert dict(caught.value.headers)["Retry-After"] == "1"
    leave.set()
    for each in threads:
        each.join()
    assert guarded(None, None).status == 200


def test_who_fails_behind_the_turnstile_leaves_it_too():
    def fail(_http, _key):
        raise OSError("away")

    guarded = Turnstile(1).through(fail)
    for _ in range(3):
        with pytest.raises(OSError, match="away"):
            guarded(None, None)
