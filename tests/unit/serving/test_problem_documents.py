"""Errors are RFC 9457 documents that name the field and the mend."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound, RecsysError, Unavailable
from recsys.serving.problems import FieldError, Problem, bad_request, problem_of


def test_a_problem_is_a_problem_document():
    response = bad_request([FieldError("limit", "give a whole number from 1 to 100")]).response()
    assert response.header("content-type") == "application/problem+json"
    assert msgspec.json.decode(response.body) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "limit: give a whole number from 1 to 100.",
        "errors": [{"field": "limit", "message": "give a whole number from 1 to 100"}],
    }


def test_a_problem_without_fields_has_no_errors():
    content = msgspec.json.decode(Problem(HTTPStatus.NOT_FOUND, "Nothing here.").response().body)
    assert "errors" not in content


def test_the_detail_of_many_errors_stays_short_and_none_is_lost():
    errors = [FieldError(f"f{number}", "wrong") for number in range(50)]
    content = msgspec.json.decode(bad_request(errors).response().body)
    assert content["detail"] == "f0: wrong; f1: wrong; f2: wrong; and 47 more."
    assert len(content["errors"]) == 50


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid("title", "is required"), 400),
        (NotFound("item", "There is no item."), 404),
        (Forbidden("A viewer may not publish."), 403),
        (Conflict("It changed."), 409),
        (Unavailable("The database is away."), 503),
        (RecsysError("Something else."), 400),
    ],
)
def test_what_a_use_case_says_becomes_its_status(error, status):
    assert problem_of(error).status == status


def test_who_is_told_to_come_back_is_told_when():
    assert int(dict(problem_of(Unavailable("Not now.")).headers)["Retry-After"]) >= 1
