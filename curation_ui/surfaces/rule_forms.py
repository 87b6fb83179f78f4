"""One rule of the surface in full: its form, saving it, pausing it, removing it, and what happens when two edit it."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.context import actor, shop
from curation_ui.i18n import gettext as _
from curation_ui.surfaces.blueprint import bp
from curation_ui.surfaces.forms import Editable, edited
from curation_ui.surfaces.pages import view_asked
from curation_ui.surfaces.zones import known_zones
from curation_ui.toasts import Toast, done, from_htmx
from curation_ui.words import rule_title
from recsys.domain.errors import Conflict, NotFound
from recsys.domain.rules import Boost, Pin, SurfaceSettings, Veto
from recsys.services.drafting import put_rule, remove_rule, rule_token

HELD_BACK = 409


@bp.get("/<slug>/rules/<rule_id>")
def rule_form(slug: str, rule_id: str) -> str:
    """The form of one rule; htmx gets it as a dialog's content."""
    rule = _rule(rule_id)
    return _form(slug, rule, rule_token(context.draft(), rule.id))


@bp.post("/<slug>/rules/<rule_id>")
def save_rule(slug: str, rule_id: str) -> Response:
    """Put the edited rule in the draft, unless someone else changed it meanwhile."""
    token = request.form.get("token", "")
    rule = edited(_rule(rule_id), request.form)
    try:
        change = put_rule(shop(), actor(), rule, expected=token)
    except Conflict as conflict:
        return _held_back(slug, rule, conflict)
    undo = url_for("surfaces.undo_changes", slug=slug, change=change.id)
    return done(Toast(_("Saved %(rule)s in the draft", rule=rule_title(rule)), undo=undo), _back(slug))


@bp.post("/<slug>/rules/<rule_id>/remove")
def remove(slug: str, rule_id: str) -> Response:
    """Take the rule out of the draft; it goes on acting until that is published."""
    rule = _rule(rule_id)
    change = remove_rule(shop(), actor(), rule.id, expected=request.form.get("token", ""))
    undo = url_for("surfaces.undo_changes", slug=slug, change=change.id)
    return done(Toast(_("Removed %(rule)s", rule=rule_title(rule)), undo=undo), _back(slug))


def _held_back(slug: str, rule: Editable, conflict: Conflict) -> Response:
    """Both versions side by side, with the fields that were typed, so that nothing is lost."""
    theirs = conflict.theirs if isinstance(conflict.theirs, Pin | Veto | Boost) else None
    body = render_template(
        "surfaces/conflict.html" if from_htmx() else "surfaces/conflict_page.html",
        view=view_asked(slug)[0],
        slug=slug,
        theirs=theirs,
        yours=rule,
        by=conflict.by,
        token=rule_token(context.draft(), rule.id),
        typed=[(name, value) for name, value in request.form.items() if name not in {"token", "csrf_token"}],
    )
    response = make_response(body, HELD_BACK)
    response.headers["HX-Retarget"] = "#editor-body"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _form(slug: str, rule: Editable, token: str) -> str:
    return render_template(
        "surfaces/rule_form.html" if from_htmx() else "surfaces/rule_page.html",
        view=view_asked(slug)[0],
        slug=slug,
        rule=rule,
        token=token,
        surfaces=context.draft().rules.of(SurfaceSettings),
        markets=context.markets(),
        zones=known_zones(),
    )


def _rule(rule_id: str) -> Editable:
    """The rule in the draft, else the live one: a removed rule can be edited back."""
    draft = context.draft()
    rule = draft.rules.get(rule_id) or draft.live.get(rule_id)
    if not isinstance(rule, Pin | Veto | Boost):
        raise NotFound("rule", _("This rule is not there any more; someone removed it."))
    return rule


def _back(slug: str) -> str:
    view, _problem = view_asked(slug)
    return url_for("surfaces.show", slug=slug, **view.arguments())
