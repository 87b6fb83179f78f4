"""What editors see: the same compiled state and the same merge as the endpoint, under live or drafted rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from recsys.domain.catalog import Item
from recsys.domain.errors import NotFound, Unavailable
from recsys.domain.ids import ItemId, UserId
from recsys.domain.pages import EACH_ROWS_OWN
from recsys.domain.requests import Request
from recsys.domain.rules import MAIN, Boost, RuleSet
from recsys.domain.slates import Slate
from recsys.services.drafting import Draft, read_draft
from recsys.services.shop import Shop
from recsys.slates.answer import Asker
from recsys.slates.page import Page, answer_page
from recsys.slates.state import CompiledRelease, LiveState


class Stage(StrEnum):
    """Which rules to look at."""

    LIVE = "live"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an editor wants to see: which row, as whom, beside what, and when (UTC)."""

    surface: str
    at: datetime
    row: str = MAIN
    user: str | None = None
    market: str | None = None
    segments: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    rules: bool = True
    limit: int = 24

    def request(self) -> Request:
        """The question as the merge takes it."""
        return Request(
            at=self.at,
            surface=self.surface,
            row=self.row,
            user=UserId(self.user) if self.user else None,
            market=self.market or None,
            segments=frozenset(self.segments),
            context=tuple(ItemId(each) for each in self.context),
            rules=self.rules,
            limit=self.limit,
        )


Weighing = Callable[[ItemId], tuple[Boost, ...]]
"""The boost and the bury that weigh an item, where some do."""


def unweighed(_item_id: ItemId) -> tuple[Boost, ...]:
    """No boost and no bury."""
    return ()


@dataclass(frozen=True, slots=True)
class Look:
    """A slate with the items on it and the rules it was merged under.

    `weighing` tells which boosts weigh an item that stands by its own merit; of pins and themes they say nothing.
    """

    slate: Slate
    items: Mapping[str, Item]
    market: str | None
    known_shopper: bool
    rules: RuleSet
    weighing: Weighing = unweighed


def look(shop: Shop, state: LiveState, question: Question, stage: Stage) -> Look:
    """The slate that the question's shopper gets, or would get from the draft.

    Raises:
        NotFound: when the surface or row does not exist at that stage.
        Unavailable: before the first release.
    """
    return look_under(shop, state, question, release_at(shop, state, stage))


def look_at_page(shop: Shop, state: LiveState, question: Question, stage: Stage) -> Page:
    """All rows of the question's surface as its shopper gets them, or would get them from the draft.

    Raises:
        NotFound: when the surface does not exist at that stage.
        Unavailable: before the first release.
    """
    return page_under(shop, state, question, release_at(shop, state, stage))


def page_under(shop: Shop, state: LiveState, question: Question, release: CompiledRelease) -> Page:
    """All rows of the surface under a given release, or a draft compiled as one; raises as `look_at_page`."""
    surface = release.rules.surface(question.surface)
    if surface is None:
        raise NotFound("surface", f"There is no surface “{question.surface}”.")
    asked = replace(question.request(), limit=EACH_ROWS_OWN)
    return answer_page(Asker(shop.settings.identity_key), state, asked, release, surface)


def look_under(shop: Shop, state: LiveState, question: Question, release: CompiledRelease) -> Look:
    """The slate under a given release, or a draft compiled as one."""
    asker = Asker(shop.settings.identity_key)
    answer = asker.answer(state, question.request(), release)
    placed = answer.slate.items
    named = [*(each.item_id for each in placed), *(each.displaced for each in placed if each.displaced)]
    items: dict[str, Item] = {i: item for i in named if (item := state.catalog.get(i)) is not None}
    weighing = state.rules_of(release).weighing(answer.request)
    return Look(answer.slate, items, answer.market, answer.known_shopper, release.rules, weighing)


def release_at(shop: Shop, state: LiveState, stage: Stage) -> CompiledRelease:
    """The live release, or the draft on top of it."""
    live = state.release
    if live is None:
        raise Unavailable("Nothing is published yet: accept a first run, or run “recsys demo”.")
    if stage is Stage.LIVE:
        return live
    return drafted(live, read_draft(shop))


def drafted(live: CompiledRelease, draft: Draft) -> CompiledRelease:
    """What the live release becomes with all changes of a draft; worth making once for all looks at one page."""
    return live if draft.rules == live.rules else live.with_rules(draft.rules)
