"""Themes out to CSV and in again, with a look at what would happen first."""

from __future__ import annotations

from flask import make_response, render_template, url_for
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.rules.bulk import undo_address
from curation_ui.rules.exchange import SHOWN
from curation_ui.themes.blueprint import bp
from curation_ui.toasts import Toast, Tone, done
from curation_ui.uploads import chosen_file, kept, looked_at
from recsys.data.rule_sheets import MAX_BYTES, MAX_ROWS
from recsys.data.theme_files import COLUMNS
from recsys.domain.errors import Invalid
from recsys.services import exchanging
from recsys.services.exchanging import Plan


@bp.get("/export")
def export() -> Response:
    """The themes of the draft as CSV."""
    response = make_response(exchanging.themes_to_export(context.draft().rules))
    response.headers["Content-Type"] = "text/csv; charset=utf-8"
    response.headers["Content-Disposition"] = 'attachment; filename="themes.csv"'
    return response


@bp.get("/import")
def choose_file() -> str:
    """Where a file is chosen."""
    return _page()


@bp.post("/import")
def look_at_file() -> Response:
    """What a file would do, and every line that cannot be a theme; nothing is changed."""
    data = chosen_file()
    if not data:
        return make_response(_page(error=_("Choose a file that is not empty.")), 422)
    try:
        plan = exchanging.plan_themes(context.shop(), context.actor(), data)
    except Invalid as error:
        return make_response(_page(error=_("The file %(why)s.", why=error.message)), 422)
    return make_response(_page(plan, data), 422 if plan.problems else 200)


@bp.post("/import/apply")
def bring_in() -> Response:
    """Bring the themes of a file that was looked at into the draft as one step."""
    data = looked_at()
    plan, step = exchanging.import_themes(context.shop(), context.actor(), data)
    if step is None:
        # Somebody changed the draft since the look: what stands now is looked at again.
        return make_response(_page(plan, data), 422 if plan.problems else 200)
    context.wrote()
    count = ngettext("%(num)d theme", "%(num)d themes", step.count)
    toast = Toast(_("Brought %(count)s into the draft.", count=count), Tone.GOOD, undo_address(step))
    return done(toast, url_for("themes.index"))


def _page(plan: Plan | None = None, data: bytes = b"", error: str = "") -> str:
    return render_template(
        "themes/import.html",
        exchange="themes",
        plan=plan,
        data=kept(data) if plan is not None and not plan.problems else "",
        error=error,
        most_kilobytes=MAX_BYTES // 1024,
        most_rows=MAX_ROWS,
        columns=COLUMNS,
        shown=SHOWN,
    )
