"""What `/openapi.json` says of each route; a test fails for a route that is not in this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from recsys.serving.answer_schemas import Alive, Ready, Written, documented
from recsys.serving.answers import Recommendations
from recsys.serving.event_schema import EventFates, EventRows
from recsys.serving.http import JSON
from recsys.serving.item_rows import MAX_ROWS, ROW_FIELDS
from recsys.serving.pages import PAGE_PATH, PageAnswer
from recsys.serving.parameters import (
    PAGE,
    RECOMMENDATIONS,
    RECOMMENDATIONS_BODY,
    SIMILAR,
    SIMILAR_BODY,
    THEME,
    THEMES,
    Form,
)
from recsys.serving.similar import SIMILAR_PATH, Similar
from recsys.serving.themes import THEME_PATH, ThemeAnswer, ThemeList

Schema = Mapping[str, Any]

KEYED_ERRORS = (400, 401, 403, 429, 500, 503)
"""What any route that needs a key may answer instead."""
BODY_ERRORS = (408, 413, 415)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address.

    Attributes:
        summary: what it is for, in one sentence.
        answer: the type of the answer; None where it is not JSON of ours.
        status: the status of the answer.
        media_type: how the answer is written.
        query: the parameters in the address.
        body: the parameters in a JSON body, or the type or the schema of a body of another form.
        path: the names in the path, each with what it means.
        errors: the statuses of problems.
        keyed: whether it needs an API key.
        tagged: whether answers carry an `ETag`, and for a GET may be 304.

    """

    summary: str
    answer: type[msgspec.Struct] | None
    query: Form | None = None
    body: Form | type[msgspec.Struct] | Schema | None = None
    path: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[int, ...] = KEYED_ERRORS
    keyed: bool = True
    tagged: bool = False
    status: int = HTTPStatus.OK
    media_type: str = JSON


def _item_rows() -> Schema:
    """The body of `POST /v1/items`, from the table by which its rows are checked."""
    words = {"text": {"type": "string"}, "a number": {"type": "number", "minimum": 0}}
    words |= {"a list of texts": {"type": "array", "items": {"type": "string"}, "maxItems": 200}}
    words |= {"true or false": {"type": "boolean"}, "a whole number": {"type": "integer", "minimum": 0}}
    fields = {name: {"anyOf": [words[each.words], {"type": "null"}]} for name, each in ROW_FIELDS.items()}
    attributes = {"type": "object", "maxProperties": 100, "description": "Further names with their values."}
    row = {
        "type": "object",
        "properties": {"item_id": {"type": "string", "minLength": 1}, **fields, "attributes": attributes},
        "required": ["item_id"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": row, "minItems": 1, "maxItems": MAX_ROWS}},
        "required": ["items"],
        "additionalProperties": False,
    }


_RECOMMENDATIONS = documented(Recommendations)
_SIMILAR = documented(Similar)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/healthz"): Operation("Whether the process answers.", Alive, errors=(), keyed=False),
    ("GET", "/readyz"): Operation("Whether to send traffic.", Ready, errors=(503,), keyed=False),
    ("GET", "/metrics"): Operation(
        "What Prometheus collects.", None, errors=(), keyed=False, media_type="text/plain"
    ),
    ("GET", "/openapi.json"): Operation("This document.", None, errors=(), keyed=False),
    ("GET", "/v1/recommendations"): Operation(
        "One row's slate.", _RECOMMENDATIONS, RECOMMENDATIONS, errors=(*KEYED_ERRORS, 404, 410), tagged=True
    ),
    ("POST", "/v1/recommendations"): Operation(
        "One row's slate, asked for in JSON; also for a shopper never seen.",
        _RECOMMENDATIONS,
        body=RECOMMENDATIONS_BODY,
        errors=(*KEYED_ERRORS, *BODY_ERRORS, 404, 410),
        tagged=True,
    ),
    ("GET", PAGE_PATH): Operation(
        "All rows of a surface.",
        documented(PageAnswer),
        PAGE,
        path={"surface": "The place in the storefront."},
        errors=(*KEYED_ERRORS, 404),
        tagged=True,
    ),
    ("GET", SIMILAR_PATH): Operation(
        "What goes with one item.",
        _SIMILAR,
        SIMILAR,
        path={"item_id": "The item that others should be like."},
        errors=(*KEYED_ERRORS, 404),
        tagged=True,
    ),
    ("POST", "/v1/similar"): Operation(
        "What goes with one item whose id does not fit into an address.",
        _SIMILAR,
        body=SIMILAR_BODY,
        errors=(*KEYED_ERRORS, *BODY_ERRORS, 404),
        tagged=True,
    ),
    ("GET", "/v1/themes"): Operation(
        "The curated collections.",
        documented(ThemeList),
        THEMES,
        errors=(*KEYED_ERRORS, 410),
        tagged=True,
    ),
    ("GET", THEME_PATH): Operation(
        "One collection with its members.",
        documented(ThemeAnswer),
        THEME,
        path={"slug": "The theme's own part of the address."},
        errors=(*KEYED_ERRORS, 404, 410),
        tagged=True,
    ),
    ("POST", "/v1/items"): Operation(
        "Catalog rows, all or none, live at once.",
        Written,
        body=_item_rows(),
        errors=(*KEYED_ERRORS, *BODY_ERRORS),
    ),
    ("POST", "/v1/events"): Operation(
        "What shoppers did: each event has a fate of its own, and those accepted are durable.",
        EventFates,
        body=EventRows,
        errors=(*KEYED_ERRORS, *BODY_ERRORS),
        status=HTTPStatus.ACCEPTED,
    ),
}
