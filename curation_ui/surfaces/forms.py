"""Reading the form of one rule, and writing a rule back into the fields of its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from curation_ui.moments import from_field, to_field
from curation_ui.surfaces.making import read_slot
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, UserId
from recsys.domain.rules import Boost, Pin, Veto
from recsys.domain.scopes import Scope
from recsys.domain.windows import Window

Fields = Mapping[str, str]
PERCENT = 100
SCOPE_FIELDS = ("surface", "row", "market", "segment", "user", "context_item")

Editable = Pin | Veto | Boost


def edited(rule: Editable, form: Fields) -> Editable:
    """The rule as the form has it.

    Raises:
        Invalid: naming the field that cannot be read.
    """
    common: dict[str, Any] = {
        "scope": read_scope(rule.scope, form),
        "window": read_window(form, rule.window),
        "notes": form.get("notes", "").strip(),
        "owner": form.get("owner", rule.owner).strip(),
        "paused": form.get("paused", "") == "on",
    }
    if isinstance(rule, Pin):
        return replace(
            rule,
            **common,
            slot=read_slot(form.get("slot", "")),
            priority=_whole(form.get("priority", ""), "priority"),
            holdout=_share(form.get("holdout", "")),
        )
    if isinstance(rule, Boost):
        factor = read_factor(form.get("factor", ""))
        return replace(rule, **common, factor=factor, holdout=_share(form.get("holdout", "")))
    return replace(rule, **common, reason=form.get("reason", "").strip())


def written(rule: Editable) -> dict[str, str]:
    """The fields of the form that shows `rule`."""
    zone = rule.window.zone
    fields = {name: getattr(rule.scope, name) or "" for name in SCOPE_FIELDS}
    fields |= {
        "start": to_field(rule.window.start, zone),
        "end": to_field(rule.window.end, zone),
        "zone": zone,
        "notes": rule.notes,
        "owner": rule.owner,
        "paused": "on" if rule.paused else "",
    }
    if isinstance(rule, Pin):
        fields |= {"slot": str(rule.slot), "priority": str(rule.priority)}
    if isinstance(rule, Boost):
        fields["factor"] = f"{rule.factor:g}"
    if isinstance(rule, Veto):
        fields["reason"] = rule.reason
    else:
        fields["holdout"] = f"{rule.holdout * PERCENT:g}"
    return fields


def read_scope(before: Scope, form: Fields) -> Scope:
    """The scope that the form names; a context selector, which the form does not show, is kept."""
    scope = scope_from(form)
    return scope if scope.context_item else replace(scope, context_selector=before.context_selector)


def read_window(form: Fields, before: Window) -> Window:
    """The window that the form names.

    A side that was left as it stood keeps its seconds and, of an ambiguous time, its later hour.
    """
    given = window_from(form, before.zone)
    if given.zone != before.zone:
        return given
    start = before.start if _same(given.start, before.start) else given.start
    end = before.end if _same(given.end, before.end) else given.end
    return Window(start, end, given.zone)


def _same(given: datetime | None, before: datetime | None) -> bool:
    """Whether a field that shows `before` to the minute would read as `given`."""


def read_factor(text: str) -> float:
    """The factor of a boost as a person types it, with a point or a comma.

    Raises:
        Invalid: when it is not a number.
    """
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise Invalid("factor", "give a number such as 1.5 to boost or 0.5 to bury") from None


def _whole(text: str, field: str) -> int:
    try:
        return int(text.strip() or "0")
    except ValueError:
        raise Invalid(field, "give a whole number") from None


def _share(text: str) -> float:
    try:
        return float(text.strip().replace(",", ".") or "0") / PERCENT
    except ValueError:
        raise Invalid("holdout", "give a percentage from 0 to 50") from None
