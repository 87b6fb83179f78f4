"""A theme's members, and their order for one shopper."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rules import Theme, ThemeOrder
from recsys.domain.views import CandidatesView, CatalogView, MembersView


def theme_members(theme: Theme, catalog: MembersView, request: Request) -> tuple[list[ItemId], list[ItemId]]:
    """The hand-picks in their order, and the other rule-based members by id; exclusions win over both.

    A hand-pick stays one whether or not the selector holds it.
    """
    excluded = set(theme.excluded)
    picks = [item_id for item_id in theme.picks if item_id not in excluded]
    if theme.selector is None:
        return picks, []
    taken = excluded.union(picks)
    return picks, [each for each in catalog.members(theme.selector, request.at) if each not in taken]


def theme_order(
    theme: Theme, candidates: CandidatesView, catalog: CatalogView, request: Request
) -> list[ItemId]:
    """All members, eligible or not, in the theme's own order for the request's shopper."""
    picks, others = theme_members(theme, catalog, request)
    head = head_size(theme, picks)
    if theme.order is ThemeOrder.BY_HAND:
        return picks + _by_popularity(others, candidates, request)
    return picks[:head] + by_model(picks[head:] + others, candidates, request)


def head_size(theme: Theme, picks: Sequence[ItemId]) -> int:
    """How many hand-picks keep the places that people gave them."""
    if theme.order is ThemeOrder.MODEL:
        return 0
    return len(picks) if theme.head is None or theme.order is ThemeOrder.BY_HAND else theme.head


def by_model(members: Sequence[ItemId], candidates: CandidatesView, request: Request) -> list[ItemId]:
    """Members by the snapshot's vectors; those without one after, by popularity in the market, then id."""
    affinity = candidates.affinity(members) if request.personalised and members else None
    if affinity is None:
        return _by_popularity(members, candidates, request)
    scored = [(-score, each) for each, score in zip(members, affinity, strict=True) if score is not None]
    without = [each for each, score in zip(members, affinity, strict=True) if score is None]
    return [each for _, each in sorted(scored)] + _by_popularity(without, candidates, request)


def is_personal(theme: Theme, item_id: ItemId, candidates: CandidatesView, request: Request) -> bool:
    """Whether the shopper's vector gave a member its place: not in the head, and not without a vector."""
    if not request.personalised or theme.order is ThemeOrder.BY_HAND:
        return False
    excluded = set(theme.excluded)
    picks = [each for each in theme.picks if each not in excluded]
    if item_id in picks[: head_size(theme, picks)]:
        return False
    affinity = candidates.affinity((item_id,))
    return affinity is not None and affinity[0] is not None


def _by_popularity(members: Sequence[ItemId], candidates: CandidatesView, request: Request) -> list[ItemId]:
    popularity = candidates.popularity(request.market)
    return sorted(members, key=lambda each: (-popularity.get(each, 0.0), each))
