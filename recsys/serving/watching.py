"""Tells the meter what is live, after each look for changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from recsys.serving.meter import Meter
from recsys.slates.refresh import LiveHolder


@dataclass(slots=True)
class LiveWatch:
    """Watches one worker's live state."""

    live: LiveHolder
    meter: Meter
    failures: int = 0

    def __call__(self) -> None:
        """Note what is live now, and whether the look failed."""
        release = self.live.current().release
        self.meter.refreshed(
            0 if release is None else release.number,
            0.0 if release is None else _seconds(release.published_at),
            _seconds(self.live.last_success),
        )
        self.meter.refused(self.live.refused or 0)
        if self.live.failures > self.failures:
            self.failures = self.live.failures
            self.meter.failed()


def _seconds(moment: datetime | None) -> float:
    return 0.0 if moment is None else moment.timestamp()
