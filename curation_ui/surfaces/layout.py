"""The rows of a surface as an editor lays them out: pure functions from settings and a form to new settings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from curation_ui.forms import Form, text, whole
from curation_ui.i18n import gettext as _
from curation_ui.themes.form import slug_of
from recsys.domain.errors import Invalid, NotFound
from recsys.domain.ids import MAX_SLUG, RuleId
from recsys.domain.rows import MAIN, RowKind, RowOrder, RowSettings
from recsys.domain.rules import SurfaceSettings

SIZES: Mapping[str, int] = {"size": 12, "min_size": 4}
"""What a new row begins with: about what a screen shows of it, and not a row of two."""


def row_token(row: RowSettings | None) -> str:
    """Which version of a row a form shows, so that two who edit different rows do not get in each other's way."""
    return "new" if row is None else hashlib.blake2b(repr(row).encode(), digest_size=8).hexdigest()


def find_row(surface: SurfaceSettings, name: str) -> RowSettings:
    """The row called `name`; raises NotFound."""
    found = surface.row(name)
    if found is None:
        raise NotFound("row", _("There is no row “%(name)s” any more; someone removed it.", name=name))
    return found


def read_row(form: Form, before: RowSettings | None, taken: Sequence[str], words: str) -> RowSettings:
    """The row that a form describes.

    Args:
        before: the row as it stands, None for a new one, which gets a name made of its title, else of `words`.
        taken: the names of the surface's rows.

    Raises:
        Invalid: naming the field that breaks a rule.
    """
    kind = before.kind if before is not None and before.name == MAIN else read_kind(text(form, "kind"))
    theme = text(form, "theme") if kind is RowKind.THEME else ""
    if kind is RowKind.THEME and not theme:
        raise Invalid(_("Theme"), _("choose the theme that the row shows"))
    title = text(form, "title")
    return RowSettings(
        name=before.name if before is not None else free_name(slug_of(title) or slug_of(words), taken),
        title=title,
        titles=read_titles(form.get("titles", "")),
        kind=kind,
        size=_required(form, "size", _("Size")),
        min_size=_required(form, "min_size", _("Minimum size")),
        group_limit=whole(form, "group_limit", _("Of one group")) or 0,
        # A row to buy again is made of what is owned: there is nothing to choose.
        repeats=form.get("repeats", "") == "on" or kind is RowKind.BUY_AGAIN,
        theme=RuleId(theme) if theme else None,
        fallback=before is None or before.name != MAIN or form.get("fallback", "") == "on",
    )


def read_kind(given: str) -> RowKind:
    """The kind of row that a form names; raises Invalid."""
    try:
        return RowKind(given)
    except ValueError:
        raise Invalid(_("Shows"), _("choose what the row shows")) from None


def read_titles(given: str) -> dict[str, str]:
    """Titles by market, one a line as “Germany: Neu eingetroffen”.

    Raises:
        Invalid: naming the line that has no market, no title, or a market for the second time.
    """
    titles: dict[str, str] = {}
    for number, line in enumerate(given.splitlines(), start=1):
        if not line.strip():
            continue
        market, colon, title = (part.strip() for part in line.partition(":"))
        if not (market and colon and title):
            raise Invalid(
                _("Titles by market"),
                _(
                    "line %(n)d is “%(line)s”; write it as Germany: Neu eingetroffen",
                    n=number,
                    line=line.strip(),
                ),
            )
        if market in titles:
            raise Invalid(
                _("Titles by market"),
                _("line %(n)d gives %(market)s a second title; keep one", n=number, market=market),
            )
        titles[market] = title
    return titles


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """`wanted`, or with a number after it when a row is called so already."""
    base = wanted or "row"
    names = [base, *(f"{base[: MAX_SLUG - 4].rstrip('-')}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def with_row(surface: SurfaceSettings, row: RowSettings) -> SurfaceSettings:
    """The surface with the row in its place, or as its last one."""
    if surface.row(row.name) is None:
        return replace(surface, rows=(*surface.rows, row))
    return replace(surface, rows=tuple(row if each.name == row.name else each for each in surface.rows))


def without_row(surface: SurfaceSettings, name: str) -> SurfaceSettings:
    """The surface without the row; raises Invalid for `main`, which every surface has."""
    if name == MAIN:
        raise Invalid("row", _("every surface has its main row; move it down or make it smaller instead"))
    return replace(surface, rows=tuple(each for each in surface.rows if each.name != name))


def arranged(surface: SurfaceSettings, names: Sequence[str]) -> SurfaceSettings:
    """The surface with its rows in the order of `names`; raises Invalid when they are not its rows, each once."""
    if sorted(names) != sorted(row.name for row in surface.rows):
        raise Invalid("rows", _("the rows are not the same any more; look at them again and repeat the move"))
    return replace(surface, rows=tuple(find_row(surface, name) for name in names))


def moved(surface: SurfaceSettings, name: str, by: int) -> SurfaceSettings:
    """The surface with the row `by` places further down, or up where that is negative, as far as there are places."""
    names = [row.name for row in surface.rows if row.name != name]
    at = [row.name for row in surface.rows].index(find_row(surface, name).name)
    names.insert(max(0, min(at + by, len(names))), name)
    return arranged(surface, names)


def read_order(given: str) -> RowOrder:
    """The order of rows that a form names; raises Invalid."""
    try:
        return RowOrder(given)
    except ValueError:
        raise Invalid(_("Order"), _("choose how the rows stand")) from None


def _required(form: Form, name: str, label: str) -> int:
    number = whole(form, name, label)
    if number is None:
        raise Invalid(label, _("give a whole number, such as %(example)d", example=SIZES[name]))
    return number
