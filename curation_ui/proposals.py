"""Proposals: asking for a publication, planning one for a moment, handing back, calling off."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms
from curation_ui.addresses import within
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.moments import from_field, moment, to_field
from curation_ui.toasts import Toast, Tone, done
from recsys.domain.errors import Invalid
from recsys.services import proposing
from recsys.storage.proposals import Proposal

bp = Blueprint("proposals", __name__, url_prefix="/proposals")


@bp.post("")
def make() -> Response:
    """Ask publishers to publish the chosen changes."""
    made = proposing.propose(
        context.shop(), context.actor(), chosen_changes(), comment=request.form.get("comment", "")
    )
    text = ngettext(
        "%(num)d change is proposed. A publisher sees it on the desk.",
        "%(num)d changes are proposed. A publisher sees them on the desk.",
        len(made.changes),
    )
    return _answer(Toast(text, undo=url_for("proposals.withdraw", proposal_id=made.id)))


@bp.post("/schedule")
def schedule() -> Response:
    """Let the chosen changes be published at a moment to come."""
    zone = forms.text(request.form, "zone") or context.zone()
    at = from_field(forms.text(request.form, "publish_at"), zone, _("Publish at"))
    if at is None:
        raise Invalid(_("Publish at"), _("give the date and time at which shoppers are to see it"))
    made = proposing.schedule(
        context.shop(), context.actor(), chosen_changes(), at, comment=request.form.get("comment", "")
    )
    text = _("Planned for %(when)s. Until then the changes stay in the draft.", when=moment(at, zone))
    return _answer(Toast(text, undo=url_for("proposals.withdraw", proposal_id=made.id)))


@bp.post("/<int:proposal_id>/return")
def hand_back(proposal_id: int) -> Response:
    """Give a proposal back to its author, with a word."""
    ended = proposing.hand_back(
        context.shop(), context.actor(), proposal_id, word=request.form.get("word", "")
    )
    return _answer(Toast(_("Handed back to %(who)s.", who=context.called(ended.author))))


@bp.post("/<int:proposal_id>/withdraw")
def withdraw(proposal_id: int) -> Response:
    """End a proposal or a plan; its changes stay in the draft."""
    proposing.withdraw(context.shop(), context.actor(), proposal_id)
    return _answer(Toast(_("Called off. Its changes stay in the draft."), Tone.INFO))


def waiting() -> list[Proposal]:
    """Those that somebody has to do with, as of this request."""
    return context.once("proposals", lambda: list(proposing.waiting_proposals(context.shop())))


def earliest() -> str:
    """The moment after which a publication may be planned, as a field takes it."""
    return to_field(context.now() + timedelta(minutes=1), context.zone())


def chosen_changes() -> set[int]:
    """The ids of the changes that a form names."""
    return {int(each) for each in request.form.getlist("change") if each.isdecimal() and each.isascii()}


def _answer(toast: Toast) -> Response:
    context.wrote()
    return done(toast, within(request.form.get("to"), url_for("publishing.review")))
