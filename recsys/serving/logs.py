"""The log: one JSON object a line on standard error, without any shopper's identity."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TextIO, cast
from urllib.parse import parse_qsl

import structlog

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
