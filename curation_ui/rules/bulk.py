"""One action on many rules, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from flask import request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms
from curation_ui.addresses import back
from curation_ui.i18n import gettext as _
from curation_ui.i18n import ngettext
from curation_ui.moments import from_field
from curation_ui.rules.blueprint import bp
from curation_ui.toasts import Toast, Tone, done, undo_address
from recsys.domain.errors import Invalid
from recsys.domain.rules import AnyRule, kind_of
from recsys.services import bulk
from recsys.services.bulk import Edit, Step

SHOWN = 3


@bp.post("/bulk")
def change_many() -> Response:
    """Delete, pause, resume, or set end, review or owner of the rules that are ticked, as one step."""
    seen = [each.partition(" ") for each in dict.fromkeys(request.form.getlist("rule"))]
    if not seen:
        raise Invalid("rules", _("tick at least one"))
    act, said = _action(forms.text(request.form, "action"))
    rules = context.draft().rules
    edits, refused = [], []
    for token, _blank, rule_id in seen:
        rule = rules.get(rule_id)
        try:
            edits.append(Edit(rule_id, act(rule) if rule is not None else None, token))
        except Invalid as error:
            refused.append(f"{rule_id} ({kind_of(rule) if rule else ''}): {error.message}")
    _refuse(refused)
    step = bulk.change_rules(context.shop(), context.actor(), edits)
    context.wrote()
    return done(Toast(_words(said, step), undo=undo_address(step)), back(url_for("rules.index")))


@bp.post("/undo")
def undo() -> Response:
    """Take back what one step changed: the signed-in person's changes from `first` to `last`."""
    first, last = (forms.whole(request.args, name) or 0 for name in ("first", "last"))
    count = bulk.undo_step(context.shop(), context.actor(), first, last)
    context.wrote()
    text = ngettext("Undone: %(num)d change.", "Undone: %(num)d changes.", count)
    return done(Toast(text, Tone.INFO), back(url_for("rules.index")))


def _refuse(refused: Sequence[str]) -> None:
    if not refused:
        return
    more = len(refused) - SHOWN
    tail = _(" and %(n)d more", n=more) if more > 0 else ""
    raise Invalid("rules", "; ".join(refused[:SHOWN]) + tail)


def _action(name: str) -> tuple[Callable[[AnyRule], AnyRule | None], str]:
    """What is done to each rule, and the word for it; fields are read once, so that their errors are said once."""
    match name:
        case "delete":
            return lambda _rule: None, _("Deleted")
        case "pause":
            return lambda rule: bulk.paused(rule, True), _("Paused")
        case "resume":
            return lambda rule: bulk.paused(rule, False), _("Resumed")
        case "end":
            zone = forms.text(request.form, "zone") or context.zone()
            end = from_field(forms.text(request.form, "end"), zone, _("End"))
            return lambda rule: bulk.ending(rule, end, zone), _("Set the end of")
        case "review":
            day = read_day(forms.text(request.form, "review"))
            return lambda rule: bulk.reviewed(rule, day), _("Set the review of")
        case "owner":
            owner = forms.text(request.form, "owner")
            return lambda rule: bulk.owned(rule, owner), _("Gave an owner to")
        case _:
            raise Invalid("action", _("choose one of those offered"))


def read_day(text: str) -> date | None:
    """The day of a `date` field, None when it is empty."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid("review", _("give a day, such as 2026-11-30")) from None


def _words(said: str, step: Step) -> str:
    count = ngettext("%(num)d rule", "%(num)d rules", step.count)
    return _("%(done)s %(count)s in the draft.", done=said, count=count)
