"""Releases: the line of what was live, any two compared, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal, cast

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms
from curation_ui.i18n import gettext as _
from curation_ui.release_words import release_words
from curation_ui.toasts import Toast, done
from recsys.domain.diff import RuleDifference, diff_rules
from recsys.domain.errors import Invalid
from recsys.services import releasing
from recsys.services.rule_counts import rule_outcomes
from recsys.storage.releases import ReleaseInfo

PAGE = 25
PERIODS = (7, 28, 90)
WAYS_BACK = {"both", "rules", "run"}

bp = Blueprint("releases", __name__, url_prefix="/releases")


@bp.get("")
def index() -> str:
    """The line of history, newest first, with what each release changed."""
    limit = max(PAGE, min(forms.whole(request.args, "limit") or PAGE, 1000))
    found = releasing.releases(context.shop(), limit + 1)
    return render_template(
        "releases/index.html",
        releases=found[:limit],
        more=len(found) > limit,
        limit=limit,
        page=PAGE,
        changed=_changed(found),
    )


@bp.get("/rules")
def rules() -> str:
    """What each rule brought in the last days, with it and without it."""
    asked = forms.whole(request.args, "days")
    days = asked if asked in PERIODS else PERIODS[1]
    return render_template(
        "releases/rules.html", outcomes=rule_outcomes(context.shop(), days), days=days, choices=PERIODS
    )


@bp.get("/<int:number>")
def show(number: int) -> str:
    """One release: its rules against the one before it, and the way back to it."""
    return _compared(max(1, number - 1), number)


@bp.get("/compare")
def compare() -> str | Response:
    """Two releases side by side: `before` and `after`."""
    before, after = forms.whole(request.args, "before"), forms.whole(request.args, "after")
    if before is None or after is None:
        return redirect(url_for("releases.index"))
    return _compared(before, after)


@bp.post("/<int:number>/roll-back")
def roll_back(number: int) -> Response:
    """Make a new release with the rules, the run or both of this one."""
    what = request.form.get("what", "both")
    if what not in WAYS_BACK:
        raise Invalid("what", _("choose the rules, the run or both"))
    made = releasing.roll_back(
        context.shop(),
        context.actor(),
        number,
        what=cast("Literal['both', 'rules', 'run']", what),
        comment=forms.text(request.form, "comment"),
        expected_release=forms.whole(request.form, "expected_release"),
    )
    context.wrote()
    return done(
        Toast(_("Release %(n)d is live: %(words)s.", n=made.number, words=release_words(made))),
        url_for("releases.index"),
    )


def _compared(before: int, after: int) -> str:
    shop = context.shop()
    return render_template(
        "releases/show.html",
        release=releasing.release(shop, after),
        before=releasing.release(shop, before),
        differences=releasing.compare(shop, before, after),
        live=context.draft().live_number,
    )


def _changed(found: Sequence[ReleaseInfo]) -> Mapping[int, list[RuleDifference]]:
    """By release number, how its rules differ from those of the release before it."""
    with context.shop().database.read() as unit:
        rules = {each.number: unit.releases.rules(each.number) for each in found}
    return {
        after: diff_rules(rules[before], rules[after])
        for after, before in pairwise(each.number for each in found)
    }
