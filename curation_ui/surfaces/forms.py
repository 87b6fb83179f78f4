"""Reading the form of one rule that stands on a surface."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from curation_ui.forms import Form, decimal, scope_from, text, whole, window_from
from curation_ui.i18n import gettext as _
from curation_ui.moments import to_field
from curation_ui.surfaces.making import read_slot
from recsys.domain.errors import Invalid
from recsys.domain.rules import Boost, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.windows import Window

PERCENT = 100

Editable = Pin | Veto | Boost


def edited(rule: Editable, form: Form) -> Editable:
    """The rule as the form has it.

    Raises:
        Invalid: naming the field that cannot be read.
    """
    common: dict[str, Any] = {
        "scope": read_scope(rule.scope, form),
        "window": read_window(form, rule.window),
        "notes": text(form, "notes"),
        "owner": text(form, "owner", rule.owner),
        "paused": form.get("paused", "") == "on",
    }
    if isinstance(rule, Veto):
        return replace(rule, **common, reason=text(form, "reason"))
    common["holdout"] = (decimal(form, "holdout", _("Holdout")) or 0) / PERCENT
    if isinstance(rule, Boost):
        return replace(rule, **common, factor=read_factor(form))
    slot, priority = read_slot(form.get("slot", "")), whole(form, "priority", _("Priority")) or 0
    return replace(rule, **common, slot=slot, priority=priority)


def read_scope(before: Scope, form: Form) -> Scope:
    """The scope that the form names; a row and a context selector, which the form does not show, are kept."""
    scope = scope_from(form)
    if scope.surface is not None and scope.surface == before.surface and scope.row is None:
        scope = replace(scope, row=before.row)
    return scope if scope.context_item else replace(scope, context_selector=before.context_selector)


def read_window(form: Form, before: Window) -> Window:
    """The window that the form names.

    A side that was left as it stood keeps its seconds and, of an ambiguous time, its later hour.
    """
    given = window_from(form, before.zone)
    if given.zone != before.zone:
        return given if given.start or given.end else replace(given, zone=before.zone)
    start = before.start if _looks_as(given.start, before.start, given.zone) else given.start
    end = before.end if _looks_as(given.end, before.end, given.zone) else given.end
    return Window(start, end, given.zone)


def read_factor(form: Form) -> float:
    """The factor of a boost or bury.

    Raises:
        Invalid: when it is missing or not a number.
    """
    factor = decimal(form, "factor", _("Factor"))
    if factor is None:
        raise Invalid("factor", _("give a number such as 1.5 to boost or 0.5 to bury"))
    return factor


def _looks_as(given: datetime | None, before: datetime | None, zone: str) -> bool:
    return to_field(given, zone) == to_field(before, zone)
