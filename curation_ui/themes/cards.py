"""The themes of the shop as cards, and beginning a new one."""

from __future__ import annotations

from collections.abc import Sequence

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms
from curation_ui.errors import invalid_words
from curation_ui.i18n import gettext as _
from curation_ui.themes.blueprint import bp
from curation_ui.themes.facts import facts_of
from curation_ui.themes.form import slug_of
from curation_ui.themes.searching import Codes
from curation_ui.toasts import Toast, done
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId
from recsys.domain.rules import RESERVED_THEME_SLUGS, Theme, theme_id
from recsys.domain.selectors import Selector
from recsys.services import drafting


@bp.get("")
def index() -> str:
    """Every theme of the draft, by title."""
    themes = sorted(context.draft().rules.of(Theme), key=lambda theme: theme.title.lower())
    rules = context.draft().rules
    removed = [theme for theme in context.draft().live.of(Theme) if theme.id not in rules]
    return render_template("themes/index.html", cards=[facts_of(theme) for theme in themes], removed=removed)


@bp.get("/new")
def new() -> str:
    """The first step to a theme: its name, and something to start from."""
    return render_template("themes/new.html", given={}, error="")


@bp.post("")
def make() -> Response:
    """Draft a theme and go to its workbench."""
    form = request.form
    try:
        codes = Codes.read(forms.text(form, "codes"))
        theme = _begun(forms.text(form, "title"), forms.text(form, "slug"), form, codes.added)
        change = drafting.put_rule(context.shop(), context.actor(), theme, expected="new")
    except Invalid as error:
        return make_response(render_template("themes/new.html", given=form, error=invalid_words(error)), 422)
    context.wrote()
    text = _("“%(title)s” is in the draft.", title=theme.title)
    if codes.unknown:
        text = _("%(text)s Not in the catalog: %(codes)s.", text=text, codes=codes.unknown_words)
    toast = Toast(text, undo=url_for("changes.undo", change_id=change.id))
    return done(toast, url_for("themes.show", slug=theme.slug, begun="yes"))


def _begun(title: str, slug: str, form: forms.Form, picks: Sequence[ItemId]) -> Theme:
    slug = slug or slug_of(title)
    tags = forms.listed(form, "tags")
    if slug in RESERVED_THEME_SLUGS:
        raise Invalid("address", _("“%(slug)s” is an address of the desk itself; choose another", slug=slug))
    if theme_id(slug) in context.draft().rules:
        raise Invalid("slug", _("there is a theme at this address already; choose another"))
    return Theme(
        id=theme_id(slug),
        slug=slug,
        title=title,
        blurb=forms.text(form, "blurb"),
        picks=tuple(picks),
        selector=Selector(tags=tags) if tags else None,
    )
