"""Reading the live state from the database: only the parts that moved since the last look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from recsys.slates.catalog import CompiledCatalog
from recsys.slates.marks import MOST_LOOKS, ShopperMarks
from recsys.slates.overlays import CompiledOverlays, LiveKey
from recsys.slates.rules import RuleIndex
from recsys.slates.state import CompiledRelease, LiveState, MappedRun
from recsys.snapshots.arrival import Arrivals
from recsys.snapshots.errors import SnapshotUnusable
from recsys.storage import live, live_shoppers
from recsys.storage.live import Pointer
from recsys.storage.live_shoppers import Wanted

_MOST_BEFORE = 20
"""So many releases back a process that begins looks for one that it can serve."""


@dataclass(frozen=True, slots=True)
class Releases:
    """Releases by number, and why the one that should be live is not among them, None when it is."""

    held: Mapping[int, CompiledRelease]
    fault: SnapshotUnusable | None = None


@dataclass(frozen=True, slots=True)
class Loader:
    """Loads parts of the live state.

    Attributes:
        snapshots: the folder with a snapshot a run.
        hold: how long releases stay in memory for cursors after they were replaced.
        identity_key: the key that snapshots must have been written under.
        sessions_last: how long a session is known after the last that it did.
        waiting: releases whose snapshots are refused, as they were read.

    """

    snapshots: Path
    hold: timedelta
    identity_key: bytes
    holdout_key: bytes
    sessions_last: timedelta
    arrivals: Arrivals = field(default_factory=Arrivals)
    waiting: dict[int, live.LoadedRelease] = field(default_factory=dict)

    def prepare(self, connection: Connection) -> None:
        """Begin to fetch the snapshot of the run that waits for review: accepted, it shall act within a second."""
        if self.arrivals.fetcher is not None and (run_id := live.waiting_run(connection)) is not None:
            self.arrivals.prepare(self.snapshots / run_id)

    def catalog(self, connection: Connection, pointer: Pointer, known: CompiledCatalog) -> CompiledCatalog:
        """The catalog at the pointer's revision, from the one known and the rows written since."""
        if pointer.catalog_revision == known.revision:
            return known
        return known.updated(pointer.catalog_revision, live.load_items(connection, known.revision))

    def urgent(self, connection: Connection, pointer: Pointer, known: CompiledOverlays) -> CompiledOverlays:
        """The overlays known, with the takedowns and keys that stand now; they keep their revision until all is read.

        These are few. Dislikes and segments may be a row for each shopper, and a takedown can't wait for them.
        """
        if pointer.overlay_revision == known.revision:
            return known
        return replace(known, takedowns=live.load_takedowns(connection), keys=_compile_keys(connection))

    def overlays(
        self, connection: Connection, pointer: Pointer, state: LiveState, now: datetime
    ) -> CompiledOverlays:
        """The overlays at the pointer's revisions; what is known of shoppers moves by itself."""
        known = state.overlays
        if pointer.overlay_revision != known.revision:
            known = _compile_overlays(connection, pointer.overlay_revision, known.shoppers)
        shoppers = self._shoppers(connection, pointer, state, now)
        return known if shoppers is known.shoppers else replace(known, shoppers=shoppers)

    def _shoppers(
        self, connection: Connection, pointer: Pointer, state: LiveState, now: datetime
    ) -> ShopperMarks:
        """What is known of shoppers, from what was known and what was told since.

        All of it is read again when the runs held change, for then other purchases are in the snapshots.
        """
        known, sessions_since = state.overlays.shoppers, now - self.sessions_last
        floor = known.floor
        if known.revision < 0 or pointer.release != state.live_number:
            runs = {each.run.run_id for each in state.held.values() if each.run is not None}
            floor = live_shoppers.purchase_floor(connection, now - self.hold, runs)
        if known.revision < 0 or floor != known.floor:
            wanted = Wanted(floor, sessions_since, MOST_LOOKS)
            opinions = live_shoppers.all_opinions(connection, wanted)
            seen = live_shoppers.all_seen(connection, wanted)
            return ShopperMarks.loaded(pointer.shopper_revision, floor, opinions, seen)
        if pointer.shopper_revision == known.revision:
            return known
        return known.updated(
            pointer.shopper_revision,
            live_shoppers.opinions_since(connection, known.revision),
            live_shoppers.seen_since(connection, known.revision, floor),
            sessions_since,
        )

    def releases(
        self, connection: Connection, pointer: Pointer, known: Mapping[int, CompiledRelease], now: datetime
    ) -> Releases:
        """The live release and those whose cursors still work; known ones are not loaded again."""
        if pointer.release is None:
            return Releases({})
        if pointer.release in known and max(known) == pointer.release:
            return Releases(known)
        runs = {each.run.run_id: each.run for each in known.values() if each.run is not None}
        found: dict[int, CompiledRelease] = {}
        faults: dict[int, SnapshotUnusable] = {}
        for number in self._wanted(connection, now, found):
            try:
                release = known.get(number) or self._release(connection, number, runs)
            except SnapshotUnusable as fault:
                faults[number] = fault
                continue
            if release.run is not None:
                runs[release.run.run_id] = release.run
            elif faults:
                continue  # without any run it is no substitute
            found[number] = release
        self._keep_waiting(faults)
        if self.arrivals.fetcher is not None and not faults:
            held = {each.run.run_id for each in found.values() if each.run is not None}
            waiting = live.waiting_run(connection)
            self.arrivals.fetcher.forget(self.snapshots, held | ({waiting} if waiting else set()))
        return Releases(known if found.keys() == known.keys() else found, faults.get(pointer.release))

    def _wanted(
        self, connection: Connection, now: datetime, found: Mapping[int, CompiledRelease]
    ) -> Iterator[int]:
        """The releases to hold, newest first; while none of them is fit to serve, those before, a few of them."""
        held = live.held_releases(connection, now - self.hold)
        yield from held
        for number in live.releases_before(connection, held[-1], _MOST_BEFORE) if not found else ():
            if found:
                return
            yield number

    def _release(self, connection: Connection, number: int, runs: Mapping[str, MappedRun]) -> CompiledRelease:
        loaded = self.waiting.get(number) or live.load_release(connection, number)
        # Where its snapshot is refused, the rules need not be read again at every look: a release never changes.
        self.waiting[number] = loaded
        run = None
        if loaded.run_id is not None:
            run = runs.get(loaded.run_id) or self._map(loaded.run_id)
        return CompiledRelease(number, run, RuleIndex(loaded.rules, self.holdout_key), loaded.created_at)

    def _keep_waiting(self, numbers: Collection[int]) -> None:
        for number in self.waiting.keys() - set(numbers):
            del self.waiting[number]

    def _map(self, run_id: str) -> MappedRun:
        snapshot = self.arrivals.open(self.snapshots / run_id)
        snapshot.check_key(self.identity_key)
        return MappedRun(run_id, snapshot)


def empty_state(now: datetime) -> LiveState:
    """Before anything was loaded."""
    return LiveState(None, CompiledCatalog(0), CompiledOverlays(), {}, now)


def with_releases(
    state: LiveState, held: Mapping[int, CompiledRelease], live_number: int | None
) -> LiveState:
    """The state with other releases held, and one of them live: the newest where `live_number` is not among them."""
    if live_number is None or not held:
        return replace(state, release=None, held=held)
    return replace(state, release=held.get(live_number) or held[max(held)], held=held)


def _compile_overlays(connection: Connection, revision: int, shoppers: ShopperMarks) -> CompiledOverlays:
    loaded = live.load_overlays(connection)
    segments: dict[str, set[str]] = defaultdict(set)
    for user_id, segment in loaded.segments:
        segments[user_id].add(segment)
    return CompiledOverlays(
        revision=revision,
        takedowns=tuple(target for _, target in loaded.takedowns),
        segments={user_id: frozenset(names) for user_id, names in segments.items()},
        keys=_compile_keys(connection),
        shoppers=shoppers,
    )


def _compile_keys(connection: Connection) -> dict[str, LiveKey]:
    return {key.key_hash: _live_key(key) for key in live.load_keys(connection)}


def _live_key(key: live.KeyInfo) -> LiveKey:
    return LiveKey(
        id=str(key.id),
        name=key.name,
        scopes=frozenset(key.scopes),
        publishable=key.publishable,
        origins=frozenset(key.origins),
        rate_limit=key.rate_limit,
    )
