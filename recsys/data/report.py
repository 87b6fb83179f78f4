"""What happened while a file was read: rows kept, rows refused with where and why."""

from __future__ import annotations

from dataclasses import dataclass, field

from recsys.domain.errors import Invalid

#: So many refused rows are kept in detail; all of them are counted.
MOST_DETAILS = 1_000


@dataclass(frozen=True, slots=True)
class BadRow:
    """One refused row. `line`: its first line in the file (in Parquet: its row), counted from 1."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}"
        return f"{where}: {self.field} {self.reason}" if self.field else f"{where}: {self.reason}"


@dataclass(slots=True)
class Report:
    """Filled in while a file is read.

    `good`, `bad`: rows so far. `details`: the first `MOST_DETAILS` refused rows.
    `ignored`: columns that were not read. `bytes_read`, `bytes_total`: how far the reading is, for a progress bar.
    """

    good: int = 0
    bad: int = 0
    details: list[BadRow] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    bytes_read: int = 0
    bytes_total: int = 0

    def refuse(self, line: int, field: str, reason: str) -> None:
        """Count a refused row."""
        self.bad += 1
        if len(self.details) < MOST_DETAILS:
            self.details.append(BadRow(line, field, reason))

    def close(self, *, strict: bool) -> None:
        """Check the whole, once everything is read.

        Raises `Invalid` when the file held no row at all, or when `strict` and a row was refused.
        """
        if not self.good and not self.bad:
            raise Invalid("file", "holds no rows below its header; nothing was imported")
        if strict and self.bad:
            rows = "1 row is" if self.bad == 1 else f"{self.bad:,} rows are"
            raise Invalid(
                "file", f"{rows} refused, so nothing was imported; mend the file or import without strict"
            )
