"""An answer that says the same has the same tag."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from recsys.serving.answers import Recommendations, entity_tag, matches, text_tag
from recsys.serving.problems import FieldError

ANSWER = Recommendations("id-1", "home", "main", 3, "run-1", True, [{"item_id": "a"}], [], "cursor-1")
TAG = entity_tag(ANSWER)


@pytest.mark.parametrize("change", [{"recommendation_id": "id-2"}, {"next_cursor": "cursor-2"}])
def test_the_id_and_the_moment_in_the_cursor_leave_the_tag_alone(change):
    assert entity_tag(replace(ANSWER, **change)) == TAG


@pytest.mark.parametrize(
    "change",
    [
        {"release_id": 4},
        {"run_id": None},
        {"personalised": False},
        {"items": [{"item_id": "b"}]},
        {"notes": [FieldError("market", "unknown")]},
        {"next_cursor": None},
        {"surface": "cart"},
        {"row": "more"},
    ],
)
def test_any_other_difference_changes_the_tag(change):
    assert entity_tag(replace(ANSWER, **change)) != TAG


@pytest.mark.parametrize("sent", [TAG, TAG.removeprefix("W/"), f'"other", {TAG}', "*"])
def test_a_client_that_has_the_answer_is_recognised(sent):
    assert matches(sent, TAG)


@pytest.mark.parametrize("sent", [None, "", '"other"', TAG.strip('W/"')])
def test_a_client_that_has_another_answer_is_not(sent):
    assert not matches(sent, TAG)


@pytest.mark.parametrize("length", [1, 2_047, 6_115])
def test_the_tag_of_a_text_is_over_all_of_it_however_long_it_is(length):
    text = bytearray(each % 251 for each in range(length))
    tags = {text_tag(bytes(text)), text_tag(memoryview(text))}
    for at in {0, length // 2, length - 1}:
        text[at] ^= 1
        tags.add(text_tag(text))
        text[at] ^= 1
    assert len(tags) == 1 + len({0, length // 2, length - 1})
    assert all(re.fullmatch('W/"[0-9a-f]{32}"', tag) for tag in tags)
