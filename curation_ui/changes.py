"""The draft's changes: taking one back, and settling one that no longer fits."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, words
from curation_ui.addresses import back
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, Tone, done, from_htmx
from recsys.domain.changes import Change, ChangeConflict
from recsys.domain.errors import NotFound
from recsys.domain.rules import Theme
from recsys.services import drafting, settling

bp = Blueprint("changes", __name__, url_prefix="/changes")


@bp.get("/<int:change_id>")
def show(change_id: int) -> str:
    """A change that no longer fits, field by field: what its author saw, what stands now, what they meant."""
    conflict = _conflict(change_id)
    return render_template("changes/settle.html", conflict=conflict, change=conflict.change)


@bp.post("/<int:change_id>/undo")
def undo(change_id: int) -> Response:
    """Take a change back."""
    change = next((each for each in context.draft().changes if each.id == change_id), None)
    said = words.draft_change_words(change, context.names()) if change is not None else ""
    drafting.undo(context.shop(), context.actor(), change_id)
    context.wrote()
    response = done(Toast(_("Undone: %(what)s.", what=said), Tone.INFO), _after(change))
    if from_htmx() and _made_a_theme(change):
        response.headers["HX-Redirect"] = _after(change)
    return response


@bp.post("/<int:change_id>/settle")
def settle(change_id: int) -> Response:
    """Keep a change that no longer fits, over what stands now, or let it go."""
    keep = request.form.get("keep") == "yes"
    settling.settle(context.shop(), context.actor(), change_id, keep=keep)
    context.wrote()
    text = (
        _("Kept: the change now starts from what is published.")
        if keep
        else _("Let go: what is published stands.")
    )
    return done(Toast(text), url_for("desk.index"))


def _after(change: Change | None) -> str:
    """Where an undo leads: back, unless it takes away the page that one comes from."""
    return url_for("themes.index") if _made_a_theme(change) else back(url_for("desk.index"))


def _made_a_theme(change: Change | None) -> bool:
    return change is not None and change.before is None and isinstance(change.after, Theme)


def _conflict(change_id: int) -> ChangeConflict:
    found = next((each for each in context.draft().conflicts if each.change.id == change_id), None)
    if found is None:
        raise NotFound("change", _("This change is settled already, or was published or undone."))
    return found
