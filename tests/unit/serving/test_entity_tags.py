"""An answer that says the same has the same tag."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from recsys.serving.answers import Recommendations, entity_tag, matches
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
