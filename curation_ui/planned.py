"""Publications that were planned for a moment: the desk's own look for changes sees to them."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from recsys.services.proposing import publish_due
from recsys.services.shop import Shop

EVERY = timedelta(seconds=5)

_log = structlog.get_logger(__name__)


class PlannedPublications:
    """Publishes what is due, at most every five seconds. Called after each look for changes; raises nothing."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._next: datetime | None = None

    def __call__(self) -> None:
        """Look, and publish."""
        now = self._shop.clock()
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        try:
            done = publish_due(self._shop)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the desk goes on, and it is tried again
            _log.warning("planned_publication_delayed", error=type(fault).__name__)
            return
        for each in done:
            _log.info("planned_publication", proposal=each.id, status=each.status, release=each.release)
