"""Single values from outside: each function returns the value as we hold it, or raises `Invalid` with the reason.

A value is text (CSV), or whatever Parquet or JSON gave: a number, a truth value, a date, a list.
The reasons continue a sentence that begins with the field's name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from recsys.data.kinds import KIND_CODE, KINDS
from recsys.domain.catalog import Attribute
from recsys.domain.errors import Invalid
from recsys.domain.ids import check_id

Parser = Callable[[object], object]

LONGEST_TEXT: Final = 4_000
_EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}([Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ADDRESS = re.compile(r"(https?://[^\s/]|/(?!/))\S*", re.IGNORECASE)
_FLAGS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def parse_id(value: object) -> str:
    """Opaque id: text as it stands; a whole number becomes its decimal digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Invalid("", "must be text; ids are compared letter by letter")
    return check_id(value, "")


def parse_kind(value: object) -> str:
    """One of `KINDS`."""
    if not isinstance(value, str) or value not in KIND_CODE:
        raise Invalid("", f"{_shown(value)} is not known; use one of {', '.join(KINDS)}")
    return value


def parse_time(value: object) -> datetime:
    """Moment in UTC from RFC 3339 or ISO 8601 (date, or date and time); without an offset it is UTC."""
    if isinstance(value, str):
        moment = _time_of_text(value)
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime.combine(value, time())
    else:
        raise Invalid("", "must be a time such as 2026-03-31T14:05:00Z")
    try:
        utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise Invalid("", f"{_shown(value)} is out of range; use the years 1970 to 9999") from None
    if utc < _EARLIEST:
        raise Invalid("", f"{_shown(value)} lies before 1970; leave it empty when the time is not known")
    return utc


def parse_time_until(latest: datetime | None) -> Parser:
    """`parse_time` that refuses what lies more than a day after `latest` (a day, for clocks and zones differ)."""

    def parse(value: object) -> datetime:
        moment = parse_time(value)
        if latest is not None and moment > latest + timedelta(days=1):
            raise Invalid(
                "", f"{_shown(value)} lies in the future; give the time at which it happened, in UTC"
            )
        return moment

    return parse


def parse_number(value: object) -> float:
    """Finite number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        number = float(value)
    elif isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        number = _float(value)
    else:
        raise Invalid("", f"{_shown(value)} is not a number; write it like 12.5")
    if not math.isfinite(number):
        raise Invalid("", f"{_shown(value)} is not a finite number; write it like 12.5, or leave it empty")
    return number


def parse_amount(value: object) -> float:
    """Finite number, 0 or more."""
    number = parse_number(value)
    if number < 0:
        raise Invalid("", f"{_shown(value)} is negative; use 0 or more")
    return number


def parse_count(value: object) -> int:
    """Whole number, 0 or more."""
    number = parse_amount(value)
    if not number.is_integer():
        raise Invalid("", f"{_shown(value)} is not a whole number")
    return int(number)


def parse_flag(value: object) -> bool:
    """Truth value: true/false, 1/0 or yes/no, in any case."""
    if isinstance(value, bool):
        return value
    flag = _FLAGS.get(str(value).strip().lower())
    if flag is None:
        raise Invalid("", f"{_shown(value)} is neither true nor false")
    return flag


def parse_text(value: object) -> str:
    """Text for people: runs of white space become one space, none at the ends; never empty."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise Invalid("", "must be text")
    text = " ".join(value.split())
    _check_text(text)
    if not text:
        raise Invalid("", "is empty; give a text")
    return text


def parse_ids(value: object) -> tuple[str, ...]:
    """Several ids: text separated by `|`, or a list of texts; blanks dropped, of equal ones the first stays."""
    if isinstance(value, str):
        parts: list[object] = list(value.split("|"))
    elif isinstance(value, list):
        parts = value
    else:
        raise Invalid("", "must be text separated by | or a list of texts")
    if not all(isinstance(part, str) for part in parts):
        raise Invalid("", "must hold texts alone")
    stripped = (str(part).strip() for part in parts)
    return tuple(dict.fromkeys(check_id(part, "") for part in stripped if part))


def parse_currency(value: object) -> str:
    """Three letters, as ISO 4217 has them."""
    code = value.strip().upper() if isinstance(value, str) else ""
    if not _CURRENCY.fullmatch(code):
        raise Invalid("", f"{_shown(value)} is not a currency; use three letters such as EUR")
    return code


def parse_address(value: object) -> str:
    """Address of a page or picture: http, https, or a path that begins with a slash; nothing that runs as a script."""
    text = value.strip() if isinstance(value, str) else ""
    if not _ADDRESS.fullmatch(text):
        raise Invalid("", f"{_shown(value)} is not an address; begin it with https:// or /")
    _check_text(text)
    return text


def parse_attribute(value: object) -> Attribute:
    """Value of a further column: text, number or truth value; times become RFC 3339 text in UTC."""
    if isinstance(value, str):
        _check_text(value)
        return value
    if isinstance(value, (date, datetime)):
        return rfc3339(parse_time(value))
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("", "is not a finite number; leave it empty")
    if isinstance(value, (bool, int, float)):
        return value
    raise Invalid("", "must be text, a number or true/false")


def rfc3339(moment: datetime) -> str:
    """Aware `moment` as RFC 3339 text in UTC, ending in Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time_of_text(text: str) -> datetime:
    stripped = text.strip()
    if not _TIME.fullmatch(stripped):
        raise Invalid("", f"{_shown(text)} is not a time; write it like 2026-03-31T14:05:00Z")
    try:
        return datetime.fromisoformat(stripped.upper())
    except ValueError:
        raise Invalid("", f"{_shown(text)} does not exist in the calendar or on the clock") from None


def _float(value: float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _check_text(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Invalid("", f"is longer than {LONGEST_TEXT:,} characters; shorten it")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid("", "is not valid UTF-8 text; save the file as UTF-8") from None
    if _CONTROL.search(text):
        raise Invalid("", "holds a control character; remove it")


def _shown(value: object) -> str:
    """The value in quotes, short, and printable whatever it holds."""
    text = str(value)
    printable = ascii(text[:40])[1:-1] if not text[:40].isprintable() else text[:40]
    return f'"{printable}…"' if len(text) > 40 else f'"{printable}"'
