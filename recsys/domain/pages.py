"""All rows of a surface, built from the top: what a row shows is not shown again below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from recsys.domain.ids import ItemId
from recsys.domain.merge import merge
from recsys.domain.requests import Request
from recsys.domain.rules import RowSettings
from recsys.domain.slates import Slate
from recsys.domain.views import CandidatesView, CatalogView, RulesView


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row of a page."""

    settings: RowSettings
    slate: Slate


def merge_page(
    rows: tuple[RowSettings, ...],
    candidates_of: Callable[[RowSettings], CandidatesView],
    rules: RulesView,
    request: Request,
    catalog: CatalogView,
) -> tuple[PageRow, ...]:
    """The rows that reach their minimum size; a row that does not is dropped and reserves nothing.

    Args:
        candidates_of: what each row draws on.
    """
    page: list[PageRow] = []
    shown: frozenset[ItemId] = frozenset()
    for settings in rows:
        asked = replace(request, row=settings.name, exclude=request.exclude | shown)
        slate = _large_enough(settings, candidates_of(settings), rules, asked, catalog)
        if slate is not None:
            page.append(PageRow(settings, slate))
            shown |= {placed.item_id for placed in slate.items}
    return tuple(page)


def _large_enough(
    settings: RowSettings, candidates: CandidatesView, rules: RulesView, asked: Request, catalog: CatalogView
) -> Slate | None:
    """The slate of a row, None when the row is below its minimum size.

    What counts is what the row could show: asking for fewer items does not make a row too small.
    """
    slate = merge(candidates, rules, asked, catalog)
    if slate.more and len(slate.items) < settings.min_size:
        whole = merge(candidates, rules, replace(asked, limit=settings.min_size), catalog)
        return slate if len(whole.items) >= settings.min_size else None
    return slate if len(slate.items) >= settings.min_size else None
