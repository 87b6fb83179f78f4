"""The workbench: one theme, its form, and saving it."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms
from curation_ui.errors import invalid_words
from curation_ui.i18n import gettext as _
from curation_ui.surfaces.making import place_theme, read_slots
from curation_ui.surfaces.scene import surface_of
from curation_ui.themes.blueprint import bp
from curation_ui.themes.facts import facts_of, statuses
from curation_ui.themes.form import theme_from
from curation_ui.themes.parts import Preview, first_shoppers
from curation_ui.toasts import Toast, done
from recsys.domain.errors import Conflict, Invalid, NotFound, Unavailable
from recsys.domain.rules import SurfaceSettings, Theme, ThemeOrder
from recsys.domain.scopes import Scope
from recsys.services import drafting
from recsys.services.samples import sample_shoppers


@bp.get("/<slug>")
def show(slug: str) -> str:
    """The workbench of a theme."""
    theme = _theme(slug)
    return _bench(theme, drafting.rule_token(context.draft(), theme.id))


@bp.post("/<slug>")
def save(slug: str) -> Response:
    """Save the form as a change of the draft; nothing typed is lost when that does not work."""
    token = request.form.get("token", "")
    standing = context.draft().rules.theme(slug)
    try:
        theme = theme_from(request.form, slug, context.zone())
    except Invalid as error:
        return make_response(
            _bench(standing or _theme(slug), token, error=invalid_words(error), typed=True), 422
        )
    try:
        change = drafting.put_rule(context.shop(), context.actor(), theme, expected=token)
    except Invalid as error:
        return make_response(_bench(theme, token, error=invalid_words(error)), 422)
    except Conflict as conflict:
        return _conflicting(theme, conflict)
    context.wrote()
    toast = Toast(
        _("“%(title)s” is saved in the draft.", title=theme.title),
        undo=url_for("changes.undo", change_id=change.id),
    )
    return done(toast, url_for("themes.show", slug=slug))


@bp.post("/<slug>/remove")
def remove(slug: str) -> Response:
    """Draft the removal of a theme."""
    theme = _theme(slug)
    change = drafting.remove_rule(
        context.shop(), context.actor(), theme.id, expected=request.form.get("token", "")
    )
    context.wrote()
    toast = Toast(
        _("“%(title)s” is removed in the draft.", title=theme.title),
        undo=url_for("changes.undo", change_id=change.id),
    )
    return done(toast, url_for("themes.index"))


@bp.post("/<slug>/place")
def place(slug: str) -> Response:
    """Place the theme in slots of a surface, for everyone."""
    theme, form, rules = _theme(slug), request.form, context.draft().rules
    surface_slug, _slash, row = forms.text(form, "where").partition("/")
    surface = surface_of(context.draft(), surface_slug)
    scope = Scope(surface=surface.slug, row=row or None)
    pins = place_theme(rules, slug, read_slots(form.get("slots", "")), scope, context.shop().new_id)
    changes = [
        drafting.put_rule(context.shop(), context.actor(), each, expected=drafting.NEW).id for each in pins
    ]
    context.wrote()
    words = _(
        "Placed “%(title)s” in slot %(slots)s of %(surface)s",
        title=theme.title,
        slots=", ".join(str(each.slot) for each in pins),
        surface=surface.title,
    )
    undo = url_for("surfaces.undo_changes", slug=surface.slug, change=changes)
    return done(Toast(words, undo=undo), url_for("themes.show", slug=slug))


def _conflicting(theme: Theme, conflict: Conflict) -> Response:
    """The form as it was sent, beside what stands by now; saving it again goes over that."""
    context.wrote()
    mine = conflict.yours if isinstance(conflict.yours, Theme) else theme
    token = drafting.rule_token(context.draft(), theme.id)
    return make_response(_bench(mine, token, conflict=conflict), 409)


def _theme(slug: str) -> Theme:
    theme = context.draft().rules.theme(slug)
    if theme is None:
        raise NotFound(
            "theme", _("There is no theme at “%(slug)s”; perhaps it was undone or removed.", slug=slug)
        )
    return theme


def _bench(
    theme: Theme, token: str, *, error: str = "", conflict: Conflict | None = None, typed: bool = False
) -> str:
    """The page; with `typed`, the fields show what was sent instead of the theme, so that it can be mended."""
    return render_template(
        "themes/show.html",
        theme=theme,
        token=token,
        error=error,
        conflict=conflict,
        typed=request.form if typed else None,
        facts=facts_of(theme),
        orders=list(ThemeOrder),
        samples=sample_shoppers(context.shop(), context.state()),
        preview=_first_preview(theme),
        users=first_shoppers(),
        begun=request.args.get("begun") == "yes",
        statuses=statuses([*theme.picks, *theme.excluded], theme),
        surfaces=context.draft().rules.of(SurfaceSettings),
    )


def _first_preview(theme: Theme) -> Preview | None:
    try:
        return Preview.of(theme, first_shoppers(), None)
    except Unavailable:
        return None
