"""Names of ids, and what an id may be."""

from __future__ import annotations

import re
from typing import NewType

from recsys.domain.errors import Invalid

ItemId = NewType("ItemId", str)
UserId = NewType("UserId", str)
RuleId = NewType("RuleId", str)

MAX_ID_BYTES = 128
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_SLUG = 60


def check_id(value: str, field: str) -> str:
    """Return `value` if it is an opaque id: 1 to 128 bytes of UTF-8 without control characters.

    Raises:
        Invalid: naming `field`.
    """
    if len(value) <= MAX_ID_BYTES and value and value.isascii() and value.isprintable():
        return (
            value  # the usual case; what follows says what is wrong with the others, and lets in all scripts
        )
    if not value:
        raise Invalid(field, "is empty; give an id of 1 to 128 bytes")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        raise Invalid(field, "is not valid UTF-8 text") from None
    if size > MAX_ID_BYTES:
        raise Invalid(field, f"is {size} bytes long; an id has at most {MAX_ID_BYTES} bytes")
    if _CONTROL.search(value):
        raise Invalid(field, "holds a control character; remove it")
    return value


def check_slug(value: str, field: str) -> str:
    """Return `value` if it can stand in an address: small letters, digits and single hyphens."""
    if len(value) > MAX_SLUG or not _SLUG.fullmatch(value):
        raise Invalid(field, f"use small letters, digits and single hyphens, at most {MAX_SLUG} characters")
    return value
