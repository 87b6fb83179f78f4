"""One rule as the texts of a form, and the form as a rule again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from curation_ui import forms
from curation_ui.forms import Form
from curation_ui.i18n import gettext as _
from curation_ui.moments import to_field
from curation_ui.rules.bulk import read_day
from curation_ui.surfaces.forms import read_factor, read_window
from curation_ui.surfaces.making import read_slot
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import Boost, Pin, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import ALWAYS
from recsys.services.shop import check_words

Placed = Pin | Veto | Boost
PERCENT = 100
_SELECTOR = ("price_min", "price_max", "min_age_days", "max_age_days", "market", "group_id")


def texts_of(rule: Placed, zone: str) -> dict[str, str]:
    """The fields of a rule's form; `zone` is where a rule without a window would be thought of."""
    scope, window = rule.scope, rule.window
    at_zone = window.zone if window != ALWAYS else zone
    given: dict[str, object] = {
        "scope_surface": scope.surface,
        "scope_row": scope.row,
        "scope_market": scope.market,
        "scope_segment": scope.segment,
        "scope_user": scope.user,
        "scope_context_item": scope.context_item,
        "scope_context_tags": ", ".join(scope.context_selector.tags) if scope.context_selector else "",
        "window_start": to_field(window.start, at_zone),
        "window_end": to_field(window.end, at_zone),
        "window_zone": at_zone,
        "paused": "on" if rule.paused else "",
        "owner": rule.owner,
        "review": rule.review.isoformat() if rule.review else "",
        "notes": rule.notes,
        **_own_texts(rule),
    }
    return {name: "" if value is None else str(value) for name, value in given.items()}


def _own_texts(rule: Placed) -> dict[str, object]:
    if isinstance(rule, Pin):
        theme = rule.theme.removeprefix("theme-") if rule.theme else None
        held = percent_text(rule.holdout)
        return {
            "slot": rule.slot,
            "item_id": rule.item_id,
            "theme": theme,
            "priority": rule.priority,
            "holdout": held,
        }
    selector = rule.target.selector
    target: dict[str, object] = {"item_id": rule.target.item_id}
    if selector is not None:
        target["selector_tags"] = ", ".join(selector.tags)
        target |= {f"selector_{part}": exact(getattr(selector, part)) for part in _SELECTOR}
    if isinstance(rule, Veto):
        return {**target, "reason": rule.reason}
    return {**target, "factor": exact(rule.factor), "holdout": percent_text(rule.holdout)}


def exact(value: object) -> str:
    """A value as a field shows it, so that reading it again gives the same."""
    return "" if value is None else str(value).removesuffix(".0")


def percent_text(share: float) -> str:
    """A share in percent, without what binary fractions add."""
    return f"{share * PERCENT:.12g}"


def read_rule(kind: str, rule_id: str, form: Form, before: Placed | None) -> Placed:
    """The rule that a form says; `before` is what it was, for what the form does not show.

    Raises:
        Invalid: naming the field that cannot be.
    """
    common: dict[str, Any] = {
        "id": RuleId(rule_id),
        "author": before.author if before is not None else "",
        "scope": _scope(form, before.scope if before is not None else Scope()),
        "window": read_window(form, before.window if before is not None else ALWAYS),
        "paused": form.get("paused", "") == "on",
        "owner": check_words(form.get("owner", ""), "owner"),
        "review": read_day(forms.text(form, "review")),
        "notes": check_words(form.get("notes", ""), "notes"),
    }
    match kind:
        case "pin":
            return _pin(form, common)
        case "veto":
            reason = check_words(form.get("reason", ""), "reason", required=True)
            return Veto(target=_target(form), reason=reason, **common)
        case "boost":
            return Boost(target=_target(form), factor=read_factor(form), holdout=_holdout(form), **common)
        case _:
            raise Invalid("kind", _("choose a pin, a veto or a boost"))


def _pin(form: Form, common: Mapping[str, Any]) -> Pin:
    item, theme = forms.optional(form, "item_id"), forms.optional(form, "theme")
    if (item is None) == (theme is None):
        raise Invalid("item_id", _("give either an item or a theme"))
    return Pin(
        slot=read_slot(form.get("slot", "")),
        item_id=ItemId(item) if item else None,
        theme=theme_id(theme) if theme else None,
        priority=forms.whole(form, "priority", "priority") or 0,
        holdout=_holdout(form),
        **common,
    )


def _target(form: Form) -> Target:
    target_item, selector = forms.optional(form, "item_id"), forms.selector_from(form)
    if target_item is not None and selector is not None:
        raise Invalid("item_id", _("give either an item or what items are, not both"))
    if target_item is None and selector is None:
        raise Invalid("item_id", _("give an item, or below what items are"))
    return Target(ItemId(target_item) if target_item else None, selector)


def _scope(form: Form, before: Scope) -> Scope:
    """The scope; of a context selector the form shows the tags alone, and the rest of it stays."""
    scope, old = forms.scope_from(form), before.context_selector
    if scope.context_item is not None or old is None:
        return scope
    tags = scope.context_selector.tags if scope.context_selector is not None else ()
    if not tags and old == Selector(tags=old.tags or ("-",)):
        return scope
    return replace(scope, context_selector=replace(old, tags=tags))


def _holdout(form: Form) -> float:
    return (forms.decimal(form, "holdout", "holdout") or 0) / PERCENT


def field_of(error: Invalid) -> str:
    """The field of the form at which an error is to be shown; empty where there is none."""
    known = {
        _("From"): "window_start", _("Until"): "window_end", "window.start": "window_start", "window.end": "window_end",
        "zone": "window_zone", "target": "item_id", "target.item_id": "item_id", "pin": "item_id", "selector.price": "selector_price_min",
        "selector.age_days": "selector_min_age_days", "selector.tags": "selector_tags", _("Factor"): "factor",
        _("Price from"): "selector_price_min", _("Price up to"): "selector_price_max",
        _("At least days old"): "selector_min_age_days", _("Newer than days"): "selector_max_age_days",
        "scope.surface": "scope_surface", "scope.row": "scope_row", "scope.market": "scope_market",
        "scope.segment": "scope_segment", "scope.user": "scope_user", "scope.context": "scope_context_item",
        "scope.context_item": "scope_context_item",
    }  # fmt: skip
    shown = {
        "slot",
        "item_id",
        "theme",
        "priority",
        "holdout",
        "factor",
        "reason",
        "notes",
        "owner",
        "review",
    }
    return known.get(error.field) or (error.field if error.field in shown else "")
