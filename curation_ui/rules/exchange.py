"""Rules out to CSV and in again, with a look at what would happen first."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.rules import listing
from curation_ui.rules.blueprint import bp
from curation_ui.rules.bulk import undo_address
from curation_ui.toasts import Toast, Tone, done
from curation_ui.uploads import chosen_file, kept, looked_at
from recsys.data.rule_files import COLUMNS
from recsys.data.rule_sheets import MAX_BYTES, MAX_ROWS
from recsys.domain.errors import Invalid
from recsys.services import exchanging
from recsys.services.exchanging import Plan

SHOWN = 200


@bp.get("/export")
def export() -> Response:
    """The pins, vetoes and boosts that the list's filters ask for, as CSV."""
    chosen = {rule.id for rule in listing.matching(listing.asked_for(request.args))}
    response = make_response(exchanging.rules_to_export(context.draft().rules, chosen))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="rules.csv"'
    return response


@bp.get("/import")
def choose_file() -> str:
    """Where a file is chosen."""
    return _page()


@bp.post("/import")
def look_at_file() -> Response:
    """What a file would do, and every line that cannot be a rule; nothing is changed."""
    data = chosen_file()
    if not data:
        return make_response(_page(error=_("Choose a file that is not empty.")), 422)
    try:
        plan = exchanging.plan_import(context.shop(), context.actor(), data)
    except Invalid as error:
        return make_response(_page(error=_("The file %(why)s.", why=error.message)), 422)
    return make_response(_page(plan, data), 422 if plan.problems else 200)


@bp.post("/import/apply")
def bring_in() -> Response:
    """Bring the rules of a file that was looked at into the draft as one step."""
    data = looked_at()
    plan, step = exchanging.import_rules(context.shop(), context.actor(), data)
    if step is None:
        # Somebody changed the draft since the look: what stands now is looked at again.
        return make_response(_page(plan, data), 422 if plan.problems else 200)
    context.wrote()
    count = ngettext("%(num)d rule", "%(num)d rules", step.count)
    toast = Toast(_("Brought %(count)s into the draft.", count=count), Tone.GOOD, undo_address(step))
    return done(toast, url_for("rules.index"))


def _page(plan: Plan | None = None, data: bytes = b"", error: str = "") -> str:
    return render_template(
        "rules/import.html",
        plan=plan,
        exchange="rules",
        data=kept(data) if plan is not None and not plan.problems else "",
        error=error,
        most_kilobytes=MAX_BYTES // 1024,
        most_rows=MAX_ROWS,
        columns=COLUMNS,
        shown=SHOWN,
    )
