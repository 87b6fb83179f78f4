"""All rows of a surface as editors see them: those that its shopper gets, and those that are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from recsys.domain.catalog import Item
from recsys.domain.rows import MAIN, RowSettings
from recsys.domain.slates import Slate
from recsys.services.preview import Look, Question, page_under
from recsys.services.shop import Shop
from recsys.slates.state import CompiledRelease, LiveState

NOTHING = Slate(items=(), personalised=False, more=False)


@dataclass(frozen=True, slots=True)
class RowLook:
    """A row of the page: its title in the shopper's market, and what stands in it.

    `shown` is False for a row that the shopper does not get, because it stays below its minimum size or has nothing
    of its kind to show; its look is then empty.
    """

    settings: RowSettings
    title: str
    look: Look
    shown: bool


@dataclass(frozen=True, slots=True)
class PageLook:
    """The rows in the order in which they stand for the shopper, then those that are left out, as laid out.

    `ordered`: the shopper's taste put the rows into another order than the editors' own.
    """

    rows: tuple[RowLook, ...]
    ordered: bool

    def row(self, name: str) -> RowLook | None:
        """The row called `name`."""
        return next((each for each in self.rows if each.settings.name == name), None)


def page_look(shop: Shop, state: LiveState, question: Question, release: CompiledRelease) -> PageLook:
    """The rows of the question's surface with the items on them, under a release, or a draft compiled as one.

    Raises:
        NotFound: when the release has no such surface.
    """
    page = page_under(shop, state, question, release)
    market, known = page.views.request.market, page.views.known_shopper

    def seen(slate: Slate, row: str = MAIN) -> Look:
        weighing = state.rules_of(release).weighing(replace(page.views.request, row=row))
        return Look(slate, _items(state, slate), market, known, release.rules, weighing)

    shown = [
        RowLook(each.row.settings, each.title, seen(each.row.slate, each.row.settings.name), True)
        for each in page.rows
    ]
    names = {each.settings.name for each in shown}
    surface = release.rules.surface(question.surface)
    left_out = [
        RowLook(row, row.title_in(market), seen(NOTHING), False)
        for row in (surface.rows if surface is not None else ())
        if row.name not in names
    ]
    return PageLook((*shown, *left_out), page.ordered)


def _items(state: LiveState, slate: Slate) -> Mapping[str, Item]:
    named = [
        *(each.item_id for each in slate.items),
        *(each.displaced for each in slate.items if each.displaced),
    ]
    return {each: item for each in named if (item := state.catalog.get(each)) is not None}
