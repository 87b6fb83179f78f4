"""Errors as RFC 9457 problems: every one names what was wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from http import HTTPStatus

import msgspec

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound, RecsysError, Unavailable
from recsys.serving.http import HttpResponse

PROBLEM_JSON = "application/problem+json"
RETRY_SECONDS = 2
_SAID_IN_DETAIL = 3


class FieldError(msgspec.Struct, frozen=True):
    """One field that cannot be used, and the mend."""

    field: str
    message: str


class _Document(msgspec.Struct, frozen=True, omit_defaults=True):
    # `type` is always "about:blank", which RFC 9457 gives an absent one too; it is said for readers.
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()


class Problem(Exception):
    """Ends a request with an error document.

    `status` is the HTTP status, `detail` a sentence for people, `errors` the fields at fault.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Iterable[FieldError] = (),
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = tuple(headers)

    def response(self) -> HttpResponse:
        """The problem as `application/problem+json`."""
        document = _Document(self.status.phrase, self.status.value, self.detail, self.errors)
        content = {"type": "about:blank", **msgspec.to_builtins(document)}
        headers = (("Content-Type", PROBLEM_JSON), ("Cache-Control", "no-store"), *self.headers)
        return HttpResponse(self.status.value, msgspec.json.encode(content), headers)


def bad_request(errors: Sequence[FieldError]) -> Problem:
    """400 for fields that cannot be used, all of them at once."""
    said = "; ".join(f"{each.field}: {each.message}" for each in errors[:_SAID_IN_DETAIL])
    more = len(errors) - _SAID_IN_DETAIL
    return Problem(
        HTTPStatus.BAD_REQUEST, f"{said}; and {more} more." if more > 0 else f"{said}.", errors=errors
    )


def bad_field(field: str, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Problem:
    """A problem with one field."""
    return Problem(status, f"{field}: {message}.", errors=[FieldError(field, message)])


def unavailable(detail: str, retry_seconds: int = RETRY_SECONDS) -> Problem:
    """503: not now; come back in `retry_seconds`."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=[("Retry-After", str(retry_seconds))])


def too_busy() -> Problem:
    """503: more is asked than can be answered in time. Ends the connection, so that others have a turn."""
    detail = "More is asked than can be answered in time; wait for Retry-After, then ask again."
    headers = [("Retry-After", str(RETRY_SECONDS)), ("Connection", "close")]
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers)


def problem_of(error: RecsysError) -> Problem:
    """The problem that says what a use case said."""
    match error:
        case Invalid():
            return bad_field(error.field or "body", error.message.rstrip("."))
        case NotFound():
            return bad_field(error.what, error.message.rstrip("."), HTTPStatus.NOT_FOUND)
        case Forbidden():
            return Problem(HTTPStatus.FORBIDDEN, str(error))
        case Conflict():
            return Problem(HTTPStatus.CONFLICT, str(error))
        case Unavailable():
            return unavailable(str(error))
        case _:
            return Problem(HTTPStatus.BAD_REQUEST, str(error))
