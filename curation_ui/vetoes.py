"""Vetoes, live and drafted, and takedowns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, forms, waiting, words
from curation_ui.addresses import back
from curation_ui.i18n import gettext as _
from curation_ui.toasts import Toast, done
from recsys.domain.errors import NotFound
from recsys.domain.ids import RuleId
from recsys.domain.rules import SurfaceSettings, Veto
from recsys.domain.selectors import Target
from recsys.services import drafting, takedowns
from recsys.services.standing import covered_by

THUMBS = 4

bp = Blueprint("vetoes", __name__, url_prefix="/vetoes")


@dataclass(frozen=True, slots=True)
class VetoLine:
    """A veto as it stands in the draft, with what the draft does to it and the token that an edit must carry."""

    rule: Veto
    change: str | None
    status: str
    covered: Sequence[str]
    token: str


@bp.get("")
def index() -> str:
    """Everything that is kept away from shoppers, and why."""
    return render_template(
        "vetoes/index.html",
        lines=[_line(each) for each in _drafted_vetoes()],
        removed=_removed(),
        takedowns=waiting.takedowns(),
        reasons=standing_reasons(),
        surfaces=context.draft().rules.of(SurfaceSettings),
        chosen=request.args.get("item", ""),
        sample=sample,
    )


@bp.post("")
def make() -> Response:
    """Draft a veto for an item or a selector."""
    shop = context.shop()
    veto = Veto(
        id=RuleId(shop.new_id("veto")),
        target=_target(),
        reason=forms.text(request.form, "reason"),
        scope=forms.scope_from(request.form),
        window=forms.window_from(request.form, context.zone()),
        notes=forms.text(request.form, "notes"),
    )
    change = drafting.put_rule(shop, context.actor(), veto, expected="new")
    context.wrote()
    title = words.target_words(veto.target, context.names())
    undo = url_for("changes.undo", change_id=change.id)
    return done(Toast(_("Vetoed %(title)s in the draft.", title=title), undo=undo), url_for("vetoes.index"))


@bp.post("/<rule_id>/restore")
def restore(rule_id: str) -> Response:
    """Draft the removal of a veto, so that its items may be shown again."""
    veto = context.draft().rules.get(rule_id)
    if not isinstance(veto, Veto):
        raise NotFound("veto", _("This veto is gone already."))
    change = drafting.remove_rule(
        context.shop(), context.actor(), rule_id, expected=request.form.get("token", "")
    )
    title = words.target_words(veto.target, context.names())
    context.wrote()
    undo = url_for("changes.undo", change_id=change.id)
    return done(
        Toast(_("Restored %(title)s in the draft.", title=title), undo=undo), back(url_for("vetoes.index"))
    )


@bp.post("/takedowns")
def take_down() -> Response:
    """Take an item or a selector down now, everywhere, without a publication."""
    target = _target()
    taken = takedowns.take_down(
        context.shop(), context.actor(), target, reason=forms.text(request.form, "reason")
    )
    context.wrote()
    title = words.target_words(target, context.names())
    undo = url_for("vetoes.lift", takedown_id=taken.id)
    text = _("%(title)s is taken down: no shopper sees it from now on.", title=title)
    return done(Toast(text, undo=undo), back(url_for("vetoes.index")))


@bp.post("/takedowns/<takedown_id>/lift")
def lift(takedown_id: str) -> Response:
    """End a takedown."""
    lifted = takedowns.lift(
        context.shop(), context.actor(), takedown_id, reason=forms.text(request.form, "reason")
    )
    context.wrote()
    title = words.target_words(lifted.target, context.names())
    return done(Toast(_("The takedown of %(title)s is lifted.", title=title)), back(url_for("vetoes.index")))


def standing_reasons() -> list[str]:
    """The reasons that vetoes and takedowns give, the most frequent first, then some that shops often need."""
    given = [veto.reason for veto in context.draft().rules.of(Veto)] + [
        each.reason for each in waiting.takedowns()
    ]
    usual = [
        _("Recalled by the maker"),
        _("Poor quality"),
        _("Out of season"),
        _("Not for this place"),
        _("Rights or licence"),
    ]
    return sorted(set(given), key=lambda reason: (-given.count(reason), reason)) + [
        r for r in usual if r not in given
    ]


def sample(target: Target) -> list[str]:
    """A few of the items that a target covers, to show what is meant."""
    return list(islice(covered_by(target, context.state(), context.now()), THUMBS))


def _target() -> Target:
    return forms.target_from(request.form)


def _drafted_vetoes() -> list[Veto]:
    live = context.draft().live
    return sorted(
        context.draft().rules.of(Veto), key=lambda veto: (veto.id in live, veto.reason.lower(), veto.id)
    )


def _removed() -> list[Veto]:
    rules = context.draft().rules
    return [veto for veto in context.draft().live.of(Veto) if veto.id not in rules]


def _line(veto: Veto) -> VetoLine:
    draft, at = context.draft(), context.now()
    standing = draft.live.get(veto.id)
    change = "new" if standing is None else "changed" if standing != veto else None
    covered = covered_by(veto.target, context.state(), at)
    return VetoLine(veto, change, _status(veto), covered, drafting.rule_token(draft, veto.id))


def _status(veto: Veto) -> str:
    at = context.now()
    if veto.paused:
        return "paused"
    if veto.window.start is not None and at < veto.window.start:
        return "scheduled"
    return "expired" if veto.window.end is not None and at >= veto.window.end else "live"
