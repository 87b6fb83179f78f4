"""Themes as CSV: one theme a line, with a column for every part; and the lines of a file that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from recsys.data.report import BadRow
from recsys.data.rule_cells import (
    SELECTOR,
    joined,
    joined_pairs,
    needed,
    read_selector,
    read_standing,
    read_whole,
    read_window,
    selector_cells,
    split_list,
    split_pairs,
    standing_cells,
    window_cells,
)
from recsys.data.rule_files import ITEMS
from recsys.data.rule_sheets import RuleRow, Sheet, read_sheet, write_sheet
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, check_id, check_slug
from recsys.domain.rules import MAX_MEMBERS, Theme, ThemeOrder, theme_id

COLUMNS = (
    "slug", "title", "titles", "blurb", "blurbs", "cover", "order", "head", "picks", "excluded",
    *(ITEMS + part for part in SELECTOR), "starts_at", "ends_at", "zone", "paused", "owner", "review", "notes",
)  # fmt: skip
_COLUMN_OF = {"window.start": "starts_at", "window.end": "ends_at"}


def write_themes(themes: Iterable[Theme]) -> str:
    """The themes as CSV with a header, by slug."""
    return write_sheet(COLUMNS, map(_cells, sorted(themes, key=lambda theme: theme.slug)))


def read_themes(data: bytes) -> tuple[list[RuleRow[Theme]], list[BadRow]]:
    """The themes of a file, and every line that cannot be one, by line.

    Raises:
        Invalid: when the file is too large, no UTF-8 text, or its header lacks slug or title.
    """
    return read_sheet(_SHEET, data)


def _theme(row: Mapping[str, str], _line: int) -> Theme:
    readers: dict[str, Callable[[], Any]] = {
        "slug": lambda: check_slug(needed(row, "slug"), "slug"),
        "title": lambda: needed(row, "title"),
        "titles": lambda: split_pairs(row.get("titles", ""), "titles"),
        "blurb": lambda: row.get("blurb", ""),
        "blurbs": lambda: split_pairs(row.get("blurbs", ""), "blurbs"),
        "cover": lambda: ItemId(check_id(row["cover"], "cover")) if row.get("cover") else None,
        "order": lambda: _order(row.get("order", "").strip()),
        "head": lambda: read_whole(row["head"], "head") if row.get("head") else None,
        "picks": lambda: _items(row, "picks"),
        "excluded": lambda: _items(row, "excluded"),
        "selector": lambda: read_selector(row, ITEMS),
        "window": lambda: read_window(row),
        "standing": lambda: read_standing(row),
    }
    parts: dict[str, Any] = {}
    problems: list[Invalid] = []
    for name, read in readers.items():
        try:
            parts[name] = read()
        except Invalid as error:
            problems.append(error)
    if problems:
        raise ExceptionGroup("columns of a theme", problems)
    return _made(**parts)


def _made(slug: str, standing: Mapping[str, Any], **parts: Any) -> Theme:
    try:
        return Theme(id=theme_id(slug), slug=slug, **parts, **standing)
    except Invalid as error:
        # The domain says for which market a text cannot be; the file has one column for all markets.
        column, _, market = error.field.partition(".")
        if column not in {"titles", "blurbs"} or not market:
            raise
        raise Invalid(column, f"for “{market}”: {error.message}") from None


def _order(text: str) -> ThemeOrder:
    if not text:
        return ThemeOrder.HEAD_THEN_MODEL
    try:
        return ThemeOrder(text.lower())
    except ValueError:
        raise Invalid("order", f"“{text}” is none of {', '.join(ThemeOrder)}") from None


def _items(row: Mapping[str, str], column: str) -> tuple[ItemId, ...]:
    items = split_list(row.get(column, ""))
    if len(items) > MAX_MEMBERS:
        raise Invalid(column, f"holds {len(items):,} items; give at most {MAX_MEMBERS:,}")
    return tuple(ItemId(check_id(item, column)) for item in items)


def _cells(theme: Theme) -> dict[str, str]:
    cells = {
        "slug": theme.slug,
        "title": theme.title,
        "titles": joined_pairs(theme.titles),
        "blurb": theme.blurb,
        "blurbs": joined_pairs(theme.blurbs),
        "cover": theme.cover,
        "order": theme.order.value,
        "head": None if theme.head is None else str(theme.head),
        "picks": joined(theme.picks),
        "excluded": joined(theme.excluded),
        **selector_cells(theme.selector, ITEMS),
        **window_cells(theme.window),
        **standing_cells(theme),
    }
    return {column: value or "" for column, value in cells.items()}


_SHEET = Sheet("themes", COLUMNS, ("slug", "title"), "slug", _theme, _COLUMN_OF)
