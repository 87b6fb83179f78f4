"""Parts of the workbench that htmx asks for while one works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request

from curation_ui import context, forms
from curation_ui.errors import invalid_words
from curation_ui.themes.blueprint import bp
from curation_ui.themes.facts import members_for
from curation_ui.themes.form import codes_in, theme_from
from recsys.domain.errors import Invalid, RecsysError, Unavailable
from recsys.domain.rules import Theme
from recsys.services import catalog
from recsys.services.theme_preview import ThemeMember

FOUND, SHOWN, SELECTED = 12, 60, 8


@dataclass(frozen=True, slots=True)
class Preview:
    """A theme as one shopper would meet it."""

    theme: Theme
    members: Sequence[ThemeMember]
    selected: Sequence[str]

    @classmethod
    def of(cls, theme: Theme, members: Sequence[ThemeMember]) -> Preview:
        """A preview with what the theme's selector holds now."""
        held = (
            context.state().catalog.members(theme.selector, context.now())
            if theme.selector is not None
            else ()
        )
        return cls(theme, members, list(held))

    @property
    def shown(self) -> Sequence[ThemeMember]:
        """The first members; the page says how many more there are."""
        return self.members[:SHOWN]

    @property
    def available(self) -> int:
        """How many members this shopper could be shown."""
        return sum(member.status == "ok" for member in self.members)


@bp.get("/find")
def find() -> str:
    """Catalog items that match `q`, each with a way to add it."""
    text = request.args.get("q", "").strip()
    items = catalog.search(context.shop(), text, FOUND) if text else []
    return render_template("themes/found.html", q=text, items=items)


@bp.post("/entries")
def entries() -> str:
    """The list entries of the codes in `codes`, for adding them to the hand-picks or exclusions (`kind`)."""
    codes = codes_in(request.form.get("codes", ""))
    have = set(request.form.getlist("picks" if request.form.get("kind") != "excluded" else "excluded"))
    kind = "excluded" if request.form.get("kind") == "excluded" else "picks"
    known = catalog.find_items(context.shop(), codes)
    return render_template(
        "themes/entries.html",
        kind=kind,
        added=[code for code in codes if code in known and code not in have],
        repeated=[code for code in codes if code in have],
        unknown=[code for code in codes if code not in known],
    )


@bp.post("/preview")
def preview() -> str:
    """What the form as it stands would show to the shopper chosen beside it; nothing is saved."""
    try:
        theme = theme_from(request.form, forms.text(request.form, "slug"), context.zone())
        user, market = (forms.optional(request.form, name) for name in ("preview_user", "preview_market"))
        found = Preview.of(theme, members_for(theme, user, market))
    except Unavailable as error:
        return render_template("themes/preview.html", preview=None, problem=str(error))
    except RecsysError as error:
        words = invalid_words(error) if isinstance(error, Invalid) else str(error)
        return render_template("themes/preview.html", preview=None, problem=words)
    return render_template("themes/preview.html", preview=found, problem="", tiles=SELECTED)
