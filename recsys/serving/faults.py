"""Faults of ours in the log, without the shoppers whom a request named."""

from __future__ import annotations

import structlog

from recsys.serving.bodies import body_read
from recsys.serving.http import HttpRequest
from recsys.serving.logs import traceback_without_shoppers

_log = structlog.get_logger(__name__)


def log_fault(fault: Exception, http: HttpRequest) -> None:
    """Write a fault that a request met."""
    told = traceback_without_shoppers(fault, http.query, body_read(http))
    _log.error("fault", error=type(fault).__name__, traceback=told)
