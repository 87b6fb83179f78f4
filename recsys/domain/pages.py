"""All rows of a surface, built from the top: what a row shows is not shown again below it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from recsys.domain.ids import ItemId
from recsys.domain.requests import Request
from recsys.domain.rows import MAIN, MAX_SLOT, RowKind, RowOrder, RowSettings
from recsys.domain.rules import SurfaceSettings
from recsys.domain.slates import Slate

EACH_ROWS_OWN = 0
"""The limit of a request for a page that leaves it to each row how many items it shows."""

SlateOf = Callable[[RowSettings, Request], Slate]
"""Merges one row of a page."""

COMPARED = 10
"""Items of each row that are compared where rows are ordered for the shopper: about what a screen shows of one."""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One row of a page."""

    settings: RowSettings
    slate: Slate


def merge_page(rows: tuple[RowSettings, ...], slate_of: SlateOf, request: Request) -> tuple[PageRow, ...]:
    """The rows that reach their minimum size; a row that does not is dropped and reserves nothing.

    So is one of another kind than `main` that has only pins to show.

    Args:
        slate_of: merges each row.
        request: with the limit `EACH_ROWS_OWN`, every row shows as many items as its own size says.
    """
    page: list[PageRow] = []
    shown: frozenset[ItemId] = frozenset()
    for settings in rows:
        limit = request.limit or settings.size
        asked = replace(request, row=settings.name, limit=limit, exclude=request.exclude | shown)
        slate = _large_enough(settings, slate_of, asked)
        if slate is not None:
            page.append(PageRow(settings, slate))
            shown |= {placed.item_id for placed in slate.items}
    return tuple(page)


def rows_for_shopper(
    surface: SurfaceSettings,
    slate_of: SlateOf,
    affinity_of: Callable[[RowSettings, Sequence[ItemId]], Sequence[float | None] | None],
    request: Request,
) -> tuple[RowSettings, ...]:
    """The rows in the order in which they stand for the shopper.

    A fixed layout stays as it is. Else `main` keeps its place, and the other rows share theirs by how well what each
    would show by itself suits the shopper: the mean affinity of its first items. Rows that cannot be compared come
    last, and ties stay as laid out. Without a vector, or with `personalised=false`, nothing moves.
    """
    if surface.order is RowOrder.FIXED or not request.personalised:
        return surface.rows
    suits: dict[str, float] = {}
    for row in surface.rows:
        asked = replace(request, row=row.name, limit=COMPARED)
        shown = [each.item_id for each in slate_of(row, asked).items]
        known = [each for each in affinity_of(row, shown) or () if each is not None]
        if known:
            suits[row.name] = sum(known) / len(known)
    others = (row for row in surface.rows if row.name != MAIN)
    ordered = iter(sorted(others, key=lambda row: -suits.get(row.name, float("-inf"))))
    return tuple(row if row.name == MAIN else next(ordered) for row in surface.rows)


def _large_enough(settings: RowSettings, slate_of: SlateOf, asked: Request) -> Slate | None:
    """The slate of a row, None when the row is below its minimum size, or pins are all that it has.

    What counts is what the row could show: asking for fewer items does not make a row too small. A row that
    promises something by its kind and has nothing of that kind is no row, whatever editors pinned to its slots.
    """
    slate = whole = slate_of(settings, asked)
    if slate.more and len(slate.items) < settings.min_size:
        whole = slate_of(settings, replace(asked, limit=settings.min_size))
    if len(whole.items) < settings.min_size:
        return None
    if whole.more and not _has_its_own(settings, whole):
        whole = slate_of(settings, replace(asked, limit=MAX_SLOT))
    return slate if _has_its_own(settings, whole) else None


def _has_its_own(settings: RowSettings, slate: Slate) -> bool:
    """Whether some item is there by the row's kind; `main` promises nothing that pins could not keep."""
    return settings.kind is RowKind.MAIN or any(
        each.rule_id in {None, settings.theme} for each in slate.items
    )
