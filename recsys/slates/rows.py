"""What each row of a surface draws on for one request, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.views import Candidate, CandidatesView, Kind
from recsys.slates.popularity import Popularity
from recsys.slates.shopper import ShopperView
from recsys.slates.state import CompiledRelease, LiveState

MOST_LISTED = 500
"""Items that a row lists at most, before eligibility: all are weighed by the boosts, so a longer list costs every page."""

BECAUSE_TITLE = "Because you bought {item}"
LOOKED_TITLE = "Because you looked at {item}"
_TITLES: Mapping[RowKind, str] = {
    RowKind.MAIN: "Recommended",
    RowKind.BECAUSE: BECAUSE_TITLE,
    RowKind.TRENDING: "Trending now",
    RowKind.NEW: "New in the shop",
    RowKind.POPULAR: "Popular",
    RowKind.BUY_AGAIN: "Buy again",
}


@dataclass(frozen=True)
class Listed:
    """A row's own list in place of the shopper's candidates; all else is as the shopper's view has it."""

    base: CandidatesView
    listed: Sequence[Candidate]
    behind: Sequence[tuple[ItemId, float]] = ()

    @property
    def owned(self) -> AbstractSet[ItemId]:
        """What the shopper has bought."""
        return self.base.owned

    @property
    def disliked(self) -> AbstractSet[ItemId]:
        """What the shopper or the session does not want to see again."""
        return self.base.disliked

    def beside(self) -> Sequence[Candidate]:
        """The list."""
        return self.listed

    def new(self) -> Sequence[Candidate]:
        """None: the list is all there is."""
        return ()

    def repeats(self) -> Sequence[Candidate]:
        """None."""
        return ()

    def because(self, candidate: Candidate) -> Sequence[tuple[ItemId, float]]:
        """The item that the row is about; else what the shopper's view knows."""
        return self.behind or self.base.because(candidate)

    def affinity(self, items: Sequence[ItemId]) -> Sequence[float | None] | None:
        """How well each item suits the shopper."""
        return self.base.affinity(items)

    def popular(self, market: str | None) -> Sequence[tuple[ItemId, float]]:
        """Popular items."""
        return self.base.popular(market)

    def popularity(self, market: str | None) -> Mapping[ItemId, float]:
        """The same by item."""
        return self.base.popularity(market)


@dataclass(frozen=True)
class RowSources:
    """The sources of one surface's rows for one request; `candidates` is what is known of the shopper."""

    state: LiveState
    release: CompiledRelease
    request: Request
    candidates: CandidatesView
    rows: Sequence[RowSettings] = field(default=())

    def of(self, settings: RowSettings) -> CandidatesView:
        """What merge reads for a row."""
        match settings.kind:
            case RowKind.MAIN | RowKind.THEME:
                return self.candidates
            case RowKind.BECAUSE:
                return self._because(settings)
            case RowKind.BUY_AGAIN:
                return Listed(self.candidates, self.candidates.repeats() if self.request.personalised else ())
            case RowKind.NEW:
                return Listed(self.candidates, self._arrivals())
            case RowKind.POPULAR:
                known = None if self.release.run is None else self.release.run.popularity
                return Listed(self.candidates, self._leading(known, Kind.POPULAR_HERE, Kind.POPULAR))
            case RowKind.TRENDING:
                known = None if self.release.run is None else self.release.run.trending
                return Listed(self.candidates, self._leading(known, Kind.TRENDING_HERE, Kind.TRENDING))

    def title(self, settings: RowSettings) -> str:
        """The row's title as the market calls it; in `{item}` stands the title of the item that the row is about."""
        market = self.request.market
        title = settings.title_in(market)
        if not title and settings.kind is RowKind.THEME:
            theme = self.state.rules_of(self.release).theme(settings.theme) if settings.theme else None
            title = "" if theme is None else theme.title_in(market)
        if not title and settings.kind is RowKind.POPULAR and market is not None:
            title = f"Popular in {market}"
        if not title and settings.kind is RowKind.BECAUSE and self._looked:
            title = LOOKED_TITLE
        about = self._about(settings) if settings.kind is RowKind.BECAUSE else None
        item = None if about is None else self.state.catalog.get(about)
        return (title or _TITLES[settings.kind]).replace("{item}", "" if item is None else item.title)

    @property
    def _looked(self) -> bool:
        """Whether the shopper may have looked at what speaks for the taste, and not have bought it."""
        return isinstance(self.candidates, ShopperView) and self.candidates.kind is Kind.LOOKED

    def _because(self, settings: RowSettings) -> Listed:
        about, view = self._about(settings), self.candidates
        if about is None or not isinstance(view, ShopperView):
            return Listed(view, ())
        snapshot = view.snapshot
        near = snapshot.neighbours(snapshot.item_index[about])
        pairs = zip(near.items.tolist(), near.scores.tolist(), strict=True)
        listed = [Candidate(ItemId(snapshot.item_ids[item]), score, view.kind) for item, score in pairs]
        return Listed(view, listed, ((about, 1.0),))

    def _about(self, settings: RowSettings) -> ItemId | None:
        """The item that a because row is about: the first such row is about the first, and so on."""
        place = [row.name for row in self.rows if row.kind is RowKind.BECAUSE].index(settings.name)
        return self._seeds[place] if place < len(self._seeds) else None

    @cached_property
    def _seeds(self) -> Sequence[ItemId]:
        """The items behind the shopper's candidates that may be named, those behind most of them first."""
        view, request = self.candidates, self.request
        if not request.personalised or not isinstance(view, ShopperView):
            return ()
        may_be_shown = self.state.shop_view.sellable(None, request.at)
        vetoed = self.state.rules_of(self.release).vetoed(request)
        return [
            each
            for each in view.contributors()
            if may_be_shown(each) and not vetoed(each) and each not in view.disliked
        ]

    def _arrivals(self) -> Sequence[Candidate]:
        newest = self.state.catalog.arrivals(self.request.at, MOST_LISTED)
        return [
            Candidate(each, 1 - place / (len(newest) + 1), Kind.ARRIVED) for place, each in enumerate(newest)
        ]

    def _leading(self, known: Popularity | None, here: Kind, anywhere: Kind) -> Sequence[Candidate]:
        """What leads in the market, then what leads overall, on one scale."""
        led = () if known is None else _led(known, self.request.market, here, anywhere)
        return list(islice(led, MOST_LISTED))


def _led(known: Popularity, market: str | None, here: Kind, anywhere: Kind) -> Iterator[Candidate]:
    """Each item once, as the market's where it leads there; the others on the scale below the market's last."""
    lowest, local = 1.0, known.popularity(market) if market is not None else {}
    if market is not None:
        for item_id, score in known.popular(market):
            lowest = score
            yield Candidate(item_id, score, here)
    for item_id, score in known.popular(None):
        if item_id not in local:
            yield Candidate(item_id, score * lowest, anywhere)
