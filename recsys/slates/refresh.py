"""Keeps one process's live state fresh, off the request path; the last good state goes on when a part is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from recsys.domain.errors import RecsysError
from recsys.settings import Settings
from recsys.slates.load import Loader, empty_state, with_releases
from recsys.slates.state import LiveState
from recsys.storage.live import Pointer, read_pointer
from recsys.storage.unit_of_work import Database

_log = structlog.get_logger(__name__)
_FAULTS = (RecsysError, SQLAlchemyError, OSError, ValueError)


class LiveHolder:
    """Holds the live state of one process. Readers take `current()` once and use that one value.

    A background thread asks the database every `settings.refresh_seconds` where everything stands
    (one tiny query) and loads what moved. A part that fails to load leaves the last good one.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._clock = clock
        self._every = settings.refresh_seconds
        self._loader = Loader(
            settings.snapshots_dir,
            timedelta(minutes=settings.release_hold_minutes),
            settings.identity_key,
            settings.holdout_key,
            timedelta(days=settings.session_days),
        )
        self._state = empty_state(clock())
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._watchers: list[Callable[[], None]] = []
        self.failures = 0
        self.last_success: datetime | None = None
        self.last_fault: str | None = None

    def current(self) -> LiveState:
        """The live state: immutable, and whole."""
        return self._state

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each look for changes, whatever came of it."""
        self._watchers.append(watcher)

    def start(self) -> None:
        """Load what can be loaded, then keep it fresh in the background until `stop`."""
        self._refresh()
        self._thread = threading.Thread(target=self._run, name="recsys-refresh", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the background thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def catch_up(self) -> LiveState:
        """Refresh now, so that a process sees its own write; the fresh state."""
        self._refresh()
        return self._state

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            try:
                with self._database.connect() as connection:
                    self._load(connection, read_pointer(connection))
            except _FAULTS as fault:
                self._failed(fault)
            for watcher in self._watchers:
                watcher()

    def _load(self, connection: Connection, pointer: Pointer) -> None:
        """Takedowns first: they must act however much else there is to load, and even when it can't be loaded."""
        state = self._state
        urgent = self._loader.urgent(connection, pointer, state.overlays)
        if urgent is not state.overlays:
            state = self._state = replace(state, overlays=urgent)
        catalog = self._loader.catalog(connection, pointer, state.catalog)
        overlays = self._loader.overlays(connection, pointer, state, self._clock())
        if catalog is not state.catalog or overlays is not state.overlays:
            state = replace(state, catalog=catalog, overlays=overlays, loaded_at=self._clock())
            state.warm_like(self._state, self._clock())
            self._state = state
        held = self._loader.releases(connection, pointer, state.held, self._clock())
        if held is not state.held:
            following = with_releases(replace(state, loaded_at=self._clock()), held, pointer.release)
            following.warm_like(state, self._clock())
            self._state = following
        self.last_success = self._clock()
        self.last_fault = None

    def _failed(self, fault: Exception) -> None:
        self.failures += 1
        if str(fault) != self.last_fault:
            _log.warning("refresh_failed", error=type(fault).__name__, detail=str(fault).splitlines()[0])
        self.last_fault = str(fault)
