"""Whether this process lives, and whether it should be sent requests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from recsys.serving.http import HttpRequest, HttpResponse, json_response
from recsys.serving.item_fields import rfc3339
from recsys.serving.problems import unavailable
from recsys.slates.state import LiveState

STALE_AFTER = timedelta(seconds=30)
"""A process that has not reached the database for so long serves on, but should get no new traffic."""

_NOT_CACHED = (("Cache-Control", "no-store"),)


class Live(Protocol):
    """What is asked of the holder of the live state."""

    @property
    def last_success(self) -> datetime | None:
        """When the state was last found fresh (UTC)."""
        ...

    @property
    def refused(self) -> int | None:
        """The release that should be live and cannot be served."""
        ...

    @property
    def last_fault(self) -> str | None:
        """What was wrong at the last look; may name folders and hosts."""
        ...

    def current(self) -> LiveState:
        """The live state."""
        ...


@dataclass(frozen=True, slots=True)
class HealthRoutes:
    """`/healthz` and `/readyz`; `clock` gives the time in UTC."""

    live: Live
    clock: Callable[[], datetime]

    def healthz(self, _http: HttpRequest) -> HttpResponse:
        """200 for as long as the process answers."""
        return json_response(200, {"status": "ok"}, _NOT_CACHED)

    def readyz(self, _http: HttpRequest) -> HttpResponse:
        """200 when a release is loaded and the last refresh is recent; else 503 that tells what is missing."""
        release, refreshed = self.live.current().release, self.live.last_success
        if refreshed is None:
            raise unavailable("The database has not been reached yet; see that it runs and is upgraded.")
        if release is None:
            raise unavailable("Nothing published yet; accept a run and publish.")
        if (age := self.clock() - refreshed) > STALE_AFTER:
            seconds = int(age.total_seconds())
            raise unavailable(f"The live state is {seconds} seconds old; see that the database answers.")
        content = {
            "status": "ready",
            "release_id": release.number,
            "refreshed_at": rfc3339(refreshed),
            "warnings": self._warnings(release.number),
        }
        return json_response(200, content, _NOT_CACHED)

    def _warnings(self, release: int) -> list[str]:
        """What is wrong without keeping answers from going out; anyone may ask, so no names of folders and hosts."""
        if (refused := self.live.refused) is not None:
            why = "its snapshot is damaged or not verified yet"
            return [
                f"Release {refused} cannot be served, for {why}; release {release} goes on. The log says more."
            ]
        if self.live.last_fault is not None:
            return [
                "The last look for changes failed; answers go on from what was loaded before. The log says more."
            ]
        return []
