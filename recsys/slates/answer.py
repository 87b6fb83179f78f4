"""One question answered from the live state: the path that the endpoint and the editor's preview share."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recsys.domain.merge import merge
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind
from recsys.domain.slates import Slate
from recsys.domain.views import CandidatesView
from recsys.slates.folding import Folded, fold_in
from recsys.slates.rows import RowSources
from recsys.slates.shopper import NoSnapshot, ShopperView
from recsys.slates.state import CompiledRelease, LiveState
from recsys.snapshots.identity import shopper_hash


@dataclass(frozen=True, slots=True)
class Views:
    """What is known for a request: the request with the shopper's home market and segments, and the candidates."""

    request: Request
    candidates: CandidatesView
    known_shopper: bool
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A slate, with what was found out about the shopper on the way.

    `request` is the one that was merged: with the shopper's home market and segments. `folded`: the shopper is
    unseen in training, and the items of the request speak instead.
    """

    slate: Slate
    request: Request
    known_shopper: bool
    folded: bool = False

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
        views, rules = self.views(state, request, release), state.rules_of(release)
        row = rules.row(request.surface, request.row)
        candidates = views.candidates
        if row is not None and row.kind is not RowKind.MAIN:
            candidates = RowSources(
                state, release, views.request, candidates, rules.rows(request.surface)
            ).of(row)
        slate = merge(candidates, rules, views.request, state.shop_view)
        return Answer(slate, views.request, views.known_shopper, views.folded)

    def views(self, state: LiveState, request: Request, release: CompiledRelease) -> Views:
        """What merge reads for a request: the request's own market counts before the home market."""
        row = self._row(request, release)
        market = request.market
        if market is None and row is not None and release.snapshot is not None:
            market = release.snapshot.home_market(row)
        segments = request.segments | state.overlays.segments_of(request.user)
        resolved = replace(request, market=market, segments=segments)
        folded = self._folded(state, resolved, release) if row is None else None
        candidates = _candidates(state, resolved, release, row, folded)
        return Views(resolved, candidates, row is not None, folded is not None)

    def _folded(self, state: LiveState, request: Request, release: CompiledRelease) -> Folded | None:
        """What the items sent along, and those that the shopper was lately drawn to, say of one unseen in training."""
        if release.snapshot is None or not request.personalised:
            return None
        recent = state.overlays.recent_items(request.user, request.session)
        return fold_in(release.snapshot, (*request.items, *recent))

    def _row(self, request: Request, release: CompiledRelease) -> int | None:
        if request.user is None or release.snapshot is None:
            return None
        return release.snapshot.shopper(shopper_hash(self.identity_key, request.user))


def _candidates(
    state: LiveState, request: Request, release: CompiledRelease, row: int | None, folded: Folded | None
) -> CandidatesView:
    disliked = state.overlays.disliked_by(request.user, request.session)
    bought = state.overlays.bought_by(request.user, request.session)
    if release.run is None:
        return NoSnapshot(disliked, bought)
    run = release.run
    return ShopperView(run.snapshot, run.popularity, row, request.context, disliked, bought, folded)
