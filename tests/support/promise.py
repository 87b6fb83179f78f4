"""The promise that what people change now acts within one second, as tests measure it."""

from __future__ import annotations

import time

from support.endpoint import Endpoint

_NAPS = 20
_NAP_SECONDS = 1 / _NAPS


def let_the_promised_second_pass(endpoint: Endpoint) -> None:
    """Wait for one second by the pace of the workers.

    Naps of one second in all, and after each a question to each of the workers, as many as they are. On a machine
    that keeps up the answers take a few milliseconds. On one that stands still or is short of processors both the
    naps and the answers are late, as much as it holds up the workers: then the second is longer for them too.
    The answers need neither the database nor what is loaded from it, so a worker that is slow to load gains nothing.
    """
    for _ in range(_NAPS):
        time.sleep(_NAP_SECONDS)
        for _ in range(endpoint.workers):
            endpoint.ask("/healthz", key=None)
