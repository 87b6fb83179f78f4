"""The publishing page: what is drafted, what to publish of it, and what that will do."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from itertools import groupby
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from curation_ui import context, proposals, waiting
from curation_ui.addresses import within
from curation_ui.i18n import gettext as _
from curation_ui.publishing.blueprint import bp
from curation_ui.publishing.rows_lost import rows_lost
from curation_ui.publishing.selection import Pick, Selection, picked, select
from curation_ui.publishing.warnings import Ground, Warned, warnings
from curation_ui.toasts import Toast, done, from_htmx
from recsys.domain.changes import Change
from recsys.domain.ids import ItemId
from recsys.domain.rules import AnyRule, Boost, Pin, SurfaceSettings, Theme, Veto
from recsys.services.releasing import publish
from recsys.storage.proposals import Proposal


@bp.get("")
def review() -> str:
    """Every change of the draft, with some of them chosen."""
    draft = context.draft()
    back = within(request.args.get("back"), url_for("surfaces.index"))
    pick, surface = _pick(request.args.get("pick", "")), request.args.get("surface", "")
    asked = _proposed()
    ids = picked(draft, pick, context.me(), surface) if asked is None else set(asked.changes)
    return render_template(
        "publishing/review.html",
        draft=draft,
        groups=_by_author(draft.changes),
        surfaces=draft.rules.of(SurfaceSettings),
        pick=pick,
        picked_surface=surface,
        conflicts={each.change.id for each in draft.conflicts},
        chosen=ids,
        back=back,
        proposals=proposals.waiting(),
        asked=None if asked is None else asked.id,
        earliest=proposals.earliest(),
        **_consequences(select(draft, ids)),
    )


@bp.post("/check")
def check() -> str:
    """What publishing the chosen changes would do; nothing is changed by asking."""
    draft = context.draft()
    back = within(request.form.get("back"), url_for("surfaces.index"))
    selection = select(draft, proposals.chosen_changes())
    return render_template(
        "publishing/consequences.html",
        draft=draft,
        back=back,
        brief=request.form.get("brief") == "yes",
        **_consequences(selection),
    )


@bp.post("")
def go() -> Response:
    """Publish the chosen changes, and return to where the editor was; with `stay` that page draws itself anew."""
    expected = request.form.get("expected", "")
    info = publish(
        context.shop(),
        context.actor(),
        sorted(proposals.chosen_changes()),
        comment=request.form.get("comment", ""),
        expected_release=int(expected) if expected.isdecimal() else None,
    )
    context.wrote()
    toast = Toast(_("Published as release %(number)d. Shoppers see it now.", number=info.number))
    if request.form.get("stay") == "yes" and from_htmx():
        return done(toast, "")
    flash(json.dumps(toast.plain()), str(toast.tone))
    back = within(request.form.get("back"), url_for("surfaces.index"))
    if not from_htmx():
        return redirect(back, 303)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = back
    return response


def place_of(rule: AnyRule) -> str:
    """The page at which a rule can be mended."""
    if isinstance(rule, Theme):
        return url_for("themes.show", slug=rule.slug)
    if not isinstance(rule, Pin | Veto | Boost):
        return url_for("surfaces.show", slug=rule.slug)
    scope = rule.scope
    if scope.surface is None:
        return url_for("vetoes.index") if isinstance(rule, Veto) else url_for("surfaces.index")
    asked = {
        "market": scope.market,
        "segment": scope.segment,
        "as": scope.user,
        "context": scope.context_item,
    }
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    return url_for("surfaces.show", slug=scope.surface, _anchor=f"rule-{rule.id}", **given)


def _consequences(selection: Selection) -> dict[str, object]:
    return {"selection": selection, "warnings": _warnings(selection), "place_of": place_of}


def _warnings(selection: Selection) -> list[Warned]:
    state, at = context.state(), context.now()
    ground = Ground(
        rules=selection.rules,
        names=context.names(),
        at=at,
        find=state.catalog.get,
        sellable=_sellable,
        members=waiting.available_members,
    )
    lost = rows_lost(context.shop(), state, selection, context.draft().live, context.names(), at)
    return [*warnings(ground, {change.rule_id for change in selection.chosen}), *lost]


def _sellable(item_id: ItemId, market: str | None) -> bool:
    return context.state().shop_view.sellable(market, context.now())(item_id)


def _proposed() -> Proposal | None:
    """The proposal that the address names, as long as it waits."""
    asked = request.args.get("proposal", "")
    return next((each for each in proposals.waiting() if str(each.id) == asked), None)


def _pick(text: str) -> Pick:
    return Pick(text) if text in set(Pick) else Pick.ALL


def _by_author(changes: Collection[Change]) -> Mapping[str, list[Change]]:
    """The changes by author, one's own first."""
    me = context.me()
    ordered = sorted(changes, key=lambda each: (each.author != me, each.author, each.id))
    return {author: list(found) for author, found in groupby(ordered, key=lambda each: each.author)}
