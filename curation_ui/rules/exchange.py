"""Pins, vetoes and boosts out to CSV and in again."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.exchange import Exchange
from curation_ui.i18n import ngettext
from curation_ui.rules import listing
from curation_ui.rules.blueprint import bp
from recsys.data.rule_files import COLUMNS
from recsys.services import exchanging

FILES = Exchange(
    name="rules",
    columns=COLUMNS,
    plan=exchanging.plan_import,
    bring_in=exchanging.import_rules,
    counted=lambda count: ngettext("%(num)d rule", "%(num)d rules", count),
)
FILES.install(bp)


@bp.get("/export")
def export() -> Response:
    """The pins, vetoes and boosts that the list's filters ask for, as CSV."""
    chosen = {rule.id for rule in listing.matching(listing.asked_for(request.args))}
    return FILES.download(exchanging.rules_to_export(context.draft().rules, chosen))
