"""Runs: what the models learned, beside what is live; accepting and rejecting."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms, run_words
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, done
from recsys.services import releasing
from recsys.services import runs as services

SHOWN = 100

bp = Blueprint("runs", __name__, url_prefix="/runs")


@bp.get("")
def index() -> str:
    """All runs, newest first."""
    found, live = services.runs(context.shop(), SHOWN), services.live_run(context.shop())
    return render_template("runs/index.html", runs=found, live=live, say=run_words)


@bp.get("/<run_id>")
def show(run_id: str) -> str:
    """One run beside the live one."""
    run, live = services.find_run(context.shop(), run_id), services.live_run(context.shop())
    board = run_words.leaderboard(run, None if live is None or live.id == run.id else live)
    return render_template("runs/show.html", run=run, live=live, board=board, say=run_words)


@bp.post("/<run_id>/accept")
def accept(run_id: str) -> Response:
    """Make the run the live one."""
    release = releasing.accept_run(
        context.shop(),
        context.actor(),
        run_id,
        comment=forms.text(request.form, "comment"),
        despite_gate=request.form.get("despite_gate") == "yes",
        expected_release=forms.whole(request.form, "expected_release"),
    )
    context.wrote()
    text = _("Run %(run)s is live as release %(number)d.", run=run_id, number=release.number)
    return done(Toast(text), url_for("runs.show", run_id=run_id))


@bp.post("/<run_id>/reject")
def reject(run_id: str) -> Response:
    """Put the run aside."""
    releasing.reject_run(context.shop(), context.actor(), run_id, reason=forms.text(request.form, "reason"))
    context.wrote()
    return done(Toast(_("Run %(run)s is rejected; what is live stays.", run=run_id)), url_for("runs.index"))
