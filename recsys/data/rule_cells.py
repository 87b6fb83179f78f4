r"""Cells of the CSV files in which rules and themes go out and come in: how each kind of value is written and read.

Lists are separated by `|` (`\|` stands for the sign itself). A text that a spreadsheet would take for a formula is written
with an apostrophe before it, which reading takes away again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from recsys.domain.errors import Invalid
from recsys.domain.rules import Rule
from recsys.domain.selectors import Selector
from recsys.domain.windows import Window, from_local, zone_of

SELECTOR = tuple(part.name for part in fields(Selector))
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_YEARS = 2, 9998
_YES, _NO = {"yes", "true", "1"}, {"", "no", "false", "0"}


def read_selector(row: Mapping[str, str], prefix: str) -> Selector | None:
    """The selector that the columns beginning with `prefix` describe, None when all of them are empty."""
    given = {part: row[prefix + part] for part in SELECTOR if row.get(prefix + part)}
    if not given:
        return None
    parts: dict[str, object] = {}
    for part, text in given.items():
        column = prefix + part
        if part == "tags":
            parts[part] = tuple(split_list(text))
        elif part.startswith("price"):
            parts[part] = read_number(text, column)
        elif part.endswith("days"):
            parts[part] = read_whole(text, column)
        else:
            parts[part] = text
    try:
        return Selector(**parts)  # type: ignore[arg-type]  # each part by the reader of its kind
    except Invalid as error:
        part = error.field.rpartition(".")[2]
        column = next((name for name in given if name.startswith(part) or part in name), next(iter(given)))
        raise Invalid(prefix + column, error.message) from None


def read_window(row: Mapping[str, str]) -> Window:
    """The window of the columns `starts_at`, `ends_at` and `zone`."""
    zone = row.get("zone", "").strip() or "UTC"
    zone_of(zone)
    return Window(_moment(row, "starts_at", zone), _moment(row, "ends_at", zone), zone)


def _moment(row: Mapping[str, str], column: str, zone: str) -> datetime | None:
    text = row.get(column, "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            column, f"“{text}” is no time such as 2026-11-30 18:00 or 2026-11-30T18:00:00+01:00"
        ) from None
    if at.tzinfo is None:
        return from_local(at, zone, column)
    if not _YEARS[0] <= at.year <= _YEARS[1]:
        raise Invalid(column, f"lies outside the calendar; give a year from {_YEARS[0]} to {_YEARS[1]}")
    return at


def _day(row: Mapping[str, str], column: str) -> date | None:
    text = row.get(column, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(column, f"“{text}” is no day such as 2026-11-30") from None


def _yes(row: Mapping[str, str], column: str) -> bool:
    text = row.get(column, "").strip().lower()
    if text not in _YES | _NO:
        raise Invalid(column, f"“{text}” is neither yes nor no")
    return text in _YES


def read_standing(row: Mapping[str, str]) -> dict[str, Any]:
    """What all rules carry, by the name of the field, as `standing_cells` writes it."""
    return {
        "paused": _yes(row, "paused"),
        "owner": row.get("owner", ""),
        "review": _day(row, "review"),
        "notes": row.get("notes", ""),
    }


def needed(row: Mapping[str, str], column: str) -> str:
    """The cell of a column that may not be empty."""
    if not row.get(column, "").strip():
        raise Invalid(column, "is required")
    return row[column]


def read_whole(text: str, column: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise Invalid(column, f"“{text}” is no whole number") from None


def read_number(text: str, column: str) -> float:
    """A number with or without a fraction."""
    try:
        return float(text)
    except ValueError:
        raise Invalid(column, f"“{text}” is no number such as 1.5") from None


def selector_cells(selector: Selector | None, prefix: str) -> dict[str, str | None]:
    """The cells of a selector, in columns that begin with `prefix`."""
    if selector is None:
        return {}
    parts = {part: getattr(selector, part) for part in SELECTOR}
    parts["tags"] = joined(selector.tags) or None
    return {prefix + part: None if value is None else str(value) for part, value in parts.items()}


def window_cells(window: Window) -> dict[str, str]:
    """The cells of a window: its times in its zone, with their offsets."""
    return {
        "starts_at": _time(window.start, window.zone),
        "ends_at": _time(window.end, window.zone),
        "zone": window.zone,
    }


def standing_cells(rule: Rule) -> dict[str, str]:
    """What all rules carry, but for who made them: whether paused, the owner, the day of review, the notes."""
    return {
        "paused": "yes" if rule.paused else "no",
        "owner": rule.owner,
        "review": rule.review.isoformat() if rule.review else "",
        "notes": rule.notes,
    }


def _time(at: datetime | None, zone: str) -> str:
    return "" if at is None else at.astimezone(zone_of(zone)).isoformat()


def joined(parts: Iterable[str]) -> str:
    """A list in one cell, as `split_list` reads it."""
    return "|".join(_escaped(part, "|") for part in parts)


def split_list(text: str) -> list[str]:
    """The parts of a list; an empty cell is an empty list."""
    return [_unescaped(part) for part in _split(text, "|")] if text else []


def joined_pairs(pairs: Mapping[str, str]) -> str:
    """Texts by market in one cell, as `split_pairs` reads them: `DE=Tee|FR=Thé`."""
    return "|".join(f"{_escaped(name, '=|')}={_escaped(text, '|')}" for name, text in sorted(pairs.items()))


def split_pairs(text: str, column: str) -> dict[str, str]:
    """Texts by market.

    Raises:
        Invalid: when a part names no market, or one twice.
    """
    found: dict[str, str] = {}
    for part in _split(text, "|") if text else []:
        name, *rest = _split(part, "=")
        market = _unescaped(name)
        if not rest or not market:
            raise Invalid(column, f"“{_unescaped(part)}” is no market with its text, such as FR=Noël")
        if market in found:
            raise Invalid(column, f"names the market “{market}” twice")
        found[market] = _unescaped("=".join(rest))
    return found


def _escaped(text: str, signs: str) -> str:
    return "".join(f"\\{letter}" if letter == "\\" or letter in signs else letter for letter in text)


def _split(text: str, sign: str) -> list[str]:
    """The parts between the signs that no backslash stands before; the backslashes stay."""
    parts, escaped = [""], False
    for letter in text:
        if letter == sign and not escaped:
            parts.append("")
            continue
        parts[-1] += letter
        escaped = letter == "\\" and not escaped
    return parts


def _unescaped(text: str) -> str:
    """The text of which a backslash takes the sign after it as it is."""
    return re.sub(r"\\(.?)", r"\1", text, flags=re.DOTALL)


def shown(value: str) -> str:
    """The cell as it is written: with an apostrophe where a spreadsheet would work it out."""
    return f"'{value}" if value.startswith(_FORMULA) and not _is_number(value) else value


def plain(cell: str) -> str:
    """The text of a cell, without the apostrophe that `shown` set before it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
