"""Single values of parameters: each function gives the value as we use it, or raises `Invalid` with the mend."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from recsys.domain.errors import Invalid
from recsys.domain.ids import check_id

MAX_LIMIT = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MAX_PRICE = 10**15
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?", re.ASCII)
MOMENT = r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:[Zz]|[+-]\d{2}:\d{2})?"
_MOMENT = re.compile(MOMENT, re.ASCII)


def parse_id(given: str) -> str:
    """An opaque id."""
    if not given:
        raise Invalid("", "is empty; give an id, or leave the parameter out")
    return check_id(given, "")


def parse_limit(given: str) -> int:
    """A whole number from 1 to 100."""
    if not (given.isascii() and given.isdigit() and len(given) <= 4 and 1 <= int(given) <= MAX_LIMIT):
        raise Invalid("", f"give a whole number from 1 to {MAX_LIMIT}")
    return int(given)


def parse_boolean(given: str) -> bool:
    """Either `true` or `false`."""
    if given not in {"true", "false"}:
        raise Invalid("", "give true or false")
    return given == "true"


def parse_switch(given: str) -> bool:
    """Either `on` or `off`."""
    if given not in {"on", "off"}:
        raise Invalid("", "give on or off")
    return given == "on"


def parse_price(given: str) -> float:
    """A number, 0 or more."""
    if not _NUMBER.fullmatch(given) or not math.isfinite(float(given)):
        raise Invalid("", "give a number, 0 or more, such as 12.50")
    return float(given)


def parse_moment(given: str) -> datetime:
    """A time as RFC 3339, from 1970 on; without an offset it is UTC."""
    mend = "give a time such as 2026-11-21T09:30:00Z; in an address, write the + of an offset as %2B"
    if not _MOMENT.fullmatch(given):
        raise Invalid("", mend)
    try:
        moment = datetime.fromisoformat(given.upper())
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("", mend) from None
    if utc < EPOCH:
        raise Invalid("", "give a time from 1970 on")
    return utc


def parse_token(given: str) -> str:
    """A cursor as an earlier answer gave it; whether it is sound is seen later."""
    if not given:
        raise Invalid("", "is empty; give the next_cursor of the page before, or leave the parameter out")
    return given
