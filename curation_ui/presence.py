"""Who else is at the desk: open pages say so every twenty seconds, and hear who else did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request

from curation_ui import context
from curation_ui.i18n import gettext as _
from recsys.services.presence import ASKED_EVERY, note_presence, others_present

bp = Blueprint("presence", __name__, url_prefix="/presence")
SECONDS = int(ASKED_EVERY.total_seconds())


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else who is here, the page that they look at, and how many drafted changes are theirs."""

    name: str
    place: str
    changes: int


@bp.post("")
def here() -> str:
    """Note who asks, and say who else is here."""
    path = urlsplit(request.headers.get("HX-Current-URL", "")).path
    note_presence(context.shop(), context.actor(), path)
    return render_template("presence.html", others=others())


def others() -> Sequence[Other]:
    """Who else was here within the last minute."""
    return context.once("others", _read)


def _read() -> list[Other]:
    authors = [change.author for change in context.draft().changes]
    return [
        Other(context.called(each.person), _place_words(each.place), authors.count(each.person))
        for each in others_present(context.shop(), context.actor())
    ]


def _place_words(path: str) -> str:
    """The page in a word or two; what nobody can name is just the desk."""
    part, _slash, rest = path.strip("/").partition("/")
    slug = rest.partition("/")[0]
    rules = context.draft().rules
    if part == "surfaces" and (surface := rules.surface(slug)) is not None:
        return surface.title
    if part == "themes" and (theme := rules.theme(slug)) is not None:
        return theme.title
    known = {
        "themes": _("Themes"),
        "vetoes": _("Vetoes"),
        "publish": _("Publish"),
        "runs": _("Runs"),
        "releases": _("Releases"),
        "audit": _("Audit"),
        "rules": _("Rules"),
    }
    return known.get(part, _("the desk"))
