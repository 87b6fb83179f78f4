"""Runs: what the models learned, beside what is live; accepting and rejecting."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms, run_changes, run_words
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, done, from_htmx
from recsys.domain.errors import Unavailable
from recsys.services import auto_accept, releasing, run_metrics
from recsys.services import runs as services

SHOWN = 100

bp = Blueprint("runs", __name__, url_prefix="/runs")


@bp.get("")
def index() -> str:
    """All runs, newest first."""
    found, live = services.runs(context.shop(), SHOWN), services.live_run(context.shop())
    by_gate = auto_accept.by_gate(context.shop())
    return render_template("runs/index.html", runs=found, live=live, by_gate=by_gate, say=run_words)


@bp.get("/<run_id>")
def show(run_id: str) -> str:
    """One run beside the live one."""
    run, live = services.find_run(context.shop(), run_id), services.live_run(context.shop())
    board = run_words.leaderboard(run, None if live is None or live.id == run.id else live)
    other = live is not None and live.id != run.id
    paired, unpaired = None, ""
    if live and other:
        try:
            paired = run_metrics.paired_metrics(context.shop(), run.id, live.id)
        except Unavailable as fault:
            unpaired = str(fault)
    return render_template(
        "runs/show.html",
        run=run,
        live=live,
        board=board,
        paired=paired,
        unpaired=unpaired,
        by_gate=auto_accept.by_gate(context.shop()),
        say=run_words,
    )


@bp.get("/<run_id>/changes")
def changes(run_id: str) -> str:
    """What accepting the run would change; as a part of the run's page, or as a page of its own."""
    run = services.find_run(context.shop(), run_id)
    drafted = request.args.get("rules") == "draft" and bool(context.draft().changes)
    try:
        found, fault = run_changes.changes_of(run, drafted=drafted), ""
    except Unavailable as error:
        found, fault = None, str(error)
    return render_template(
        "runs/changes.html" if from_htmx() else "runs/changes_page.html",
        run=run,
        changes=found,
        fault=fault,
        level=3 if from_htmx() else 2,
        drafted=drafted,
        draft_changes=bool(context.draft().changes),
        say=run_changes,
    )


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
