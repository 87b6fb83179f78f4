"""Errors that people outside are meant to read: one plain sentence each."""

from __future__ import annotations

from typing import Any


class RecsysError(Exception):
    """Something that the person asking can understand and mend."""


class Invalid(RecsysError):
    """An input that breaks a rule; names the field and the mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message


class NotFound(RecsysError):
    """Something named by the caller does not exist."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what
        self.message = message


class Forbidden(RecsysError):
    """The person or key may not do this."""


class Conflict(RecsysError):
    """The thing changed underneath; `theirs` is what stands now, `yours` what was asked for."""

    def __init__(self, message: str, *, theirs: Any = None, yours: Any = None, by: str = "") -> None:
        super().__init__(message)
        self.theirs = theirs
        self.yours = yours
        self.by = by


class Unavailable(RecsysError):
    """Not now: nothing is published yet, or a part that is needed is away."""
