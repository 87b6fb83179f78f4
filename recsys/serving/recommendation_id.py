"""The id of an answer: a sealed record of what it was made from, so that it can be explained and replayed.

It names nobody: of the request it carries a keyed digest alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

import msgspec

from recsys.serving import varints
from recsys.serving.parameters import Asked
from recsys.serving.signing import MAC_BYTES, Damaged, digest, sign, unsign
from recsys.serving.values import EPOCH, MICROSECOND
from recsys.slates.columns import microseconds
from recsys.slates.measuring import NO_PART, Part

VERSION = 2
_WITHOUT_RULES = 1
"""Ids of this version say nothing of rules."""

DIGEST_BYTES = 16
_encode = msgspec.json.Encoder().encode
MAX_CHARACTERS = 200
_HEAD_BYTES = DIGEST_BYTES + 24
"""The digest, the version, three numbers of at most 35 bits, and the time, which has 51."""
_PART_BYTES = MAX_CHARACTERS * 3 // 4 - MAC_BYTES - _HEAD_BYTES


@dataclass(frozen=True, slots=True)
class RecommendationId:
    """What an answer was made from: `moment` is the request's time (UTC), `request` the digest of its parameters.

    `part` tells which rules had part in it, as far as there was room: about 30 of them. `lanes` packs the same out of
    parts that are packed already.
    """

    release: int
    catalog_revision: int
    overlay_revision: int
    moment: datetime
    request: bytes
    part: Part = NO_PART


def request_digest(asked: Asked, key: bytes) -> bytes:
    """A digest by which the same request can be recognised: 16 bytes."""
    return digest(_encode(asked), key, DIGEST_BYTES)


def encode_recommendation_id(made_from: RecommendationId, key: bytes) -> str:
    """The id as text of at most 200 characters."""
    numbers = (made_from.release, made_from.catalog_revision, made_from.overlay_revision)
    packed = varints.pack((VERSION, *numbers, microseconds(made_from.moment)))
    return sign(b"".join((made_from.request, packed, pack_part(made_from.part))), key)


def decode_recommendation_id(token: str, key: bytes) -> RecommendationId:
    """What the answer with this id was made from. Raises `Damaged` for a text that is not an id of ours."""
    payload = unsign(token, key)
    try:
        version, release, catalog, overlay, at, *rest = varints.unpack(payload[DIGEST_BYTES:])
        part = _unpacked(version, rest)
    except ValueError as error:
        raise Damaged from error
    return RecommendationId(release, catalog, overlay, EPOCH + at * MICROSECOND, payload[:DIGEST_BYTES], part)


def pack_part(part: Part) -> bytes:
    """The rules' part, as far as there is room: the arms, how many there are first; then placements by position."""
    arms = [rule << 1 | held for rule, held in part.arms]
    while len(packed := varints.pack([len(arms), *arms])) > _PART_BYTES:
        arms.pop()
    before = 0
    for position, rule in part.placements:
        one = varints.pack([position - before, rule])
        if len(packed) + len(one) > _PART_BYTES:
            break
        packed, before = packed + one, position
    return packed


def _unpacked(version: int, numbers: list[int]) -> Part:
    """What `_packed` was given. Raises ValueError for numbers that it did not make."""
    if version == _WITHOUT_RULES and not numbers:
        return NO_PART
    if version != VERSION or not numbers:
        raise ValueError("a version that is not known")
    count, *rest = numbers
    arms, pairs = rest[:count], rest[count:]
    positions = accumulate(pairs[::2])
    return Part(
        placements=tuple(zip(positions, pairs[1::2], strict=True)),
        arms=tuple((each >> 1, bool(each & 1)) for each in arms),
    )
