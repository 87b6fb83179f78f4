"""The log: one JSON object a line on standard error, without any shopper's identity."""

from __future__ import annotations

import io
import logging
import math
import os
import sys
import traceback
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, TextIO, cast
from urllib.parse import parse_qsl

import structlog

_TELL_SECONDS = 1.0
_HIDDEN = "(hidden)"
_PERSONAL = frozenset({"user_id", "session_id"})


def configure_log(level: str) -> None:
    """Set up structlog for this process; `level` is debug, info, warning or error."""
    structlog.configure(
        processors=[
            _add_process,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )


class _Unfailing(io.TextIOBase):
    """A stream that swallows what it cannot write: where the log's disk is full, answers go on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()


def _add_process(
    _logger: object, _name: str, entry: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Tell the workers of one server apart."""
    return {**entry, "pid": os.getpid()}


class RequestLog:
    """A line for each answer, but for those that come by the thousand.

    Good answers of a route that is called to be fast are counted, and told of in one line a second at most: the line
    of the first, then lines with how many there were since the one before (`count`) and the slowest of them (`ms`).
    """

    def __init__(self, log: Any, monotonic: Callable[[], float], counted: Container[str]) -> None:
        self._log = log
        self._monotonic = monotonic
        self._counted = counted
        self._told = -math.inf
        self._count = 0
        self._slowest = 0.0

    def write(self, method: str, path: str, status: int, began: float) -> None:
        """Take note of one answer; `began` is when its request came, on the monotonic clock."""
        now = self._monotonic()
        seconds = now - began
        if status >= HTTPStatus.BAD_REQUEST or path not in self._counted:
            self._log.info("request", method=method, path=path, status=status, ms=_milliseconds(seconds))
            return
        self.count(method, path, status, seconds, now)

    def count(self, method: str, path: str, status: int, seconds: float, now: float) -> None:
        """Count a good answer of a route that is called to be fast; `now` is on the monotonic clock."""
        self._count += 1
        self._slowest = max(self._slowest, seconds)
        if now - self._told >= _TELL_SECONDS:
            slowest, count = _milliseconds(self._slowest), self._count
            self._told, self._count, self._slowest = now, 0, 0.0
            self._log.info("request", method=method, path=path, status=status, ms=slowest, count=count)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)


def traceback_without_shoppers(error: BaseException, query: str, body: Any = None) -> str:
    """The traceback of a fault, with the ids of shoppers in the query and in the decoded body blotted out."""
    text = "".join(traceback.format_exception(error))
    for value in _personal_values(query, body):
        text = text.replace(value, _HIDDEN)
    return text


def _personal_values(query: str, body: Any) -> Iterable[str]:
    pairs = [*parse_qsl(query, errors="replace"), *_members(body)]
    # The longest first: one id may be a part of another.
    return sorted({value for name, value in pairs if name in _PERSONAL and value}, key=len, reverse=True)


def _members(body: Any) -> Iterator[tuple[str, str]]:
    """Every member of an object in the body, at any depth, whose value is a text."""
    waiting = [body]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from ((name, value) for name, value in each.items() if isinstance(value, str))
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
