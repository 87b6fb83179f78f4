"""The log names no shopper."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.serving.logs import RequestLog, traceback_without_shoppers


def fault(message: str) -> Exception:
    with pytest.raises(KeyError) as caught:
        _ = {}[message]
    return caught.value


@given(st.uuids().map(str), st.uuids().map(str))
def test_a_traceback_keeps_the_fault_and_loses_the_shopper(user_id, session_id):
    query = urlencode({"surface": "home", "user_id": user_id, "session_id": session_id})
    text = traceback_without_shoppers(fault(f"{user_id} in {session_id}"), query)
    assert "KeyError" in text
    assert user_id not in text
    assert session_id not in text


def test_an_id_that_is_a_part_of_another_hides_both():
    text = traceback_without_shoppers(fault("ann and ann-2"), "user_id=ann&session_id=ann-2")
    assert "ann" not in text.splitlines()[-1]


def test_the_body_of_a_request_hides_its_shoppers_too():
    body = {"user_id": "ann-1", "items": ["i01"], "events": [{"session_id": "visit-7", "item_id": "i01"}]}
    text = traceback_without_shoppers(fault("ann-1 in visit-7 wants i01"), "surface=home", body)
    assert "ann-1" not in text
    assert "visit-7" not in text
    assert "i01" in text.splitlines()[-1]


class Heard:
    """A log that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def info(self, event, **fields):
        self.lines.append((event, fields))


def told(answers):
    """What is logged of answers given as (second, path, status)."""
    heard, now = Heard(), [0.0]
    log = RequestLog(heard, lambda: now[0], frozenset({"/fast"}))
    for second, path, status in answers:
        now[0] = second
        log.write("GET", path, status, second - 0.002)
    return [fields for _, fields in heard.lines]


def test_good_answers_of_a_fast_route_are_counted_and_told_of_once_a_second():
    lines = told([(5.0, "/fast", 200), (5.1, "/fast", 200), (5.9, "/fast", 304), (6.1, "/fast", 200)])
    assert [(line["status"], line["count"], line["ms"]) for line in lines] == [(200, 1, 2.0), (200, 3, 2.0)]


def test_errors_and_other_routes_have_a_line_each():
    lines = told([(5.0, "/fast", 400), (5.0, "/fast", 503), (5.0, "/slow", 200), (5.0, "/slow", 200)])
    assert [(line["path"], line["status"]) for line in lines] == [
        ("/fast", 400), ("/fast", 503), ("/slow", 200), ("/slow", 200),
    ]  # fmt: skip
