"""Places for bodies on their way in."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from recsys.serving.problems import Problem
from recsys.serving.uploads import MOST_OF_A_KEY, MOST_READING, Uploads


def refused(uploads, key):
    with pytest.raises(Problem) as caught, uploads.place(key):
        pass
    return caught.value.status


def test_a_key_cannot_take_all_places_and_nobody_gets_more_than_there_are():
    uploads = Uploads(most=3, of_a_key=2)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(uploads.place("a"))
        assert refused(uploads, "a") == 503
        held.enter_context(uploads.place("b"))
        assert refused(uploads, "b") == refused(uploads, "c") == 503
    with uploads.place("c"):
        assert MOST_OF_A_KEY < MOST_READING


def test_a_place_is_free_again_after_a_body_that_broke_off():
    uploads = Uploads(most=1, of_a_key=1)
    with pytest.raises(OSError, match="broken"), uploads.place("a"):
        raise OSError("broken")
    with uploads.place("a"):
        assert refused(uploads, "b") == 503
