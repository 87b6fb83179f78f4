"""The time zones that a person can choose from."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

_PLACES = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")


@cache
def known_zones() -> tuple[str, ...]:
    """The zones named after a place, and UTC, in order."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(_PLACES)))
