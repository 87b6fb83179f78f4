"""Rules as CSV: one pin, veto or boost a line, with a column for every part; and the lines of a file that cannot be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from recsys.data.report import BadRow
from recsys.data.rule_cells import (
    SELECTOR,
    needed,
    read_number,
    read_selector,
    read_standing,
    read_whole,
    read_window,
    selector_cells,
    standing_cells,
    window_cells,
)
from recsys.data.rule_sheets import RuleRow, Sheet, read_sheet, write_sheet
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.rules import Boost, Pin, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target

Placed = Pin | Veto | Boost

ITEMS, BESIDE = "items_", "beside_"
_OWN: Mapping[str, tuple[str, ...]] = {
    "pin": ("slot", "item_id", "theme", "priority", "holdout"),
    "veto": ("item_id", "reason", *(ITEMS + part for part in SELECTOR)),
    "boost": ("item_id", "factor", "holdout", *(ITEMS + part for part in SELECTOR)),
}
COLUMNS = (
    "id", "kind", "slot", "item_id", "theme", "factor", "reason", "priority", "holdout",
    *(ITEMS + part for part in SELECTOR),
    "surface", "row", "market", "segment", "user", "beside_item", *(BESIDE + part for part in SELECTOR),
    "starts_at", "ends_at", "zone", "paused", "owner", "review", "notes",
)  # fmt: skip
_LIMITED = {column for columns in _OWN.values() for column in columns}
_COLUMN_OF = {
    "window.start": "starts_at", "window.end": "ends_at", "scope.surface": "surface", "scope.row": "row",
    "scope.market": "market", "scope.segment": "segment", "scope.user": "user",
    "scope.context_item": "beside_item", "scope.context": "beside_item", "target": "item_id",
    "target.item_id": "item_id", "pin": "item_id",
}  # fmt: skip
"""Which column says what a field of the domain holds, where the two are called differently."""


def write_rules(rules: Iterable[Placed]) -> str:
    """The rules as CSV with a header, by kind and id."""
    ordered = sorted(rules, key=lambda each: (type(each).__name__, each.id))
    return write_sheet(COLUMNS, map(_cells, ordered))


def read_rules(data: bytes) -> tuple[list[RuleRow[Placed]], list[BadRow]]:
    """The rules of a file, and every line that cannot be one, by line.

    Raises:
        Invalid: when the file is too large, no UTF-8 text, or its header names no kinds.
    """
    return read_sheet(_SHEET, data)


def _rule(row: Mapping[str, str], line: int) -> Placed:
    kind = row.get("kind", "").strip().lower()
    if kind not in _OWN:
        raise Invalid("kind", f"“{kind}” is none of {', '.join(_OWN)}")
    for column, value in row.items():
        if value and column in _LIMITED and column not in _OWN[kind]:
            raise Invalid(column, f"says nothing about a {kind}; leave it empty")
    common = {
        "id": RuleId(row.get("id") or f"line {line}"),
        "scope": _scope(row),
        "window": read_window(row),
        **read_standing(row),
    }
    item = ItemId(row["item_id"]) if row.get("item_id") else None
    if kind == "pin":
        theme = row.get("theme")
        return Pin(
            slot=read_whole(needed(row, "slot"), "slot"),
            item_id=item,
            theme=theme_id(theme) if theme else None,
            priority=read_whole(row.get("priority") or "0", "priority"),
            holdout=read_number(row.get("holdout") or "0", "holdout"),
            **common,
        )
    target = Target(item, read_selector(row, ITEMS))
    if kind == "veto":
        return Veto(target=target, reason=row.get("reason", ""), **common)
    return Boost(
        target=target,
        factor=read_number(needed(row, "factor"), "factor"),
        holdout=read_number(row.get("holdout") or "0", "holdout"),
        **common,
    )


def _scope(row: Mapping[str, str]) -> Scope:
    item, user = row.get("beside_item"), row.get("user")
    return Scope(
        surface=row.get("surface") or None,
        row=row.get("row") or None,
        market=row.get("market") or None,
        segment=row.get("segment") or None,
        user=UserId(user) if user else None,
        context_item=ItemId(item) if item else None,
        context_selector=read_selector(row, BESIDE),
    )


def _cells(rule: Placed) -> dict[str, str]:
    scope = rule.scope
    cells = {
        "id": rule.id,
        "kind": type(rule).__name__.lower(),
        "surface": scope.surface,
        "row": scope.row,
        "market": scope.market,
        "segment": scope.segment,
        "user": scope.user,
        "beside_item": scope.context_item,
        **selector_cells(scope.context_selector, BESIDE),
        **window_cells(rule.window),
        **standing_cells(rule),
        **_own_cells(rule),
    }
    return {column: value or "" for column, value in cells.items()}


def _own_cells(rule: Placed) -> dict[str, str | None]:
    if isinstance(rule, Pin):
        theme = rule.theme.removeprefix("theme-") if rule.theme else None
        return {
            "slot": str(rule.slot),
            "item_id": rule.item_id,
            "theme": theme,
            "priority": str(rule.priority),
            "holdout": repr(rule.holdout),
        }
    target = {"item_id": rule.target.item_id, **selector_cells(rule.target.selector, ITEMS)}
    if isinstance(rule, Veto):
        return {**target, "reason": rule.reason}
    return {**target, "factor": repr(rule.factor), "holdout": repr(rule.holdout)}


_SHEET = Sheet("rules", COLUMNS, ("kind",), "id", _rule, _COLUMN_OF)
