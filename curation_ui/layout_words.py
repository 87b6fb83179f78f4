"""The layout of a surface in plain words: what its rows show, and what an edit did to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from curation_ui.i18n import gettext as _
from curation_ui.words import Names, order_of_rows_words, row_words
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import SurfaceSettings


def kind_words(kind: RowKind) -> str:
    """What a row of a kind shows."""
    return {
        RowKind.MAIN: _("what the model proposes"),
        RowKind.THEME: _("a theme"),
        RowKind.BECAUSE: _("because they bought one item"),
        RowKind.TRENDING: _("what is trending"),
        RowKind.NEW: _("what is new in the shop"),
        RowKind.POPULAR: _("what is popular in the market"),
        RowKind.BUY_AGAIN: _("what to buy again"),
    }[kind]


def row_field_words(field: str) -> str:
    """The word that the desk has for a field of a row."""
    return {
        "titles": _("titles by market"),
        "kind": _("what it shows"),
        "size": _("size"),
        "min_size": _("minimum size"),
        "group_limit": _("items of one group"),
        "repeats": _("what is owned already"),
        "fallback": _("filling up"),
    }.get(field, field)


def row_changes(before: RowSettings, after: RowSettings) -> list[str]:
    """The fields in which two versions of a row differ, by name."""
    names = [each.name for each in fields(before)]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def layout_words(before: SurfaceSettings, after: SurfaceSettings, names: Names) -> str:
    """What an edit did to the rows of a surface, as the end of a sentence that begins with a name."""
    return _("%(what)s on %(surface)s", what="; ".join(_parts(before, after, names)), surface=after.title)


def _parts(before: SurfaceSettings, after: SurfaceSettings, names: Names) -> Iterator[str]:
    for row in after.rows:
        was = before.row(row.name)
        if was is None:
            yield _("added the row “%(row)s”", row=row_words(row, names))
        elif was != row:
            labels = ", ".join(row_field_words(name) for name in row_changes(was, row))
            yield _("changed %(fields)s of the row “%(row)s”", fields=labels, row=row_words(row, names))
    for row in before.rows:
        if after.row(row.name) is None:
            yield _("removed the row “%(row)s”", row=row_words(row, names))
    kept = [row.name for row in after.rows if before.row(row.name) is not None]
    if kept != [row.name for row in before.rows if after.row(row.name) is not None]:
        yield _("put the rows in another order")
    if before.order != after.order:
        yield _("set the order of rows: %(order)s", order=order_of_rows_words(after.order))
