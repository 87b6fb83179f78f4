"""`GET /openapi.json`: the API described by itself (OpenAPI 3.1), from the tables that requests are checked by."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from recsys.serving.answer_schemas import ProblemDocument
from recsys.serving.http import JSON, HttpRequest, HttpResponse
from recsys.serving.operations import OPERATIONS, Operation
from recsys.serving.parameter_table import Id, Parameter
from recsys.serving.parameters import ALL_PARAMETERS, PAGE, Form
from recsys.serving.problems import PROBLEM_JSON

Json = Any
OPENAPI = "3.1.0"
_SCHEMA = "#/components/schemas/{name}"
_SECURITY: list[dict[str, list[str]]] = [
    {"bearer": []},
    {"header": []},
    {"bearer": [], "shopper": []},
    {"header": [], "shopper": []},
]
_LIMIT_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
_ALWAYS = ("Cache-Control",)

HEADERS: Mapping[str, tuple[str, str]] = {
    "Access-Control-Allow-Origin": ("string", "The page that may read the answer, for publishable keys."),
    "Cache-Control": ("string", "Who may keep the answer."),
    "ETag": ("string", "Over all but the recommendation id and the moment in the cursor."),
    "RateLimit-Limit": (
        "integer",
        "Requests a minute that the key may make, where it has a limit.",
    ),
    "RateLimit-Remaining": ("integer", "How many of them are left."),
    "RateLimit-Reset": ("integer", "Seconds until the limit is whole again."),
    "Retry-After": ("integer", "Seconds to wait before asking again."),
    "Vary": ("string", "What else decided the answer."),
    "WWW-Authenticate": ("string", "How to send a key."),
}
"""Every header that an answer may carry beside those of HTTP itself: its type and what it says."""


def openapi(_http: HttpRequest) -> HttpResponse:
    """The document; it tells nothing of the shop, so anyone may read it, from any page."""
    headers = (
        ("Content-Type", JSON),
        ("Cache-Control", "public, max-age=300"),
        ("Access-Control-Allow-Origin", "*"),
    )
    return HttpResponse(HTTPStatus.OK, _encoded(), headers)


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document(OPERATIONS))


def document(operations: Mapping[tuple[str, str], Operation]) -> dict[str, Json]:
    """The OpenAPI document of these operations."""
    said = (part for each in operations.values() for part in (each.answer, each.body))
    types = [each for each in said if isinstance(each, type)]
    _, schemas = msgspec.json.schema_components([*types, ProblemDocument], ref_template=_SCHEMA)
    paths: dict[str, dict[str, Json]] = {}
    for (method, path), operation in operations.items():
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, operation)
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "recsys",
            "version": "1",
            "summary": "Recommendations whose editors have the last word.",
            "description": "HEAD is answered wherever GET is. docs/api.md tells more.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "headers": {name: _header(name) for name in HEADERS},
            "responses": {"Problem": _problem()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "shopper": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Shopper-Token",
                    "description": "Beside a publishable key: whom the shop's server vouches for.",
                },
            },
        },
    }


def _operation(method: str, path: str, operation: Operation) -> dict[str, Json]:
    words = re.findall(r"\w+", path)
    described: dict[str, Json] = {
        "operationId": "_".join([method.lower(), *words]),
        "summary": operation.summary,
        "security": _SECURITY if operation.keyed else [],
        "responses": _responses(method, operation),
    }
    if parameters := [*_in_path(operation), *_in_query(operation.query)]:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": _sent(operation.body)}}}
    return described


def _in_path(operation: Operation) -> Iterable[Json]:
    for name, says in operation.path.items():
        yield {
            "name": name, "in": "path", "required": True, "description": says, "schema": _schema(Id),
        }  # fmt: skip


def _in_query(form: Form | None) -> Iterable[Json]:
    for name in () if form is None else form.names:
        parameter = ALL_PARAMETERS[name]
        yield {
            "name": name,
            "in": "query",
            "required": form is not None and name in form.required,
            "description": parameter.says,
            "schema": _value(parameter, form),
        }


def _sent(body: Form | type[msgspec.Struct] | Json) -> Json:
    if isinstance(body, type):
        return {"$ref": _SCHEMA.format(name=body.__name__)}
    return _body(body) if isinstance(body, Form) else body


def _body(form: Form) -> Json:
    properties = {}
    for name in form.names:
        parameter = ALL_PARAMETERS[name]
        value = _value(parameter, form)
        given = value if name in form.required else {"anyOf": [value, {"type": "null"}]}
        properties[name] = {**given, "description": parameter.says}
    return {
        "type": "object",
        "properties": properties,
        "required": list(form.required),
        "additionalProperties": False,
    }


def _value(parameter: Parameter, form: Form | None) -> Json:
    one = _schema(parameter.type)
    if parameter.example is not None:
        one["examples"] = [parameter.example]
    # On a page every row has a size of its own.
    if parameter.default is not None and not (form is PAGE and parameter is ALL_PARAMETERS["limit"]):
        one["default"] = parameter.default
    return one if parameter.most == 1 else {"type": "array", "items": one, "maxItems": parameter.most}


def _schema(of: Any) -> dict[str, Json]:
    return dict(msgspec.json.schema(of))


def _responses(method: str, operation: Operation) -> dict[str, Json]:
    content: Json = {"type": "object" if operation.media_type == JSON else "string"}
    if operation.answer is not None:
        content = {"$ref": _SCHEMA.format(name=operation.answer.__name__)}
    names = [*_ALWAYS, *(["ETag"] if operation.tagged else [])]
    names += ["Vary", "Access-Control-Allow-Origin", *_LIMIT_HEADERS] if operation.keyed else []
    responses: dict[str, Json] = {
        str(int(operation.status)): {
            "description": operation.summary,
            "headers": _refs(names),
            "content": {operation.media_type: {"schema": content}},
        }
    }
    if operation.tagged and method == "GET":
        responses["304"] = {
            "description": "The answer is the one that the client has.",
            "headers": _refs(names),
        }
    for status in sorted(operation.errors):
        responses[str(status)] = {"$ref": "#/components/responses/Problem"}
    # The server says this by itself, before the application hears of the request.
    responses["414"] = {"description": "The address is longer than 65,534 bytes; the answer has no body."}
    return responses


def _problem() -> Json:
    names = [
        *_ALWAYS,
        "Vary",
        "Access-Control-Allow-Origin",
        *_LIMIT_HEADERS,
        "Retry-After",
        "WWW-Authenticate",
    ]
    schema = {"$ref": _SCHEMA.format(name=ProblemDocument.__name__)}
    return {
        "description": "What was wrong, and the mend.",
        "headers": _refs(names),
        "content": {PROBLEM_JSON: {"schema": schema}},
    }


def _header(name: str) -> Json:
    kind, says = HEADERS[name]
    return {"description": says, "required": name in _ALWAYS, "schema": {"type": kind}}


def _refs(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
