"""What is live in one process: one immutable value, replaced by one reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from recsys.domain.rules import RuleSet
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.overlays import CompiledOverlays
from recsys.slates.popularity import Popularity
from recsys.slates.rules import CompiledRules, RuleIndex
from recsys.slates.shop_view import ShopView
from recsys.snapshots.mapped import Snapshot


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


@dataclass(frozen=True)
class LiveState:
    """Everything that an answer needs. `held` has the releases whose cursors still work, the live one too."""

    release: CompiledRelease | None
    catalog: CompiledCatalog
    overlays: CompiledOverlays
    held: Mapping[int, CompiledRelease]
    loaded_at: datetime
    _bound: dict[int, CompiledRules] = field(default_factory=dict, init=False, compare=False, repr=False)

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
