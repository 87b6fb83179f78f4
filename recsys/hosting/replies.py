"""What an application that answers at once takes and gives, and its replies as HTTP/1.1 text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Protocol

Environ = dict[str, Any]
"""A request in the words of WSGI (PEP 3333), as far as it is about the request: method, path, query, headers, body."""

SAME_HEAD = "recsys.same_head"
"""A list in the environment, one for all requests over a connection whose heads are the same but for the target: for what
the application finds out from headers alone. It is not there with every request."""

Reply = tuple[int, list[tuple[str, str]], bytes]
"""Status, headers, body."""


class Prompt(Protocol):
    """An application that tells what it answers at once."""

    def begin(self, environ: Environ) -> Reply | Callable[[], Reply]:
        """The reply to a request, or what is still to be done for it, which may take its time."""
        ...


_STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}
_CLOSE = b"Connection: close\r\n"
_KEEP = b"Connection: keep-alive\r\n"


def has_body(environ: Mapping[str, Any]) -> bool:
    """Whether a body comes with a request."""
    return "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ


def written(reply: Reply, passing: bytes, *, closes: bool, says_keep: bool = False) -> bytes:
    """A reply as it goes over the wire; `passing` are headers that every reply has at that moment.

    Raises:
        ValueError: where a header would end before its end.
    """
    status, headers, body = reply
    fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
    if fields.count("\n") != len(headers) or fields.count("\r") != len(headers):
        raise ValueError("a header holds the end of a line")
    kept = _CLOSE if closes else _KEEP if says_keep else b""
    return b"".join((_STATUS_LINES[status], passing, fields.encode("latin-1"), kept, b"\r\n", body))


def problem(status: HTTPStatus, detail: str) -> Reply:
    """A reply to what does not reach the application (RFC 9457); `detail` is ours, without quotes in it."""
    body = f'{{"type":"about:blank","title":"{status.phrase}","status":{status.value},"detail":"{detail}"}}'
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body.encode())))]
    return status.value, headers, body.encode()
