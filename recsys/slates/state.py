"""What is live in one process: one immutable value, replaced by one reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from recsys.domain.rules import RuleSet
from recsys.domain.selectors import Target
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.overlays import CompiledOverlays
from recsys.slates.popularity import Popularity
from recsys.slates.rules import CompiledRules, RuleIndex
from recsys.slates.scenes import Scenes
from recsys.slates.shelf import Shelf
from recsys.slates.shop_view import ShopView
from recsys.snapshots.mapped import Snapshot

_KEPT_RELEASES = 16


@dataclass(frozen=True)
class MappedRun:
    """A run's snapshot with what is derived from it; shared by all releases that carry the run."""

    run_id: str
    snapshot: Snapshot

    @cached_property
    def popularity(self) -> Popularity:
        """The snapshot's popularity lists."""
        return Popularity(self.snapshot)

    @cached_property
    def trending(self) -> Popularity:
        """The snapshot's lists of what sells more than it used to."""
        return Popularity(self.snapshot, self.snapshot.trending)


@dataclass(frozen=True)
class CompiledRelease:
    """A release (or a draft on top of one) in memory. It knows no catalog, so a swap recompiles none."""

    number: int
    run: MappedRun | None
    index: RuleIndex
    published_at: datetime | None = None

    @property
    def run_id(self) -> str | None:
        """The run whose snapshot the release carries."""
        return None if self.run is None else self.run.run_id

    @property
    def snapshot(self) -> Snapshot | None:
        """The release's snapshot."""
        return None if self.run is None else self.run.snapshot

    @property
    def rules(self) -> RuleSet:
        """The release's rules as they were written."""
        return self.index.rules

    def with_rules(self, rules: RuleSet) -> CompiledRelease:
        """The same release under other rules: what a draft would serve."""
        return replace(self, index=RuleIndex(rules, self.index.holdout_key))


class Compiled:
    """The scenes of the releases in use, handed on from state to state as long as they hold.

    What moves often and changes no scene, a shopper's dislike above all, costs nothing here.
    """

    def __init__(self) -> None:
        self._latest: tuple[Scenes, ...] = ()

    def scenes(
        self, release: CompiledRelease, catalog: CompiledCatalog, takedowns: tuple[Target, ...]
    ) -> Scenes:
        """The scenes of a release, from an earlier state where nothing in them has changed."""
        # What belongs to an earlier catalog must not be kept alive; it is only looked at once more, for its numbers.
        now = [s for s in self._latest if s.shelf.catalog is catalog and s.takedowns == takedowns]
        for scenes in now:
            if scenes.index is release.index and scenes.shelf.snapshot is release.snapshot:
                return scenes
        alike = (s.shelf for s in (*now, *self._latest) if s.shelf.snapshot is release.snapshot)
        made = compile_scenes(release, catalog, takedowns, next(alike, None))
        self._latest = (*now[-_KEPT_RELEASES:], made)
        return made


def compile_scenes(
    release: CompiledRelease,
    catalog: CompiledCatalog,
    takedowns: tuple[Target, ...],
    before: Shelf | None = None,
) -> Scenes:
    """The scenes of a release over a catalog under takedowns; `before` may be an earlier shelf of the release."""
    popularity = None if release.run is None else release.run.popularity
    return Scenes(release.index, Shelf(catalog, release.snapshot, popularity, before), takedowns)


@dataclass(frozen=True)
class LiveState:
    """Everything that an answer needs. `held` has the releases whose cursors still work, the live one too."""

    release: CompiledRelease | None
    catalog: CompiledCatalog
    overlays: CompiledOverlays
    held: Mapping[int, CompiledRelease]
    loaded_at: datetime
    compiled: Compiled = field(default_factory=Compiled, compare=False, repr=False)
    _bound: dict[int, CompiledRules] = field(default_factory=dict, init=False, compare=False, repr=False)
    _scenes: dict[int, Scenes] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def live_number(self) -> int | None:
        """The number of the live release."""
        return None if self.release is None else self.release.number

    @cached_property
    def shop_view(self) -> ShopView:
        """The catalog under the takedowns."""
        return ShopView(self.catalog, self.overlays.takedown_targets(self.catalog))

    def rules_of(self, release: CompiledRelease) -> CompiledRules:
        """A release's rules over this state's catalog, bound once."""
        held = self.held.get(release.number)
        if held is not release:
            return CompiledRules(release.index, self.catalog)
        bound = self._bound.get(release.number)
        if bound is None:
            bound = self._bound[release.number] = CompiledRules(release.index, self.catalog)
        return bound

    def scenes_of(self, release: CompiledRelease) -> Scenes:
        """A release's scenes over this state's catalog and takedowns; those of a draft are not kept."""
        if self.held.get(release.number) is not release:
            return compile_scenes(release, self.catalog, self.overlays.takedowns, self._live_shelf())
        scenes = self._scenes.get(release.number)
        if scenes is None:
            scenes = self.compiled.scenes(release, self.catalog, self.overlays.takedowns)
            self._scenes[release.number] = scenes
        return scenes

    def warm_like(self, before: LiveState, at: datetime) -> None:
        """Compile now what `before` had in use of its live release, so that no request waits for it."""
        if self.release is None or before.release is None:
            return
        scenes, known = self.scenes_of(self.release), before.scenes_of(before.release)
        if scenes is not known:
            scenes.warm(known, at)

    @cached_property
    def shelf(self) -> Shelf:
        """The live release's snapshot over the catalog; before the first release, the catalog alone."""
        return self._live_shelf() or Shelf(self.catalog, None, None)

    def _live_shelf(self) -> Shelf | None:
        return None if self.release is None else self.scenes_of(self.release).shelf
