"""The log of what fails outside the application, where nobody knows which words name a shopper."""

from __future__ import annotations

import traceback

import structlog

_log = structlog.get_logger(__name__)


def log_fault(what: str, fault: BaseException) -> None:
    """A line with where it happened; without the fault's own words, which may name a shopper."""
    where = "".join(traceback.format_tb(fault.__traceback__))
    _log.error(what, error=type(fault).__name__, traceback=where)
