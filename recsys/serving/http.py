"""What a WSGI server hands in and takes back, as two small values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from recsys.hosting.replies import Reply, has_body

Environ = dict[str, Any]
Headers = tuple[tuple[str, str], ...]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

JSON = "application/json"
_CHUNK = 1 << 16
_STATUS_LINES = {each.value: f"{each.value} {each.phrase}" for each in HTTPStatus}


@cache
def _environ_name(name: str) -> str:
    """Where WSGI keeps a header; `name` is one of ours, never the caller's."""
    key = name.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


class HttpRequest:
    """One request as it came in; nothing in it is trusted.

    Attributes:
        method: in capitals.
        path: decoded.
        query: still encoded.
        turned_away: whether there is no time for it; None until that was decided.
        limits: headers that tell where its key stands; None until it was counted.
        place: gives a place for reading the body, see `uploads`; None while nobody is known to send it.

    """

    __slots__ = ("environ", "limits", "method", "path", "place", "query", "turned_away")

    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self.turned_away: bool | None = None
        self.limits: Headers | None = None
        self.place: Callable[[], AbstractContextManager[None]] | None = None
        self.method: str = environ.get("REQUEST_METHOD", "GET").upper()
        self.path: str = environ.get("PATH_INFO") or "/"
        self.query: str = environ.get("QUERY_STRING", "")

    def header(self, name: str) -> str | None:
        """A header by its name in small letters with hyphens, None when it was not sent."""
        found: str | None = self.environ.get(_environ_name(name))
        return None if found is None else found.strip()

    @property
    def has_body(self) -> bool:
        """Whether a body comes with it."""
        return has_body(self.environ)

    def read(self, most: int) -> bytes:
        """Up to `most` bytes of the body."""
        length = self.header("content-length")
        chunked = self.header("transfer-encoding") is not None
        # Without a length and without chunks there is no body, and some servers would wait for one.
        if not chunked and not (length and length.isdigit()):
            return b""
        with nullcontext() if self.place is None else self.place():
            body: bytes = self.environ["wsgi.input"].read(most if chunked else min(int(length or 0), most))
        return body

    def drain(self, most: int) -> None:
        """Take in what is left of the body, up to `most` bytes, if somebody known sends it.

        A client that is still sending when the connection closes sees a broken pipe instead of the answer.
        """
        # Only such servers end the stream where the body ends; others would wait for more.
        if self.place is None or not (self.has_body and self.environ.get("wsgi.input_terminated")):
            return
        with self.place():
            while most > 0 and (chunk := self.environ["wsgi.input"].read(min(most, _CHUNK))):
                most -= len(chunk)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One response, complete."""

    status: int
    body: bytes = b""
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """A header by its name in any case, None when it is not set."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> HttpResponse:
        """The same response with further headers."""
        return HttpResponse(self.status, self.body, (*self.headers, *headers))

    def reply(self, *, without_body: bool) -> Reply:
        """What is handed to the server; `without_body` for HEAD."""
        headers = list(self.headers)
        if self.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            headers.append(("Content-Length", str(len(self.body))))
        return self.status, headers, b"" if without_body else self.body


def status_line(status: int) -> str:
    """As WSGI wants a status."""
    return _STATUS_LINES[status]


def json_response(status: int, content: object, headers: Iterable[tuple[str, str]] = ()) -> HttpResponse:
    """A response that carries `content` as JSON."""
    return HttpResponse(status, msgspec.json.encode(content), (("Content-Type", JSON), *headers))
