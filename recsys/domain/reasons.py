"""Why an item stands where it stands, in words that are never empty."""

from __future__ import annotations

from recsys.domain.ids import ItemId
from recsys.domain.organic import POPULAR, POPULAR_HERE, Organic
from recsys.domain.requests import Request
from recsys.domain.rules import Theme
from recsys.domain.slates import Because, Reason
from recsys.domain.slots import Held
from recsys.domain.views import Candidate, CandidatesView, CatalogView, Kind

EDITORS_CHOICE = Reason("Editors' choice")


def pin_reason(held: Held, request: Request) -> Reason:
    """Editors' choice for an item; the theme's title for a theme."""
    return EDITORS_CHOICE if held.theme is None else theme_reason(held.theme, request)


def theme_reason(theme: Theme, request: Request) -> Reason:
    """The theme's title, as the market calls it."""
    return Reason(theme.title_in(request.market))


def organic_reason(
    organic: Organic, candidates: CandidatesView, catalog: CatalogView, request: Request
) -> Reason:
    """What the model or the fallback says for an item."""
    if organic.candidate is not None:
        listed = _listed_reason(organic.candidate.kind, request)
        return listed or _model_reason(organic.candidate, candidates, catalog)
    if organic.tier == POPULAR_HERE:
        return Reason(f"Popular in {request.market}")
    return Reason("Popular with other shoppers" if organic.tier == POPULAR else "More from the shop")


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
    titles = " and ".join(each.title for each in because)
    if candidate.kind is Kind.REPEAT:
        return Reason("You bought this before", because)
    if candidate.kind is Kind.BESIDE:
        return Reason(f"Often bought with {titles}" if because else "Goes well together", because)
    if candidate.kind is Kind.SIMILAR:
        return Reason(f"Similar to {titles}" if because else "Similar items", because)
    return Reason(f"Because you bought {titles}" if because else "Picked for you", because)


def _named(item_id: ItemId, share: float, catalog: CatalogView) -> Because | None:
    item = catalog.get(item_id)
    return None if item is None else Because(item_id, item.title, share)
