"""What an answer looks like as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from xxhash import xxh3_128_hexdigest

from recsys.domain.slates import Placed, Reason
from recsys.serving.item_fields import chosen_fields
from recsys.serving.problems import FieldError
from recsys.slates.catalog import CompiledCatalog

_PASSING = ("recommendation_id", "next_cursor")
_DIGITS = 6
"""Scores are single-precision: more digits would be noise."""


class Recommendations(msgspec.Struct, frozen=True):
    """The answer of `GET /v1/recommendations`; `items` are objects as `placed_items` makes them."""

    recommendation_id: str
    surface: str
    row: str
    release_id: int
    run_id: str | None
    personalised: bool
    items: Sequence[dict[str, Any]]
    notes: Sequence[FieldError]
    next_cursor: str | None


def placed_items(
    placed: Iterable[Placed], catalog: CompiledCatalog, fields: Sequence[str], *, tells_because: bool
) -> list[dict[str, Any]]:
    """Each item with its provenance and the chosen fields; without `tells_because`, reasons are words alone."""
    return [
        {**_provenance(each, tells_because=tells_because), **_fields(each, catalog, fields)}
        for each in placed
    ]


def entity_tag(answer: msgspec.Struct) -> str:
    """A weak entity tag over all that a shopper would notice.

    The recommendation id, and the moment inside the cursor, differ from one asking to the next; whether
    there is a next page does not.
    """
    passing: dict[str, Any] = {name: "" for name in _PASSING if getattr(answer, name, None) is not None}
    if rows := getattr(answer, "rows", None):
        passing["rows"] = [msgspec.structs.replace(row, recommendation_id="") for row in rows]
    lasting = msgspec.structs.replace(answer, **passing)
    return text_tag(msgspec.json.encode(lasting))


def text_tag(lasting: bytes | memoryview) -> str:
    """The same over an answer that is text already, without its id and cursor: XXH3, for nobody gains by a collision."""
    return f'W/"{xxh3_128_hexdigest(lasting)}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether a client that sent `If-None-Match` has this answer already (weak comparison, RFC 9110)."""
    if if_none_match is None:
        return False
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in known or tag.removeprefix("W/") in known


def _provenance(placed: Placed, *, tells_because: bool) -> dict[str, Any]:
    return {
        "item_id": placed.item_id,
        "position": placed.position,
        "source": placed.source.value,
        "rule_id": placed.rule_id,
        "score": None if placed.score is None else round(placed.score, _DIGITS),
        "model_rank": placed.model_rank,
        "theme": placed.theme,
        "displaced": placed.displaced,
        "reason": {
            "text": placed.reason.text,
            "because": _because(placed.reason) if tells_because else [],
        },
    }


def _because(reason: Reason) -> list[dict[str, Any]]:
    return [
        {"item_id": each.item_id, "title": each.title, "share": round(each.share, _DIGITS)}
        for each in reason.because
    ]


def _fields(placed: Placed, catalog: CompiledCatalog, names: Sequence[str]) -> dict[str, Any]:
    item = catalog.get(placed.item_id) if names else None
    return {} if item is None else chosen_fields(item, names)
