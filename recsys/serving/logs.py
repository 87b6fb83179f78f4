"""The log: one JSON object a line on standard error, without any shopper's identity."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO, cast
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


def traceback_without_shoppers(error: BaseException, query: str) -> str:
    """The traceback of a fault, with the ids of the shopper in the query blotted out."""
    text = "".join(traceback.format_exception(error))
    for value in _personal_values(query):
        text = text.replace(value, _HIDDEN)
    return text


def _personal_values(query: str) -> Iterable[str]:
    pairs = parse_qsl(query, errors="replace")
    # The longest first: one id may be a part of another.
    return sorted({value for name, value in pairs if name in _PERSONAL and value}, key=len, reverse=True)
