"""A run's figures by shopper: kept in the home, shared through the store, fetched when asked for, gone with the run.

In the store they are ``measured/RUN.npz``, beside ``snapshots/RUN``. What was fetched stays in the home as if the run
had been trained there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from recsys.batch.measured import Measured, parse_measured, read_measured, write_measured
from recsys.domain.errors import Unavailable
from recsys.object_store import ObjectStore
from recsys.services.shop import Shop
from recsys.settings import Settings
from recsys.storage.runs import PRUNED

PATIENCE_SECONDS = 3.0
"""How long who asks waits for the store; the fetch goes on behind, for who asks again."""

_BELOW = "measured"


def measured_file(settings: Settings, run_id: str) -> Path:
    """Where the figures of a run are kept on this machine."""
    return settings.home / "measured" / f"{run_id}.npz"


def keep_figures(settings: Settings, run_id: str, measured: Measured) -> None:
    """Keep the figures of a run that was trained here, and share them.

    Raises:
        Unavailable: when the store does not answer.
    """
    path = measured_file(settings, run_id)
    write_measured(path, measured)
    if settings.store_url is not None:
        ObjectStore(settings.store_url).upload(path, _name(run_id))


def figures_of(shop: Shop, run_id: str, *, patience: float = PATIENCE_SECONDS) -> Measured | None:
    """The figures of a run, fetched where this machine has none; None where there are none, or none any more.

    Raises:
        Unavailable: when the store does not answer, or not within `patience` seconds.
    """
    path, url = measured_file(shop.settings, run_id), shop.settings.store_url
    found = read_measured(path)
    if found is not None or url is None:
        return found
    try:
        found = _under_way.fetch(path, lambda: _fetched(url, run_id, path), patience)
    except TimeoutError:
        raise Unavailable(
            f"The figures by shopper of run {run_id} are on their way from {url}; look again in a moment."
        ) from None
    if found is not None:
        # So that what was fetched for runs that another machine prunes is not here for ever.
        remove_figures(shop.settings, _pruned(shop), shared=False)
    return found


def remove_figures(settings: Settings, run_ids: Collection[str], *, shared: bool = True) -> None:
    """Remove the figures of runs here and, if `shared`, in the store; those that are gone already are no error.

    Raises:
        Unavailable: when the store does not answer.
    """
    for run_id in run_ids:
        measured_file(settings, run_id).unlink(missing_ok=True)
    if shared and settings.store_url is not None:
        store = ObjectStore(settings.store_url)
        store.delete(sorted({_name(run_id) for run_id in run_ids} & set(store.names(_BELOW))))


def _name(run_id: str) -> str:
    return f"{_BELOW}/{run_id}.npz"


def _fetched(url: str, run_id: str, path: Path) -> Measured | None:
    """What the store has, kept in `path`; what cannot be read is not kept."""
    try:
        found = parse_measured(ObjectStore(url).read(_name(run_id)))
    except FileNotFoundError:
        return None
    if found is not None:
        write_measured(path, found)
    return found


def _pruned(shop: Shop) -> list[str]:
    """The runs that were pruned, by whichever machine."""
    with shop.database.read() as unit:
        return [run.id for run in unit.runs.all() if PRUNED in run.facts]


@dataclass(slots=True)
class _UnderWay:
    """What this process fetches now, by the file that it is for; of several who ask for the same one fetches."""

    _futures: dict[Path, Future[Measured | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fetch(self, path: Path, fetch: Callable[[], Measured | None], patience: float) -> Measured | None:
        """What comes of `fetch`. Raises what it raises, and `TimeoutError` when that takes longer than `patience`."""
        with self._lock:
            future = self._futures.get(path)
            if future is None:
                future = self._futures[path] = Future()
                # A thread of its own that no process waits for at its end: a storage may hang.
                threading.Thread(target=self._run, args=(path, fetch, future), daemon=True).start()
        return future.result(patience)

    def _run(self, path: Path, fetch: Callable[[], Measured | None], future: Future[Measured | None]) -> None:
        try:
            found = fetch()
        except BaseException as fault:  # noqa: BLE001 - told to those who wait
            self._forget(path)
            future.set_exception(fault)
        else:
            self._forget(path)
            future.set_result(found)

    def _forget(self, path: Path) -> None:
        with self._lock:
            del self._futures[path]


_under_way = _UnderWay()
