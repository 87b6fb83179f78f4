"""One question answered from the live state: the path that the endpoint and the editor's preview share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from recsys.domain.merge import merge
from recsys.domain.nobody import Nobody
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind
from recsys.domain.slates import Slate
from recsys.domain.views import CandidatesView, Kind
from recsys.slates.folding import Folded, fold_in
from recsys.slates.lean import Laid, Shopper, lay
from recsys.slates.readable import slate_of
from recsys.slates.rows import RowSources
from recsys.slates.shopper import ShopperView
from recsys.slates.state import CompiledRelease, LiveState
from recsys.snapshots.identity import shopper_hash


@dataclass(frozen=True, slots=True)
class Views:
    """What is known for a request: the request with the shopper's home market and segments, and the candidates."""

    request: Request
    candidates: CandidatesView
    who: Shopper

    @property
    def known_shopper(self) -> bool:
        """Whether the shopper was seen in training."""
        return self.who.row is not None

    @property
    def folded(self) -> bool:
        """Whether the items of a shopper unseen in training speak."""
        return self.who.folded is not None


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


class Known(NamedTuple):
    """What is known of a shopper: the row in the snapshot, None when unseen in training, and the home market."""

    row: int | None = None
    market: str | None = None


STRANGER = Known()


@dataclass(frozen=True, slots=True)
class Asker:
    """Answers questions for one installation, whose key finds shoppers in snapshots."""

    identity_key: bytes

    def answer(self, state: LiveState, request: Request, release: CompiledRelease) -> Answer:
        """Fill in what is known of the shopper, and merge.

        Raises:
            NotFound: when the release has no such surface or row.
        """
        known = self.known(request.user, release)
        resolved = _resolved(state, request, known)
        who = self.who(state, resolved, release, known)
        if lays(release, resolved):
            slate = self.slate(state, resolved, release, who)
        else:
            slate = _listed(state, resolved, release, who)
        return Answer(slate, resolved, known.row is not None, who.folded is not None)

    def known(self, user: str | None, release: CompiledRelease) -> Known:
        """Look a shopper up in the release's snapshot."""
        snapshot = release.snapshot
        if user is None or snapshot is None:
            return STRANGER
        row = snapshot.shopper(shopper_hash(self.identity_key, user))
        return STRANGER if row is None else Known(row, snapshot.home_market(row))

    def who(self, state: LiveState, request: Request, release: CompiledRelease, known: Known) -> Shopper:
        """All that is known of who asks: from training, and from what was told since."""
        overlays, user, session = state.overlays, request.user, request.session
        folded = _folded(state, request, release) if known.row is None else None
        return Shopper(
            known.row, overlays.disliked_by(user, session), overlays.bought_by(user, session), folded
        )

    def lay(self, state: LiveState, request: Request, release: CompiledRelease, who: Shopper) -> Laid:
        """Merge a request that carries the market and the segments that count, for a row that `lays`.

        Raises:
            NotFound: when the release has no such surface or row.
        """
        scene = state.scenes_of(release).of(request)
        acting = scene.acting(request.shopper, release.index.holdout_key)
        return lay(scene, acting, who, request)

    def laid(self, state: LiveState, request: Request, release: CompiledRelease) -> Laid:
        """Fill in what is known of the shopper, and merge into item numbers, for a row that `lays`.

        Raises:
            NotFound: when the release has no such surface or row.
        """
        known = self.known(request.user, release)
        resolved = _resolved(state, request, known)
        return self.lay(state, resolved, release, self.who(state, resolved, release, known))

    def slate(self, state: LiveState, request: Request, release: CompiledRelease, who: Shopper) -> Slate:
        """The same in the words of the domain."""
        return slate_of(self.lay(state, request, release, who), request.market)

    def views(self, state: LiveState, request: Request, release: CompiledRelease) -> Views:
        """What the plain merge reads for a request: the request's own market counts before the home market."""
        known = self.known(request.user, release)
        resolved = _resolved(state, request, known)
        who = self.who(state, resolved, release, known)
        return Views(resolved, _candidates(resolved, release, who), who)


def lays(release: CompiledRelease, request: Request) -> bool:
    """Whether the lean merge answers: for rows that show what the model proposes. The others list something else."""
    surface = None if request.surface is None else release.index.surfaces.get(request.surface)
    row = None if surface is None else surface.row(request.row)
    return row is None or row.kind is RowKind.MAIN


def _listed(state: LiveState, request: Request, release: CompiledRelease, who: Shopper) -> Slate:
    """The slate of a row of another kind."""
    rules = state.rules_of(release)
    sources = RowSources(
        state, release, request, _candidates(request, release, who), rules.rows(request.surface)
    )
    row = rules.row(request.surface, request.row)
    candidates = sources.candidates if row is None else sources.of(row)
    return merge(candidates, rules, request, state.shop_view)


def _folded(state: LiveState, request: Request, release: CompiledRelease) -> Folded | None:
    """What the items sent along, and those that the shopper was lately drawn to, say of one unseen in training."""
    if release.snapshot is None or not request.personalised:
        return None
    recent = state.overlays.recent_items(request.user, request.session)
    if not (request.items or recent):
        return None
    had = state.overlays.bought_by(request.user, request.session).union(request.items)
    kind = Kind.NEW if had.issuperset(recent) else Kind.LOOKED
    return fold_in(release.snapshot, (*request.items, *recent), kind)


def _resolved(state: LiveState, request: Request, known: Known) -> Request:
    """The request with what is known of its shopper."""
    market = known.market if request.market is None else request.market
    segments = request.segments | state.overlays.segments_of(request.user)
    if market == request.market and segments == request.segments:
        return request
    return replace(request, market=market, segments=segments)


def _candidates(request: Request, release: CompiledRelease, who: Shopper) -> CandidatesView:
    row, disliked, bought, folded = who
    run = release.run
    if run is None:
        return Nobody(owned=bought, disliked=disliked)
    return ShopperView(run.snapshot, run.popularity, row, request.context, disliked, bought, folded)
