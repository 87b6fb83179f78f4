"""A theme as a shopper would see it, member by member."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rules import Theme
from recsys.domain.themes import theme_order
from recsys.services.preview import Question, Stage, release_at
from recsys.services.shop import Shop
from recsys.slates.answer import Asker
from recsys.slates.state import CompiledRelease, LiveState

MemberStatus = Literal["ok", "unavailable", "taken_down", "vetoed", "missing"]


@dataclass(frozen=True, slots=True)
class ThemeMember:
    """A member in the theme's order; `item` is None when the catalog has no such item."""

    item_id: ItemId
    item: Item | None
    source: Literal["pick", "selector"]
    status: MemberStatus


def theme_members(
    shop: Shop,
    state: LiveState,
    theme: Theme,
    question: Question,
    stage: Stage = Stage.DRAFT,
    *,
    release: CompiledRelease | None = None,
) -> Sequence[ThemeMember]:
    """All members in the order that the question's shopper would meet them, with what keeps some away.

    `release`: what stands at the stage, where it is at hand already.
    """
    release = release or release_at(shop, state, stage)
    views = Asker(shop.settings.identity_key).views(state, question.request(), release)
    order = theme_order(theme, views.candidates, state.shop_view, views.request)
    status, picks = _judge(state, release, views.request), set(theme.picks)
    return [
        ThemeMember(each, state.catalog.get(each), "pick" if each in picks else "selector", status(each))
        for each in order
    ]


def statuses_of(
    shop: Shop, state: LiveState, item_ids: Collection[ItemId], question: Question, stage: Stage = Stage.DRAFT
) -> Mapping[ItemId, MemberStatus]:
    """What keeps each of some items from the question's shopper, by item."""
    release = release_at(shop, state, stage)
    status = _judge(
        state, release, Asker(shop.settings.identity_key).views(state, question.request(), release).request
    )
    return {each: status(each) for each in item_ids}


def _judge(state: LiveState, release: CompiledRelease, request: Request) -> Callable[[ItemId], MemberStatus]:
    sellable, vetoed = (
        state.shop_view.sellable(request.market, request.at),
        state.rules_of(release).vetoed(request),
    )
    taken = state.shop_view.takedowns.at(request.at)

    def status(item_id: ItemId) -> MemberStatus:
        if state.catalog.get(item_id) is None:
            return "missing"
        if taken(item_id):
            return "taken_down"
        if vetoed(item_id):
            return "vetoed"
        return "ok" if sellable(item_id) else "unavailable"

    return status
