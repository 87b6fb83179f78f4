"""Finding members: the catalog searched as one types, and pasted lists of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from curation_ui import context, forms
from curation_ui.errors import invalid_words
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.themes.blueprint import bp
from curation_ui.themes.facts import statuses
from curation_ui.themes.form import codes_in, items_of
from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId
from recsys.domain.rules import MAX_MEMBERS
from recsys.services import catalog
from recsys.slates.finding import Wanted
from recsys.slates.finding import find as find_in_catalog

FOUND, NAMED = 24, 20

Form = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Codes:
    """A list of codes beside what the catalog and the theme have of them, in the order given."""

    added: Sequence[ItemId]
    repeated: Sequence[ItemId]
    unknown: Sequence[ItemId]

    @classmethod
    def read(cls, text: str, have: Sequence[str] = ()) -> Codes:
        """The codes of a pasted text; what is in `have` is there already.

        Raises:
            Invalid: for more codes than a theme holds.
        """
        codes, there = codes_in(text), set(have)
        if len(codes) > MAX_MEMBERS:
            raise Invalid("codes", _("a theme holds at most %(n)d hand-picks; paste fewer", n=MAX_MEMBERS))
        known = catalog.find_items(context.shop(), codes)
        return cls(
            added=[code for code in codes if code in known and code not in there],
            repeated=[code for code in codes if code in there],
            unknown=[code for code in codes if code not in known and code not in there],
        )

    @property
    def words(self) -> str:
        """What became of the list, in a sentence or two."""
        said = [ngettext("%(num)d item added", "%(num)d items added", len(self.added))]
        if self.repeated:
            said.append(
                ngettext("%(num)d was there already", "%(num)d were there already", len(self.repeated))
            )
        if self.unknown:
            said.append(
                ngettext("%(num)d is not in the catalog", "%(num)d are not in the catalog", len(self.unknown))
            )
        return ", ".join(said) + "."

    @property
    def unknown_words(self) -> str:
        """The unknown codes, the first of them by name."""
        more = len(self.unknown) - NAMED
        named = ", ".join(self.unknown[:NAMED])
        return named if more <= 0 else _("%(codes)s and %(n)d more", codes=named, n=more)


@bp.get("/find", endpoint="find")
@bp.post("/find", endpoint="find_for")
def find() -> str:
    """Catalog items for the theme, each with a way to add it; nothing is saved."""
    asked = request.values
    have = {*asked.getlist("picks"), *asked.getlist("excluded")}
    try:
        wanted = _wanted(asked)
        problem = ""
        items = find_in_catalog(context.state(), wanted, FOUND)
    except Invalid as error:
        wanted, items, problem = Wanted(), list[Item](), invalid_words(error)
    return render_template(
        "themes/found.html", wanted=wanted, items=items, have=have, problem=problem, most=FOUND
    )


@bp.post("/entries")
def entries() -> str:
    """The list entries of the codes in `codes`, for adding them to the hand-picks or exclusions (`kind`)."""
    kind = "excluded" if request.form.get("kind") == "excluded" else "picks"
    codes = Codes.read(request.form.get("codes", ""), request.form.getlist(kind))
    return render_template("themes/entries.html", kind=kind, codes=codes, statuses=statuses(codes.added))


def _wanted(asked: Form) -> Wanted:
    alike = asked.get("find_like") == "yes"
    return Wanted(
        text=forms.text(asked, "q"),
        tags=forms.listed(asked, "find_tag"),
        price_min=forms.decimal(asked, "find_from", _("Price from")),
        price_max=forms.decimal(asked, "find_to", _("Price up to")),
        available=asked.get("find_available") == "yes",
        like=items_of(asked.getlist("picks")) if alike else (),
        without=frozenset(items_of(asked.getlist("excluded"))) if alike else frozenset(),
    )
