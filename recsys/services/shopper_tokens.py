"""Tokens by which a shop's server vouches for the shopper in a browser: JSON Web Tokens, HS256.

Any library for such tokens (RFC 7519) makes one: the claims are `sub`, the shopper's id, `exp`, the end in
seconds since 1970, and, where wanted, `segments`. The secret belongs to one publishable key and is worked
out from the installation's, so that nothing more has to be kept; it ends with the key.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from recsys.domain.errors import Conflict, Invalid
from recsys.domain.ids import UserId, check_id
from recsys.services.shop import Shop
from recsys.settings import Settings
from recsys.slates.overlays import Shopper

LONGEST_SECONDS = 24 * 60 * 60
"""A token that ends later is refused: what a browser holds may be copied."""

MAX_CHARACTERS = 4_096
MOST_SEGMENTS = 50
_CLOCK_SECONDS = 60
_HEADER = {"alg": "HS256", "typ": "JWT"}


def signing_secret(settings: Settings, key_id: str) -> str:
    """The text with which the tokens of one publishable key are signed."""
    return f"rs_{_text(settings.derived_key(f'shopper token {key_id}'))}"


def sign_shopper_token(secret: str, user_id: str, ends: datetime, segments: Iterable[str] = ()) -> str:
    """A token for one shopper, good until `ends`."""
    claims: dict[str, Any] = {"sub": user_id, "exp": int(ends.timestamp())}
    if named := list(segments):
        claims["segments"] = named
    signed = ".".join(_text(msgspec.json.encode(part)) for part in (_HEADER, claims))
    return f"{signed}.{_text(_seal(signed, secret))}"


def token_for(shop: Shop, key_id: str, user_id: str, ends: datetime) -> str:
    """A token for trying things out; the shop's own server needs the secret alone.

    Raises:
        NotFound: when there is no such key.
        Conflict: when it is no publishable key in force.
        Invalid: for a shopper's id that is none.
    """
    return sign_shopper_token(secret_of(shop, key_id), check_id(user_id, "user"), ends)


def secret_of(shop: Shop, key_id: str) -> str:
    """The secret of a publishable key.

    Raises:
        NotFound: when there is no such key.
        Conflict: when it is no publishable key in force.
    """
    with shop.database.read() as unit:
        key = unit.keys.get(key_id)
    if not key.publishable or key.revoked_at is not None:
        raise Conflict("Only a publishable key that is in force has shopper tokens.")
    return signing_secret(shop.settings, key_id)


def read_shopper_token(token: str, secret: str, now: datetime) -> Shopper:
    """The shopper whom a token vouches for.

    Raises:
        Invalid: when it was not signed with this secret, is over, or runs for too long.
    """
    if len(token) > MAX_CHARACTERS:
        raise Invalid("", f"has more than {MAX_CHARACTERS:,} characters")
    signed, _, seal = token.rpartition(".")
    header, _, claims = signed.partition(".")
    if not hmac.compare_digest(_raw(seal), _seal(signed, secret)):
        raise Invalid("", "was not signed with this key's secret")
    if _object(header).get("alg") != _HEADER["alg"]:
        raise Invalid("", "is not signed by HS256")
    return _shopper(_object(claims), now.timestamp())


def _shopper(claims: dict[str, Any], now: float) -> Shopper:
    ends, user, segments = claims.get("exp"), claims.get("sub"), claims.get("segments", [])
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not math.isfinite(ends):
        raise Invalid("", "has no end; give exp in seconds since 1970")
    if ends <= now:
        raise Invalid("", "is over; ask the shop's server for a new one")
    if ends > now + LONGEST_SECONDS + _CLOCK_SECONDS:
        raise Invalid("", "runs for more than 24 hours; give an earlier exp")
    if not isinstance(user, str):
        raise Invalid("", "names no shopper; give sub, the shopper's id, as a text")
    if not isinstance(segments, list) or len(segments) > MOST_SEGMENTS:
        raise Invalid("", f"has segments that are no list of up to {MOST_SEGMENTS} texts")
    return Shopper(UserId(check_id(user, "sub")), frozenset(_segment(each) for each in segments))


def _segment(given: object) -> str:
    if not isinstance(given, str):
        raise Invalid("segments", "holds something else than texts")
    return check_id(given, "segments")


def _object(part: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(_raw(part), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("", "is no JSON Web Token") from None


def _seal(signed: str, secret: str) -> bytes:
    return hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _raw(text: str) -> bytes:
    try:
        return b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Invalid("", "is no JSON Web Token") from None
