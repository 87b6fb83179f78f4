"""All rows of a surface answered from the live state: the path that endpoint and preview share."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.domain.merge import merge
from recsys.domain.pages import PageRow, merge_page, rows_for_shopper
from recsys.domain.requests import Request
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import SurfaceSettings
from recsys.domain.slates import Slate
from recsys.slates.answer import Asker, Views
from recsys.slates.rows import RowSources
from recsys.slates.state import CompiledRelease, LiveState


@dataclass(frozen=True, slots=True)
class TitledRow:
    """A row of a page with its title."""

    row: PageRow
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a surface from the top; `ordered` when the shopper's taste put them into this order."""

    rows: tuple[TitledRow, ...]
    views: Views
    ordered: bool

    @property
    def personalised(self) -> bool:
        """Whether personal data shaped what is on the page, or where."""
        return self.ordered or any(each.row.slate.personalised for each in self.rows)


def answer_page(
    asker: Asker, state: LiveState, request: Request, release: CompiledRelease, surface: SurfaceSettings
) -> Page:
    """Fill in what is known of the shopper, and build the page from the top."""
    views = asker.views(state, request, release)
    rules = state.rules_of(release)
    sources = RowSources(state, release, views.request, views.candidates, surface.rows)

    def slate_of(row: RowSettings, asked: Request) -> Slate:
        if row.kind is RowKind.MAIN:
            return asker.slate(state, asked, release, views.who)
        return merge(sources.of(row), rules, asked, state.shop_view)

    laid = rows_for_shopper(
        surface, slate_of, lambda row, items: sources.of(row).affinity(items), views.request
    )
    page = merge_page(laid, slate_of, views.request)
    titled = tuple(TitledRow(row, sources.title(row.settings)) for row in page)
    return Page(titled, views, ordered=laid != surface.rows)
