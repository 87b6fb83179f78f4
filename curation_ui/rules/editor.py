"""One rule in full: made, changed, duplicated; and what it would hold and meet, told while it is typed."""

from __future__ import annotations

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, words
from curation_ui.errors import invalid_words
from curation_ui.forms import Form, text
from curation_ui.i18n import gettext as _
from curation_ui.rules import listing
from curation_ui.rules.blueprint import bp
from curation_ui.rules.fields import Placed, field_of, read_rule, texts_of
from curation_ui.rules.pages import sayings
from curation_ui.search import rule_address
from curation_ui.toasts import Toast, done
from recsys.domain.errors import Conflict, Invalid, NotFound
from recsys.domain.rules import Boost, Pin, SurfaceSettings, Theme, Veto, kind_of
from recsys.services.drafting import NEW, check_names, put_rule, rule_token

KINDS = ("pin", "veto", "boost")
SAMPLES = 6
UNSAVED = "unsaved"


@bp.get("/new")
def new() -> str:
    """The form of a rule to be made: of the kind asked for, or as a duplicate of another."""
    source = request.args.get("from", "")
    if source:
        rule = _rule(source)
        return _page(kind_of(rule), None, texts_of(rule, context.zone()), copied=rule)
    kind = request.args.get("kind", "pin")
    if kind not in KINDS:
        raise NotFound("kind", _("There is no such kind of rule."))
    given = {name: value for name, value in request.args.items() if name != "kind"}
    return _page(kind, None, {"window_zone": context.zone(), "owner": context.me(), **given})


@bp.post("/new")
def make() -> Response:
    """Put a new rule into the draft."""
    kind = text(request.form, "kind")
    try:
        rule = read_rule(kind, context.shop().new_id(kind), request.form, None)
        change = put_rule(context.shop(), context.actor(), rule, expected=NEW)
    except Invalid as error:
        return make_response(_page(kind, None, request.form, error), 422)
    context.wrote()
    said = words.rule_words(rule, context.names())
    undo = url_for("changes.undo", change_id=change.id)
    return done(Toast(_("Made %(rule)s in the draft.", rule=said), undo=undo), url_for("rules.index"))


@bp.get("/edit")
def edit() -> str:
    """The form of a rule of the draft."""
    rule = _rule(request.args.get("rule", ""))
    return _page(kind_of(rule), rule, texts_of(rule, context.zone()))


@bp.post("/edit")
def save() -> Response:
    """Put the changed rule into the draft, unless somebody changed it meanwhile."""
    before = _rule(request.args.get("rule", ""))
    try:
        rule = read_rule(kind_of(before), before.id, request.form, before)
        change = put_rule(context.shop(), context.actor(), rule, expected=request.form.get("token", ""))
    except Invalid as error:
        return make_response(_page(kind_of(before), before, request.form, error), 422)
    except Conflict as conflict:
        if conflict.theirs is None:
            raise
        return make_response(_page(kind_of(before), before, request.form, None, conflict), 409)
    context.wrote()
    said = words.rule_words(rule, context.names())
    undo = url_for("changes.undo", change_id=change.id)
    return done(Toast(_("Saved %(rule)s in the draft.", rule=said), undo=undo), url_for("rules.index"))


@bp.get("/preview")
def preview() -> str:
    """What the rule that is being typed says, which items it holds, and which other rules it meets."""
    rule_id = request.args.get("id") or UNSAVED
    found = context.draft().rules.get(rule_id)
    before = found if isinstance(found, Pin | Veto | Boost) else None
    try:
        rule = read_rule(text(request.args, "kind"), rule_id, request.args, before)
        check_names(context.draft().rules, context.draft().rules.with_rule(rule), "rule")
    except Invalid as error:
        return render_template("rules/preview.html", problem=invalid_words(error), rule=None)
    return render_template("rules/preview.html", problem="", **_effect(rule))


def _effect(rule: Placed) -> dict[str, object]:
    """What a rule would do in the draft."""
    stood = listing.stand(context.draft().rules.with_rule(rule))
    standing = next(each for each in stood if each.rule.id == rule.id)
    held = listing.held_by(rule.target) if isinstance(rule, Veto | Boost) else ()
    return {
        "rule": rule,
        "standing": standing,
        "held": held,
        "samples": list(held[:SAMPLES]),
        "statuses": listing.status_words(),
        **{name: call for name, call in sayings().items() if name != "held"},
    }


def _page(
    kind: str,
    rule: Placed | None,
    values: Form,
    error: Invalid | None = None,
    conflict: Conflict | None = None,
    *,
    copied: Placed | None = None,
) -> str:
    if kind not in KINDS:
        raise NotFound("kind", _("There is no such kind of rule."))
    field = field_of(error) if error is not None else ""
    return render_template(
        "rules/edit.html",
        kind=kind,
        rule=rule,
        copied=copied,
        values=values,
        errors={field: error.message} if error is not None and field else {},
        problem=invalid_words(error) if error is not None and not field else "",
        conflict=conflict,
        token=_token(rule, values, conflict),
        surfaces=context.draft().rules.of(SurfaceSettings),
        themes=context.draft().rules.of(Theme),
        shown_at=rule_address(rule) if rule is not None else "",
        **sayings(),
    )


def _token(rule: Placed | None, values: Form, conflict: Conflict | None) -> str:
    """The version that the form is about: what was seen, until a conflict was shown."""
    if rule is None:
        return NEW
    return (
        values.get("token", "")
        if conflict is None and "token" in values
        else rule_token(context.draft(), rule.id)
    )


def _rule(rule_id: str) -> Placed:
    found = context.draft().rules.get(rule_id)
    if not isinstance(found, Pin | Veto | Boost):
        raise NotFound("rule", _("This rule is not in the draft any more."))
    return found
