"""The log names no shopper."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.serving.logs import traceback_without_shoppers


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
