"""JSON bodies, read with limits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec

from recsys.hosting.bodies import BODY_SECONDS, BodyStopped
from recsys.serving.http import JSON, HttpRequest, HttpResponse
from recsys.serving.problems import Problem, bad_field
from recsys.serving.turnstile import Handle
from recsys.slates.overlays import LiveKey

MAX_BODY_BYTES = 5_000_000
_READ = "recsys.body"
"""Where the environment of a request keeps the body that was read, so that a fault's log can blot out what it names."""


def read_json(http: HttpRequest) -> Any:
    """The body, decoded.

    Raises `Problem`: 415 unless it is declared as JSON, 413 when it is too large, 408 when it does not come, 400 when it
    does not read.
    """
    body = read_body(http)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_field("body", f"is not JSON ({error})") from None


def body_first(handle: Handle) -> Handle:
    """The same handler, asked once the body is there: nobody waits for it further in."""

    def reading(http: HttpRequest, key: LiveKey) -> HttpResponse:
        read_body(http)
        return handle(http, key)

    return reading


def read_body(http: HttpRequest) -> bytes:
    """The body of a request that is declared as JSON, read once.

    Raises `Problem`: 415, 413 when it is too large, 408 when it does not come.
    """
    if _READ in http.environ:
        known: bytes = http.environ[_READ]
        return known
    media_type = (http.header("content-type") or "").partition(";")[0].strip().lower()
    if media_type != JSON:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the body as Content-Type: {JSON}.")
    length = http.header("content-length") or "0"
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise _too_large()
    try:
        body = http.read(MAX_BODY_BYTES + 1)
    except BodyStopped:
        raise Problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"The body did not come whole within {BODY_SECONDS:.0f} seconds; send it again, at one go.",
        ) from None
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    http.environ[_READ] = body
    return body


def body_read(http: HttpRequest) -> Any:
    """What the body says that was read so far, decoded; None where it is none, or does not decode."""
    try:
        return msgspec.json.decode(http.environ.get(_READ, b"null"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _too_large() -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"The body has more than {MAX_BODY_BYTES:,} bytes; send it in several parts.",
    )
