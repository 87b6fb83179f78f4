"""Tokens that only this installation can make: bytes, a keyed BLAKE2b over them, URL-safe base64."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from binascii import b2a_base64
from functools import lru_cache

_FOR_ADDRESSES = bytes.maketrans(b"+/", b"-_")
_SEAL, _DIGEST = b"recsys-seal", b"recsys-digest"
MAC_BYTES = 16
"""128 bits (RFC 7693): no one guesses a token."""


class Damaged(ValueError):
    """A token that this installation did not make, or that was changed on its way."""


def sign(payload: bytes, key: bytes) -> str:
    """The payload with its seal, as text that can stand in an address; `key` has at most 64 bytes."""
    return signed(payload, key).decode("ascii")


def signed(payload: bytes, key: bytes) -> bytes:
    """The same in ASCII."""
    hashed = _prepared(key, MAC_BYTES, _SEAL).copy()
    hashed.update(payload)
    return b2a_base64(payload + hashed.digest(), newline=False).translate(_FOR_ADDRESSES, b"=")


def unsign(token: str, key: bytes) -> bytes:
    """The payload of a token made by `sign` under the same key. Raises `Damaged` for any other text."""
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        raw = b64decode(padded, altchars=b"-_", validate=True)
    except ValueError as error:
        raise Damaged from error
    payload = raw[:-MAC_BYTES]
    # The last letter may hold bits that say nothing; only one spelling of a token is ours.
    if not hmac.compare_digest(sign(payload, key), token):
        raise Damaged
    return payload


def digest(content: bytes, key: bytes, size: int) -> bytes:
    """A digest from which the content cannot be guessed without the key: `size` bytes."""
    hashed = _prepared(key, size, _DIGEST).copy()
    hashed.update(content)
    return hashed.digest()


@lru_cache(maxsize=16)
def _prepared(key: bytes, size: int, purpose: bytes) -> hashlib.blake2b:
    """Keyed BLAKE2b that has taken in its key: a copy is cheaper than a new one."""
    return hashlib.blake2b(digest_size=size, key=key, person=purpose)
