"""The rows of the page: adding, editing, moving and removing them, all in the draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.context import actor, shop
from curation_ui.field_words import FieldChange, value_words
from curation_ui.i18n import gettext as _
from curation_ui.layout_words import kind_words, row_changes, row_field_words
from curation_ui.surfaces.blueprint import bp
from curation_ui.surfaces.layout import (
    SIZES,
    arranged,
    find_row,
    moved,
    read_kind,
    read_order,
    read_row,
    row_token,
    with_row,
    without_row,
)
from curation_ui.surfaces.notices import nobody_there
from curation_ui.surfaces.pages import view_asked
from curation_ui.surfaces.scene import surface_of
from curation_ui.toasts import Toast, Tone, done, from_htmx
from curation_ui.words import row_words, rule_words
from recsys.domain.errors import Invalid
from recsys.domain.rows import RowKind, RowOrder, RowSettings
from recsys.domain.rules import Boost, Pin, SurfaceSettings, Theme, Veto
from recsys.services.drafting import put_rule, rule_token

HELD_BACK = 409


@bp.get("/<slug>/rows")
def new_row(slug: str) -> str:
    """The form of a new row."""
    surface_of(context.draft(), slug)
    return _form(slug, None, {name: str(size) for name, size in SIZES.items()} | {"group_limit": "1"})


@bp.post("/<slug>/rows")
def add_row(slug: str) -> Response:
    """Put a new row below the others."""
    surface = surface_of(context.draft(), slug)
    row = read_row(request.form, None, [each.name for each in surface.rows], _words(request.form))
    return _save(with_row(surface, row), _("Added the row “%(row)s”", row=_called(row)), row)


@bp.get("/<slug>/rows/<name>")
def row_form(slug: str, name: str) -> str:
    """The form of a row."""
    row = find_row(surface_of(context.draft(), slug), name)
    return _form(slug, row, _fields(row))


@bp.post("/<slug>/rows/<name>")
def save_row(slug: str, name: str) -> Response:
    """Put the edited row in the draft, unless someone else changed the same row meanwhile."""
    surface = surface_of(context.draft(), slug)
    before = find_row(surface, name)
    row = read_row(request.form, before, [], "")
    if request.form.get("token", "") != row_token(before):
        return _held_back(slug, before, row)
    return _save(with_row(surface, row), _("Saved the row “%(row)s” in the draft", row=_called(row)), row)


@bp.post("/<slug>/rows/<name>/remove")
def remove_row(slug: str, name: str) -> Response:
    """Take a row off the page."""
    surface = surface_of(context.draft(), slug)
    row = find_row(surface, name)
    rest = without_row(surface, name)
    if there := _standing_on(slug, name):
        raise Invalid(
            "row",
            _(
                "rules stand on it, remove them first: %(rules)s",
                rules="; ".join(rule_words(each, context.names()) for each in there),
            ),
        )
    return _save(rest, _("Removed the row “%(row)s”", row=_called(row)))


@bp.post("/<slug>/arrange")
def arrange(slug: str) -> Response:
    """Put the rows in another order: the names of all of them from the top, or one of them and how far it goes."""
    surface, form = surface_of(context.draft(), slug), request.form
    if "move" in form:
        name, by = form["move"], -1 if form.get("by") == "-1" else 1
        return _save(moved(surface, name, by), _moved_words(surface, name, by))
    return _save(arranged(surface, form.getlist("row")), _("Put the rows in another order"))


@bp.post("/<slug>/order")
def order(slug: str) -> Response:
    """Choose whether the rows stand as laid out, or for each shopper in the order of taste."""
    surface, wanted = surface_of(context.draft(), slug), read_order(request.form.get("order", ""))
    text = (
        _("The rows stand for every shopper as laid out")
        if wanted is RowOrder.FIXED
        else _("The rows stand in the order that suits each shopper")
    )
    return _save(replace(surface, order=wanted), text)


def _moved_words(surface: SurfaceSettings, name: str, by: int) -> str:
    row = _called(find_row(surface, name))
    return _("Moved “%(row)s” up", row=row) if by < 0 else _("Moved “%(row)s” down", row=row)


def _save(surface: SurfaceSettings, text: str, row: RowSettings | None = None) -> Response:
    """Put the layout in the draft; of the edited `row` it is said which titles nobody will meet."""
    slips = [nobody_there(each) for each in (row.titles if row else ()) if each not in context.markets()]
    change = put_rule(shop(), actor(), surface, expected=rule_token(context.draft(), surface.id))
    undo = url_for("changes.undo", change_id=change.id)
    view, _problem = view_asked(surface.slug)
    toast = Toast(". ".join([text, *slips]), Tone.INFO if slips else Tone.GOOD, undo)
    return done(toast, url_for("surfaces.show", slug=surface.slug, **view.arguments()))


def _held_back(slug: str, theirs: RowSettings, yours: RowSettings) -> Response:
    """The form as it was sent, beside what someone else made of the row meanwhile."""
    body = _form(slug, theirs, request.form, _differences(theirs, yours))
    response = make_response(body, HELD_BACK)
    response.headers["HX-Retarget"] = "#editor-body"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _differences(theirs: RowSettings, yours: RowSettings) -> list[FieldChange]:
    names = context.names()
    return [
        FieldChange(
            each,
            row_field_words(each),
            value_words(getattr(theirs, each), names),
            value_words(getattr(yours, each), names),
        )
        for each in row_changes(theirs, yours)
    ]


def _form(
    slug: str,
    row: RowSettings | None,
    typed: Mapping[str, str],
    differences: Sequence[FieldChange] = (),
) -> str:
    rules = context.draft().rules
    return render_template(
        "surfaces/row_form.html" if from_htmx() else "surfaces/row_page.html",
        view=view_asked(slug)[0],
        slug=slug,
        row=row,
        typed=typed,
        token=row_token(row),
        kinds=[(str(kind), kind_words(kind)) for kind in RowKind],
        themes=[(theme.id, theme.title) for theme in rules.of(Theme)],
        differences=differences,
    )


def _fields(row: RowSettings) -> dict[str, str]:
    """The row as a form sends it."""
    return {
        "kind": str(row.kind),
        "theme": row.theme or "",
        "title": row.title,
        "titles": "\n".join(f"{market}: {title}" for market, title in sorted(row.titles.items())),
        "size": str(row.size),
        "min_size": str(row.min_size),
        "group_limit": str(row.group_limit),
        "repeats": "on" if row.repeats else "",
        "fallback": "on" if row.fallback else "",
    }


def _standing_on(slug: str, name: str) -> list[Pin | Veto | Boost]:
    """The drafted rules that name the row."""
    return [
        rule
        for rule in context.draft().rules
        if isinstance(rule, Pin | Veto | Boost) and rule.scope.surface == slug and rule.scope.row == name
    ]


def _called(row: RowSettings) -> str:
    return row_words(row, context.names())


def _words(form: Mapping[str, str]) -> str:
    """What a new row without a title is called by: its theme, else its kind."""
    theme = context.draft().rules.get(form.get("theme", ""))
    if form.get("kind") == RowKind.THEME and isinstance(theme, Theme):
        return theme.slug
    return str(read_kind(form.get("kind", "").strip())).replace("_", " ")
