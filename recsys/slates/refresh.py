"""Keeps one process's live state fresh, off the request path; the last good state goes on when a part is away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Connection

from recsys.domain.errors import Unavailable
from recsys.settings import Settings
from recsys.slates.load import Loader, empty_state, with_releases
from recsys.slates.state import LiveState
from recsys.snapshots.arrival import Arrivals
from recsys.snapshots.errors import SnapshotUnusable
from recsys.snapshots.fetching import Fetcher
from recsys.storage.live import Pointer, read_pointer
from recsys.storage.unit_of_work import Database

_log = structlog.get_logger(__name__)


class LiveHolder:
    """Holds the live state of one process. Readers take `current()` once and use that one value.

    A background thread asks the database every `settings.refresh_seconds` where everything stands
    (one tiny query) and loads what moved. A part that fails to load leaves the last good one.
    `refused` is the release that should be live and cannot be served, None when all is well; `last_fault` says why,
    or why the last look failed.
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
            Arrivals(fetcher=Fetcher(settings.store_url) if settings.store_url else None),
        )
        self._state = empty_state(clock())
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._watchers: list[Callable[[], None]] = []
        self.failures = 0
        self.last_success: datetime | None = None
        self.last_fault: str | None = None
        self.refused: int | None = None

    def current(self) -> LiveState:
        """The live state: immutable, and whole."""
        return self._state

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after each look for changes, whatever came of it."""
        self._watchers.append(watcher)

    def start(self) -> None:
        """Load what can be loaded, then keep it fresh in the background until `stop`."""
        self._loader.arrivals.in_background = True
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

    def whole(self) -> LiveState:
        """The fresh state, for those who may not go on with an older one. Raises `Unavailable`."""
        state = self.catch_up()
        if self.last_fault is not None:
            raise Unavailable(self.last_fault)
        return state

    def _run(self) -> None:
        while not self._stopping.wait(self._every):
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            try:
                with self._database.connect() as connection:
                    self._load(connection, read_pointer(connection))
            except Exception as fault:  # noqa: BLE001 - whatever it is, takedowns must go on being looked for
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
        releases = self._loader.releases(connection, pointer, state.held, self._clock())
        if releases.held is not state.held:
            following = with_releases(replace(state, loaded_at=self._clock()), releases.held, pointer.release)
            following.warm_like(state, self._clock())
            self._state = following
        self._done(pointer, releases.fault)
        if releases.fault is None:
            self._loader.prepare(connection)

    def _done(self, pointer: Pointer, refused: SnapshotUnusable | None) -> None:
        """Note that all was read; a release that cannot be served holds up nothing else."""
        self.last_success = self._clock()
        self.refused = None if refused is None else pointer.release
        if refused is None:
            self.last_fault = None
        else:
            self._failed(refused, "release_refused", release=self.refused, live=self._state.live_number)

    def _failed(self, fault: Exception, told: str = "refresh_failed", **more: object) -> None:
        self.failures += 1
        if str(fault) != self.last_fault:
            detail = (str(fault).splitlines() or [""])[0]
            _log.warning(told, error=type(fault).__name__, detail=detail, **more)
        self.last_fault = str(fault)
