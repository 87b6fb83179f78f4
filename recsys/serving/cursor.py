"""Where a further page goes on: everything the next page needs, sealed, in a short text.

What was shown is kept as the items' small numbers, sorted, as differences, with one bit each for
“a pin placed it”: about one to two bytes an item.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from operator import attrgetter
from typing import NamedTuple

import msgspec

from recsys.serving import varints
from recsys.serving.item_fields import rfc3339
from recsys.serving.parameters import CONTINUED, Asked
from recsys.serving.problems import FieldError, Problem, bad_field, bad_request
from recsys.serving.signing import Damaged, digest, sign, unsign
from recsys.serving.values import EPOCH, MICROSECOND
from recsys.slates.columns import microseconds

VERSION = 2
_DIGEST_BYTES = 4
_encode = msgspec.json.Encoder().encode
_DIGESTS_BYTES = _DIGEST_BYTES * len(CONTINUED)
_PERSONAL = ("user_id", "session_id")
_SHARED = tuple(name for name in CONTINUED if name not in _PERSONAL)
_SHARED_OF = attrgetter(*_SHARED)
_BEFORE_PERSONAL = CONTINUED.index(_PERSONAL[0]) * _DIGEST_BYTES
"""The two stand together, so that what is shared is one piece before and one behind."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in one answer.

    `release` is the release's number, `at` the request's time (UTC), `start` the next slot (1-based);
    `shown` holds the catalog's small numbers of what was shown, `pinned` those of them placed by pins. `lanes` packs the
    same out of parts that are packed already.
    """

    release: int
    at: datetime
    start: int
    pins_from: int
    shown: frozenset[int]
    pinned: frozenset[int]


class Binding(NamedTuple):
    """The digests of what many requests have in common: before and behind those of the shopper."""

    before: bytes
    behind: bytes


def encode_cursor(cursor: Cursor, asked: Asked, key: bytes) -> str:
    """The cursor as text, bound to the parameters of the request it continues."""
    place = varints.pack((VERSION, cursor.release, microseconds(cursor.at), cursor.start, cursor.pins_from))
    return sign(b"".join((_digests(asked, key), place, varints.pack(_differences(cursor)))), key)


def decode_cursor(token: str, asked: Asked, key: bytes) -> Cursor:
    """The cursor in `token`.

    Raises `Problem` (400) when it is not ours, and, naming them, when parameters other than `limit` have changed.
    """
    try:
        payload = unsign(token, key)
        version, release, at, start, pins_from, *differences = varints.unpack(payload[_DIGESTS_BYTES:])
        if version != VERSION:
            raise Damaged
        moment = EPOCH + at * MICROSECOND
    except (ValueError, OverflowError):
        raise bad_field(
            "cursor", "is damaged; send next_cursor as it was given, or start again without"
        ) from None
    _check_unchanged(payload[:_DIGESTS_BYTES], _digests(asked, key))
    shown = list(_shown(differences))
    return Cursor(
        release=release,
        at=moment,
        start=start,
        pins_from=pins_from,
        shown=frozenset(seq for seq, _ in shown),
        pinned=frozenset(seq for seq, pinned in shown if pinned),
    )


def gone(cursor: Cursor) -> Problem:
    """410: the release that a cursor points into is no longer held."""
    message = f"points into release {cursor.release}, which is no longer held; start again without it"
    return bad_field("cursor", message, HTTPStatus.GONE)


def _differences(cursor: Cursor) -> list[int]:
    shown, pinned = sorted(cursor.shown), cursor.pinned
    return [(seq - before) << 1 | (seq in pinned) for before, seq in zip([0, *shown], shown, strict=False)]


def _shown(differences: Iterable[int]) -> Iterator[tuple[int, bool]]:
    seq = 0
    for each in differences:
        seq += each >> 1
        yield seq, bool(each & 1)


def _digests(asked: Asked, key: bytes) -> bytes:
    """One short digest a parameter, so that a changed one can be named."""
    return digests_under(binding(asked, key), asked, key)


def binding(asked: Asked, key: bytes) -> Binding:
    """What the digests of all requests have in common that differ from this one in the shopper alone."""
    shared = _shared_digests(_SHARED_OF(asked), key)
    return Binding(shared[:_BEFORE_PERSONAL], shared[_BEFORE_PERSONAL:])


def digests_under(bound: Binding, asked: Asked, key: bytes) -> bytes:
    """The digests of a request's parameters."""
    user, session = asked.user_id, asked.session_id
    of_user = _digest_of_nobody("user_id", key) if user is None else _digest("user_id", user, key)
    of_session = (
        _digest_of_nobody("session_id", key) if session is None else _digest("session_id", session, key)
    )
    return b"".join((bound.before, of_user, of_session, bound.behind))


@lru_cache(maxsize=64)
def _shared_digests(values: tuple[object, ...], key: bytes) -> bytes:
    """The digests of what many requests have in common; never of a shopper's id, which would stay in memory."""
    return b"".join(_digest(name, value, key) for name, value in zip(_SHARED, values, strict=True))


@lru_cache(maxsize=8)
def _digest_of_nobody(name: str, key: bytes) -> bytes:
    return _digest(name, None, key)


def _digest(name: str, value: object, key: bytes) -> bytes:
    if isinstance(value, tuple):
        value = sorted(value)
    elif isinstance(value, datetime):
        value = rfc3339(value)
    return digest(_encode((name, value)), key, _DIGEST_BYTES)


def _check_unchanged(then: bytes, now: bytes) -> None:
    changed = [
        name
        for place, name in enumerate(CONTINUED)
        if then[place * _DIGEST_BYTES :][:_DIGEST_BYTES] != now[place * _DIGEST_BYTES :][:_DIGEST_BYTES]
    ]
    if "address" in changed:
        raise bad_field("cursor", "belongs to another address; send it where it came from")
    if changed:
        message = "has changed since the page before; with a cursor only limit may change"
        raise bad_request([FieldError(name, message) for name in changed])
