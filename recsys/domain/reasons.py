"""Why an item stands where it stands, in words that are never empty."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recsys.domain.ids import ItemId
from recsys.domain.organic import POPULAR, POPULAR_HERE, Organic
from recsys.domain.requests import Request
from recsys.domain.rules import Theme
from recsys.domain.slates import Because, Reason
from recsys.domain.views import Candidate, CandidatesView, CatalogView, Kind

EDITORS_CHOICE = Reason("Editors' choice")
_SAID: Mapping[Kind, tuple[str, str]] = {
    Kind.NEW: ("Because you bought ", "Picked for you"),
    Kind.LOOKED: ("Because you looked at ", "Picked for you"),
    Kind.REPEAT: ("", "You bought this before"),
    Kind.BESIDE: ("Often bought with ", "Goes well together"),
    Kind.SIMILAR: ("Similar to ", "Similar items"),
}


def pin_reason(theme: Theme | None, market: str | None) -> Reason:
    """Editors' choice for an item; the theme's title for a theme."""
    return EDITORS_CHOICE if theme is None else theme_reason(theme, market)


def theme_reason(theme: Theme, market: str | None) -> Reason:
    """The theme's title, as the market calls it."""
    return Reason(theme.title_in(market))


def organic_reason(
    organic: Organic, candidates: CandidatesView, catalog: CatalogView, request: Request
) -> Reason:
    """What the model or the fallback says for an item."""
    if organic.candidate is not None:
        listed = _listed_reason(organic.candidate.kind, request)
        return listed or _model_reason(organic.candidate, candidates, catalog)
    return Reason(fallback_words(organic.tier, request.market))


def fallback_words(tier: str, market: str | None) -> str:
    """What is said of an item that fills up."""
    if tier == POPULAR_HERE:
        return f"Popular in {market}"
    return "Popular with other shoppers" if tier == POPULAR else "More from the shop"


def model_words(kind: Kind, titles: str) -> str:
    """What is said of a candidate behind which the items with these titles are; "" where none is known."""
    named, unnamed = words_for(kind)
    return f"{named}{titles}" if titles and named else unnamed


def words_for(kind: Kind) -> tuple[str, str]:
    """How a reason begins that goes on with titles, "" where it names none; and what is said without titles."""
    return _SAID[kind]


def _listed_reason(kind: Kind, request: Request) -> Reason | None:
    """What the kind of a row says for all that it lists alike."""
    match kind:
        case Kind.ARRIVED:
            return Reason("New in the shop")
        case Kind.POPULAR_HERE:
            return Reason(f"Popular in {request.market}")
        case Kind.POPULAR:
            return Reason("Popular with other shoppers")
        case Kind.TRENDING_HERE:
            return Reason(f"Trending in {request.market}")
        case Kind.TRENDING:
            return Reason("Trending now")
        case _:
            return None


def _model_reason(candidate: Candidate, candidates: CandidatesView, catalog: CatalogView) -> Reason:
    named = [_named(item_id, share, catalog) for item_id, share in candidates.because(candidate)]
    because = tuple(each for each in named if each is not None)
    return Reason(model_words(candidate.kind, titles_of(each.title for each in because)), because)


def titles_of(titles: Iterable[str]) -> str:
    """The titles in one text."""
    return " and ".join(titles)


def _named(item_id: ItemId, share: float, catalog: CatalogView) -> Because | None:
    item = catalog.get(item_id)
    return None if item is None else Because(item_id, item.title, share)
