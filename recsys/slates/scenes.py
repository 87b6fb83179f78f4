"""The scenes of one release over one catalog, each compiled when it is first asked for, and kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from recsys.domain.errors import NotFound
from recsys.domain.live import context_items, scope_matches
from recsys.domain.requests import Request
from recsys.domain.rules import RowSettings
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.slates.catalog import ELSEWHERE
from recsys.slates.rules import RuleIndex
from recsys.slates.scene import Scene, SceneCompiler
from recsys.slates.shelf import Shelf

KEPT_BYTES = 32_000_000
"""About what the scenes of one release may take in memory."""

_BYTES_AN_ITEM = 24
_MOST, _LEAST = 1_000, 8
_WARM_SECONDS = 0.1
"""For so long at most a new state waits for its scenes; a takedown among the news must not wait long."""

_STRETCHES = 4
"""Scenes of one key for different times: now, and where cursors come from."""


class Scenes:
    """Finds the scene of a request."""

    def __init__(self, index: RuleIndex, shelf: Shelf, takedowns: Sequence[Target]) -> None:
        self.index = index
        self.shelf = shelf
        self.takedowns = takedowns
        named = index.named
        self._markets = named.markets | shelf.catalog.known_markets
        if shelf.snapshot is not None:
            self._markets |= frozenset(shelf.snapshot.markets)
        self._kept: dict[Hashable, tuple[Scene, ...]] = {}
        self._most = max(_LEAST, min(_MOST, KEPT_BYTES // (_BYTES_AN_ITEM * len(shelf.columns) + 1)))

    def of(self, request: Request) -> Scene:
        """The scene that the request belongs to.

        Raises:
            NotFound: when the surface or its row does not exist.

        """
        key = self._key(request)
        kept = self._kept.get(key, ())
        for scene in kept:
            if scene.holds(request.at):
                return scene
        scene = self._compiled(request)
        if key not in self._kept and len(self._kept) >= self._most:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[key] = (scene, *kept)[:_STRETCHES]
        return scene

    def warm(self, before: Scenes, at: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Compile what an earlier state had in use, for a tenth of a second, so that no request waits for it.

        `at` is the time (UTC).
        """
        enough = monotonic() + _WARM_SECONDS
        for scenes in tuple(before._kept.values()):
            if monotonic() >= enough:
                return
            # The row may be gone in this release.
            with suppress(NotFound):
                self.of(replace(scenes[0].request, at=at))

    def _key(self, request: Request) -> Hashable:
        """What requests of one scene have in common, the time left out."""
        named = self.index.named
        return (
            request.surface,
            request.row,
            self._market(request.market),
            request.user if request.user in named.users else None,
            request.segments & named.segments if request.segments else request.segments,
            request.personalised,
            request.rules,
            tuple(self._about_context(request)) if named.contextual and request.context else (),
        )

    def _market(self, market: str | None) -> str | None:
        """One name for all markets that nothing names: they are alike, and must not fill the memory."""
        return market if market is None or market in self._markets else ELSEWHERE

    def _about_context(self, request: Request) -> Iterator[str]:
        """The rules for a context that this one matches."""
        context = context_items(request, self.shelf.catalog)
        for rule in self.index.named.contextual:
            scope = Scope(context_item=rule.scope.context_item, context_selector=rule.scope.context_selector)
            if scope_matches(scope, request, context):
                yield rule.id

    def _compiled(self, request: Request) -> Scene:
        row = self._row(request)
        asked = replace(request, market=self._market(request.market))
        return SceneCompiler(self.shelf, self.index, asked, self.takedowns).scene(row)

    def _row(self, request: Request) -> RowSettings:
        if request.surface is None:
            return RowSettings(name=request.row)
        surface = self.index.surfaces.get(request.surface)
        row = None if surface is None else surface.row(request.row)
        if row is None:
            raise NotFound("row", f"There is no row “{request.row}” on the surface “{request.surface}”.")
        return row
