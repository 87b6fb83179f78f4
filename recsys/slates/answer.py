"""One question answered from the live state: the path that the endpoint and the editor's preview share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recsys.domain.merge import merge
from recsys.domain.requests import Request
from recsys.domain.slates import Slate
from recsys.domain.views import CandidatesView
from recsys.slates.shopper import NoSnapshot, ShopperView
from recsys.slates.state import CompiledRelease, LiveState
from recsys.snapshots.identity import shopper_hash


@dataclass(frozen=True, slots=True)
class Answer:
    """A slate, with what was found out about the shopper on the way.

    `request` is the one that was merged: with the shopper's home market and segments.
    """

    slate: Slate
    request: Request
    known_shopper: bool

    @property
    def market(self) -> str | None:
        """The market that counted."""
        return self.request.market


@dataclass(frozen=True, slots=True)
class Asker:
    """Answers questions for one installation, whose key finds shoppers in snapshots."""

    identity_key: bytes

    def answer(self, state: LiveState, request: Request, release: CompiledRelease) -> Answer:
        """Fill in what is known of the shopper, and merge.

        Raises:
            NotFound: when the release has no such surface or row.
        """
        row = self._row(request, release)
        resolved = _resolve(state, request, release, row)
        slate = merge(
            candidates(state, resolved, release, row), state.rules_of(release), resolved, state.shop_view
        )
        return Answer(slate, resolved, row is not None)

    def _row(self, request: Request, release: CompiledRelease) -> int | None:
        if request.user is None or release.snapshot is None:
            return None
        return release.snapshot.shopper(shopper_hash(self.identity_key, request.user))


def candidates(
    state: LiveState, request: Request, release: CompiledRelease, row: int | None
) -> CandidatesView:
    """What merge reads for the shopper in `row` of the release's snapshot."""
    disliked = state.overlays.disliked_by(request.user, request.session)
    if release.run is None:
        return NoSnapshot(disliked)
    return ShopperView(release.run.snapshot, release.run.popularity, row, request.context, disliked)


def _resolve(state: LiveState, request: Request, release: CompiledRelease, row: int | None) -> Request:
    market = request.market
    if market is None and row is not None and release.snapshot is not None:
        market = release.snapshot.home_market(row)
    segments = request.segments | state.overlays.segments_of(request.user)
    return replace(request, market=market, segments=segments)
