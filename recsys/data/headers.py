"""Which columns of a file are read."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.data.report import Report
from recsys.domain.errors import Invalid

_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}


def chosen_columns(
    names: Sequence[str], report: Report, required: Sequence[str], known: Sequence[str], extra: bool
) -> list[str]:
    """Columns among `names` that are read, in the file's order; the others are noted in `report`.

    Raises `Invalid` when a required column is missing or a column stands twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise Invalid(name or "file", "is the name of two columns; every column needs a name of its own")
    for name in required:
        if name not in names:
            raise Invalid(name, f"is missing; the file needs the column {name}, and has {_shown(names)}")
    chosen = [name for name in names if name in known or (extra and name)]
    report.ignored = tuple(name for name in names if name not in chosen)
    return chosen


def check_header(line: str) -> None:
    """Refuse a first line that cannot be the header of our kind of CSV. Raises `Invalid`."""
    if "\x00" in line or any("\udc80" <= letter <= "\udcff" for letter in line):
        raise Invalid("file", "is not UTF-8 text; save it as CSV in UTF-8")
    if "," not in line:
        for separator, word in _OTHER_SEPARATORS.items():
            if separator in line:
                raise Invalid("file", f"separates its columns by {word}; use commas")


def _shown(names: Sequence[str]) -> str:
    listed = ", ".join(names[:20])[:200]
    return listed or "none"
