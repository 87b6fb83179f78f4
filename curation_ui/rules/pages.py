"""The list of rules."""

from __future__ import annotations

from flask import render_template, request, url_for

from curation_ui import context
from curation_ui.rules import listing
from curation_ui.rules.blueprint import bp
from curation_ui.rules.sentences import scope_sentence, window_sentence
from curation_ui.search import rule_address
from recsys.domain.rules import AnyRule, SurfaceSettings, Theme
from recsys.domain.scopes import Scope
from recsys.domain.statuses import next_review
from recsys.domain.windows import Window


@bp.get("")
def index() -> str:
    """Every rule of the draft, searched and filtered."""
    found = listing.listing(listing.asked_for(request.args))
    return render_template(
        "rules/index.html",
        found=found,
        asked=found.asked,
        kinds=listing.kinds(),
        statuses=listing.status_words(),
        surfaces=context.draft().rules.of(SurfaceSettings),
        owners=listing.owners(),
        nowhere=listing.NOWHERE,
        next_review=next_review(context.now(), context.zone()),
        **sayings(),
    )


def sayings() -> dict[str, object]:
    """What the templates of rules call."""
    return {"scope_said": scope_said, "window_said": window_said, "held": listing.held_by, "address": address}


def scope_said(scope: Scope) -> str:
    """Where and for whom, as a sentence."""
    return scope_sentence(scope, context.names())


def window_said(window: Window) -> str:
    """When, as a sentence."""
    return window_sentence(window, context.now())


def address(rule: AnyRule) -> str:
    """Where a rule is changed: themes and surfaces on their own pages."""
    if isinstance(rule, Theme | SurfaceSettings):
        return rule_address(rule)
    return url_for("rules.edit", rule=rule.id)
