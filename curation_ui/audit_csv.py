"""The audit as CSV, line by line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator

from recsys.storage.audit import AuditEntry

COLUMNS = ("id", "at", "actor", "role", "command", "target", "comment", "before", "after")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def audit_csv(entries: Iterable[AuditEntry]) -> Iterator[str]:
    """A header and a line an entry; times are RFC 3339, `before` and `after` are JSON or empty."""
    yield _line(COLUMNS)
    for each in entries:
        said = (each.actor, each.role, each.command, each.target, each.comment)
        yield _line(
            (str(each.id), each.at.isoformat(), *map(_plain, said), _json(each.before), _json(each.after))
        )


def _plain(text: str) -> str:
    """Text that no spreadsheet takes for a formula: a quote is put before what would begin one."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _json(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _line(values: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()
