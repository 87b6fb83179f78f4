"""What one gesture on the grid does: pin, veto, theme, boost, undo.

Each answers with a toast; the page then fetches its stage again. Roles are enforced by the services.
"""

from __future__ import annotations

from dataclasses import replace

from flask import request, url_for
from werkzeug.wrappers import Response

from curation_ui import context
from curation_ui.context import actor, shop
from curation_ui.i18n import gettext as _
from curation_ui.surfaces.blueprint import bp
from curation_ui.surfaces.forms import read_factor
from curation_ui.surfaces.layout import find_row
from curation_ui.surfaces.making import (
    add_member,
    audiences,
    boost_item,
    own_pin,
    pin_item,
    place_theme,
    read_audience,
    read_slot,
    read_slots,
    scope_for,
    veto_item,
)
from curation_ui.surfaces.pages import view_asked
from curation_ui.surfaces.scene import surface_of
from curation_ui.toasts import Toast, done
from recsys.domain.ids import RuleId
from recsys.domain.rules import AnyRule, Pin
from recsys.domain.scopes import Scope
from recsys.services.drafting import Draft, put_rule, rule_token, undo


@bp.post("/<slug>/pin")
def pin(slug: str) -> Response:
    """Put an item at a slot: a new pin, or the item's pin moved there."""
    form, draft = request.form, context.draft()
    item_id, slot, rule_id = form.get("item_id", ""), read_slot(form.get("slot", "")), form.get("rule_id", "")
    moved = own_pin(draft.rules, item_id, rule_id)
    if moved is not None and not form.get("audience"):
        scope = _moved_scope(moved, form.get("row", ""), slug)
        rule = replace(moved, slot=slot, scope=scope, paused=False)
    else:
        rule = pin_item(draft.rules, item_id, slot, _scope(draft, slug), shop().new_id, rule_id)
    token = form.get("token", "") if rule.id == rule_id else ""
    change = put_rule(shop(), actor(), rule, expected=token or rule_token(draft, rule.id))
    return _done(slug, _("Pinned %(title)s to slot %(slot)d", title=_title(item_id), slot=slot), [change.id])


@bp.post("/<slug>/veto")
def veto(slug: str) -> Response:
    """Exclude an item, with a reason, here or everywhere."""
    item_id = request.form.get("item_id", "")
    rule = veto_item(item_id, request.form.get("reason", ""), _scope(context.draft(), slug), shop().new_id)
    return _put(slug, rule, _("Vetoed %(title)s", title=_title(item_id)))


@bp.post("/<slug>/theme")
def theme(slug: str) -> Response:
    """Add an item to a theme as its last hand-pick."""
    item_id, draft = request.form.get("item_id", ""), context.draft()
    rule = add_member(draft.rules, request.form.get("theme", ""), item_id)
    change = put_rule(shop(), actor(), rule, expected=rule_token(draft, rule.id))
    return _done(
        slug, _("Added %(title)s to “%(theme)s”", title=_title(item_id), theme=rule.title), [change.id]
    )


@bp.post("/<slug>/place")
def place(slug: str) -> Response:
    """Place a theme at one or more slots."""
    draft = context.draft()
    slots = read_slots(request.form.get("slots", ""))
    pins = place_theme(draft.rules, request.form.get("theme", ""), slots, _scope(draft, slug), shop().new_id)
    changes = [put_rule(shop(), actor(), each, expected=rule_token(draft, each.id)).id for each in pins]
    title = getattr(draft.rules.theme(request.form.get("theme", "")), "title", "")
    where = ", ".join(str(each.slot) for each in pins)
    return _done(slug, _("Placed “%(title)s” in slot %(slots)s", title=title, slots=where), changes)


@bp.post("/<slug>/boost")
def boost(slug: str) -> Response:
    """Boost or bury an item."""
    item_id, draft = request.form.get("item_id", ""), context.draft()
    factor = read_factor(request.form)
    rule = boost_item(draft.rules, item_id, factor, _scope(draft, slug), shop().new_id)
    words = _("Boosted %(title)s × %(factor)g") if factor > 1 else _("Buried %(title)s × %(factor)g")
    return _put(slug, rule, words % {"title": _title(item_id), "factor": factor})


@bp.post("/<slug>/undo")
def undo_changes(slug: str) -> Response:
    """Take back the named changes of the draft, the newest first."""
    changes = sorted(
        (int(each) for each in request.values.getlist("change") if each.isdecimal()), reverse=True
    )
    for change in changes:
        undo(shop(), actor(), change)
    text = _("Undone") if changes else _("There is nothing of yours to undo")
    return done(Toast(text), _back(slug))


def _scope(draft: Draft, slug: str) -> Scope:
    """The scope that the form's audience means on this page."""
    surface, market = surface_of(draft, slug), request.form.get("home_market", "").strip() or None
    view, _problem = view_asked(slug)
    if row := request.form.get("row", ""):
        # On the whole page a tile says itself in which row it stands.
        view = replace(view, row=find_row(surface, row).name, whole=False)
    audience = read_audience(request.form.get("audience", ""), audiences(surface, view, market)[0])
    return scope_for(surface, view, audience, market)


def _moved_scope(pin: Pin, row: str, slug: str) -> Scope:
    """Where a pin holds after its item was moved: in the row it was moved to, if it named a row of this surface."""
    if not row or pin.scope.row is None or pin.scope.surface != slug:
        return pin.scope
    return replace(pin.scope, row=find_row(surface_of(context.draft(), slug), row).name)


def _put(slug: str, rule: AnyRule, text: str) -> Response:
    token = rule_token(context.draft(), RuleId(rule.id))
    change = put_rule(shop(), actor(), rule, expected=token)
    return _done(slug, text, [change.id])


def _done(slug: str, text: str, changes: list[int]) -> Response:
    undo = (
        url_for("changes.undo", change_id=changes[0])
        if len(changes) == 1
        else url_for("surfaces.undo_changes", slug=slug, change=changes)
    )
    return done(Toast(text, undo=undo), _back(slug))


def _back(slug: str) -> str:
    view, _problem = view_asked(slug)
    return url_for("surfaces.show", slug=slug, **view.arguments())


def _title(item_id: str) -> str:
    return context.names().item(item_id)
