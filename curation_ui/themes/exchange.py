"""Themes out to CSV and in again."""

from __future__ import annotations

from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.exchange import Exchange
from curation_ui.i18n import ngettext
from curation_ui.themes.blueprint import bp
from recsys.data.theme_files import COLUMNS
from recsys.services import exchanging

FILES = Exchange(
    name="themes",
    columns=COLUMNS,
    plan=exchanging.plan_themes,
    bring_in=exchanging.import_themes,
    counted=lambda count: ngettext("%(num)d theme", "%(num)d themes", count),
)
FILES.install(bp)


@bp.get("/export")
def export() -> Response:
    """The themes of the draft as CSV."""
    return FILES.download(exchanging.themes_to_export(context.draft().rules))
