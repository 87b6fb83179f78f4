"""The id of an answer: a sealed record of what it was made from, so that it can be explained and replayed.

It names nobody: of the request it carries a keyed digest alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from recsys.serving import varints
from recsys.serving.parameters import Asked
from recsys.serving.signing import Damaged, digest, sign, unsign
from recsys.serving.values import EPOCH

VERSION = 1
DIGEST_BYTES = 16
MAX_CHARACTERS = 200
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class RecommendationId:
    """What an answer was made from: `moment` is the request's time (UTC), `request` the digest of its parameters."""

    release: int
    catalog_revision: int
    overlay_revision: int
    moment: datetime
    request: bytes


def request_digest(asked: Asked, key: bytes) -> bytes:
    """A digest by which the same request can be recognised: 16 bytes."""
    return digest(msgspec.json.encode(asked), key, DIGEST_BYTES)


def encode_recommendation_id(made_from: RecommendationId, key: bytes) -> str:
    """The id as text of at most 200 characters."""
    microseconds = (made_from.moment - EPOCH) // _MICROSECOND
    numbers = (made_from.release, made_from.catalog_revision, made_from.overlay_revision, microseconds)
    return sign(made_from.request + varints.pack([VERSION, *numbers]), key)


def decode_recommendation_id(token: str, key: bytes) -> RecommendationId:
    """What the answer with this id was made from. Raises `Damaged` for a text that is not an id of ours."""
    payload = unsign(token, key)
    try:
        version, release, catalog, overlay, at = varints.unpack(payload[DIGEST_BYTES:])
    except ValueError as error:
        raise Damaged from error
    if version != VERSION:
        raise Damaged
    return RecommendationId(release, catalog, overlay, EPOCH + at * _MICROSECOND, payload[:DIGEST_BYTES])
