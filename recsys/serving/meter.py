"""What workers count on the way: a few additions to shared memory a request."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Final, NamedTuple

from recsys.domain.events import Fate
from recsys.domain.slates import Placed, Source
from recsys.serving.rate_limits import TABLE_NUMBERS
from recsys.serving.shared import Shared

BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the latency's buckets, in seconds; one more bucket has no bound."""

STATUSES: Final = (200, 202, 204, 304, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500, 503)
OTHER_STATUS: Final = 0
SOURCES: Final = tuple(Source)
FATES: Final = (*(each.value for each in Fate), "refused")
MOST_ROUTES: Final = 40
ELSEWHERE: Final = ("*", "(unknown)")
"""Stands for every address that nothing answers at."""

_CELL: Final = len(BOUNDS) + 2
_COLUMN = {status: place for place, status in enumerate((*STATUSES, OTHER_STATUS))}
_TABLE: Final = MOST_ROUTES * len(_COLUMN) * _CELL
_FATE = {fate: place for place, fate in enumerate(FATES)}

IN_FLIGHT, RELEASE, RELEASED_AT, REFRESHED_AT, FAILURES, SHED, ANSWERS, WITH_FALLBACK, REFUSED = range(9)
_FROM_SOURCES: Final = 9
_FROM_FATES: Final = _FROM_SOURCES + len(SOURCES)
_SOURCES: Final = tuple((source, _FROM_SOURCES + place) for place, source in enumerate(SOURCES))
_PIN, _THEME, _MODEL, _FALLBACK = (
    dict(_SOURCES)[each] for each in (Source.PIN, Source.THEME, Source.MODEL, Source.FALLBACK)
)
_FROM_TABLE: Final = _FROM_FATES + len(FATES)
OWN_NUMBERS: Final = _FROM_TABLE + _TABLE
_GAUGES: Final = (IN_FLIGHT, RELEASE, RELEASED_AT, REFRESHED_AT, REFUSED)


def shared_memory() -> Shared:
    """Memory with room for all that workers count together and each for itself."""
    return Shared(common=TABLE_NUMBERS, own=OWN_NUMBERS)


class Latency(NamedTuple):
    """How long requests of one route and status took: counts by bucket, and the sum in seconds."""

    method: str
    route: str
    status: int
    buckets: Sequence[float]
    seconds: float


class Meter:
    """Counts for one worker. Numbers are this worker's alone to write; its threads take turns."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.routes: Sequence[tuple[str, str]] = ()
        self._row: Mapping[tuple[str, str], int] = {}
        self._cells: dict[tuple[str, int], int] = {}
        self._own = shared.claim()
        self._lock = Lock()
        for gauge in _GAUGES:
            self._own[gauge] = 0.0

    def know(self, routes: Iterable[tuple[str, str]]) -> None:
        """Name the routes (method, path) that are told apart; the same for every worker of a server."""
        self.routes = (ELSEWHERE, *dict.fromkeys(routes))
        if len(self.routes) > MOST_ROUTES:
            raise ValueError(f"there are more than {MOST_ROUTES} routes; make MOST_ROUTES larger")
        self._row = {route: place for place, route in enumerate(self.routes)}
        self._cells.clear()

    def begin(self) -> None:
        """A request begins."""
        with self._lock:
            self._own[IN_FLIGHT] += 1.0

    def answered(self, route: str, status: int, seconds: float, sources: tuple[int, int, int]) -> None:
        """A GET was answered at once, with so many items from pins, themes and the model."""
        cell = self._cells.get((route, status))
        if cell is None:
            cell = self._cells[route, status] = self._cell("GET", route, status)
        pins, themes, model = sources
        own = self._own
        with self._lock:
            own[cell + bisect_left(BOUNDS, seconds)] += 1.0
            own[cell + _CELL - 1] += seconds
            own[_PIN] += pins
            own[_THEME] += themes
            own[_MODEL] += model
            own[ANSWERS] += 1.0

    def end(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request ends."""
        cell = self._cell(method, route, status)
        bucket = cell + bisect_left(BOUNDS, seconds)
        own = self._own
        with self._lock:
            own[IN_FLIGHT] -= 1.0
            own[bucket] += 1.0
            own[cell + _CELL - 1] += seconds

    def _cell(self, method: str, route: str, status: int) -> int:
        """Where the latencies of a route and status begin."""
        row, column = self._row.get((method, route), 0), _COLUMN.get(status, len(STATUSES))
        return _FROM_TABLE + (row * len(_COLUMN) + column) * _CELL

    def served(self, placed: Iterable[Placed]) -> None:
        """An answer went out."""
        counts = Counter(each.source for each in placed)
        self.served_from(**{source.value: counts[source] for source in SOURCES})

    def served_from(self, *, pin: int, theme: int, model: int, fallback: int) -> None:
        """An answer went out with so many items from each source."""
        own = self._own
        with self._lock:
            own[_PIN] += pin
            own[_THEME] += theme
            own[_MODEL] += model
            own[ANSWERS] += 1.0
            if fallback:
                own[_FALLBACK] += fallback
                own[WITH_FALLBACK] += 1.0

    def told(self, fates: Iterable[tuple[str, int]]) -> None:
        """Events came in: (fate, how many)."""
        with self._lock:
            for fate, count in fates:
                self._own[_FROM_FATES + _FATE[fate]] += count

    def shed(self) -> None:
        """A request was turned away because there are too many."""
        with self._lock:
            self._own[SHED] += 1.0

    def refreshed(self, release: int, released_at: float, refreshed_at: float) -> None:
        """What is live; times in seconds since 1970 UTC, 0 for never."""
        with self._lock:
            self._own[RELEASE], self._own[RELEASED_AT] = release, released_at
            self._own[REFRESHED_AT] = refreshed_at

    def refused(self, release: int) -> None:
        """Which release should be live and cannot be served; 0 for none."""
        with self._lock:
            self._own[REFUSED] = release

    def others_are_fresh(self) -> bool:
        """Whether any worker that lives has loaded its state; asked by one that has not."""
        return any(share[REFRESHED_AT] for share in self.shared.living())

    def failed(self) -> None:
        """A refresh failed."""
        with self._lock:
            self._own[FAILURES] += 1.0


def total(shared: Shared, number: int) -> float:
    """The sum of a number over all workers that ever were."""
    return sum(share[number] for share in shared.all())


def sources(shared: Shared) -> Iterator[tuple[str, float]]:
    """How many items came from each source."""
    for source, number in _SOURCES:
        yield source.value, total(shared, number)


def fates(shared: Shared) -> Iterator[tuple[str, float]]:
    """How many events had each fate."""
    for fate, place in _FATE.items():
        yield fate, total(shared, _FROM_FATES + place)


def latencies(shared: Shared, routes: Sequence[tuple[str, str]]) -> Iterator[Latency]:
    """The latencies of all routes and statuses that occurred."""
    shares = [share for share in shared.all() if any(share)]
    for row, (method, route) in enumerate(routes):
        for status, column in _COLUMN.items():
            cell = _FROM_TABLE + (row * len(_COLUMN) + column) * _CELL
            summed = [sum(share[cell + part] for share in shares) for part in range(_CELL)]
            if any(summed):
                yield Latency(method, route, status, summed[:-1], summed[-1])
