"""Who may ask: API keys, their scopes, and the origins of browsers.

Keys are looked up by their SHA-256 in the live state, so a request needs no database, and a revoked
key stops working as fast as a takedown acts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from http import HTTPStatus

from recsys.hosting.replies import SAME_HEAD
from recsys.serving.http import Headers, HttpRequest
from recsys.serving.item_fields import SECRET_FIELDS
from recsys.serving.parameters import Asked
from recsys.serving.problems import FieldError, Problem
from recsys.slates.overlays import LiveKey

ADMIN = "admin"
EVENTS = "events"
READ = "read"

NAMES_NOBODY = (
    "a publishable key may name only the shopper of the X-Shopper-Token that comes with it, for anyone can "
    "read it from the page; use session_id, or ask from your server with a secret key"
)
_ALLOWED_HEADERS = "Authorization, Content-Type, If-None-Match, X-API-Key, X-Shopper-Token"
_EXPOSED_HEADERS = "ETag, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After"
_PREFLIGHT_SECONDS = 600


def authenticate(http: HttpRequest, keys: Mapping[str, LiveKey]) -> LiveKey:
    """The key that a request carries. Raises `Problem` (401) without a valid one."""
    known = http.environ.get(SAME_HEAD)
    digest = known[0] if known else _digest(http)
    if digest is None:
        raise _unauthorised(
            "Send an API key as “Authorization: Bearer <key>” or “X-API-Key: <key>”.", 'realm="recsys"'
        )
    if known is not None and not known:
        known.append(digest)
    key = keys.get(digest)
    if key is None:
        message = "This API key is not known here; it may be mistyped or revoked."
        raise _unauthorised(message, 'realm="recsys", error="invalid_token"')
    return key


def require_scope(key: LiveKey, scope: str) -> None:
    """Raise `Problem` (403) unless the key has the scope; `admin` covers the others."""
    if scope not in key.scopes and ADMIN not in key.scopes:
        raise _forbidden(f"This key lacks the scope “{scope}”; use one that has it.")
    if scope == ADMIN and key.publishable:
        raise _forbidden("A publishable key cannot do this; call from your server with a secret key.")


def check_origin(http: HttpRequest, key: LiveKey) -> None:
    """Raise `Problem` (403) when a browser uses a publishable key from an origin that is not the key's."""
    origin = http.header("origin") if key.publishable else None
    if origin is not None and origin not in key.origins:
        raise _forbidden("This publishable key does not list the origin of this page; add it to the key.")


def check_allowed(asked: Asked, key: LiveKey) -> None:
    """Raise `Problem` (403) that names the parameters which this key may not use."""
    wrong: list[FieldError] = []
    if asked.at is not None and (ADMIN not in key.scopes or key.publishable):
        wrong.append(FieldError("at", "only a secret key with the scope admin may ask for another time"))
    if key.publishable:
        wrong.extend(_not_for_browsers(asked, key))
    if wrong:
        said = "; ".join(f"{each.field}: {each.message}" for each in wrong)
        raise Problem(HTTPStatus.FORBIDDEN, f"{said}.", errors=wrong)


def cors_headers(http: HttpRequest, key: LiveKey | None) -> Headers:
    """What lets the pages of a publishable key's origins read the answer."""
    if key is None or not key.publishable:
        return ()
    origin = http.header("origin")
    if origin is None or origin not in key.origins:
        return ()
    return (("Access-Control-Allow-Origin", origin), ("Access-Control-Expose-Headers", _EXPOSED_HEADERS))


def preflight_headers(http: HttpRequest, keys: Mapping[str, LiveKey], methods: str) -> Headers:
    """What a browser asks for before it sends a key: whether any publishable key lists its origin."""
    origin = http.header("origin")
    listed = any(key.publishable and origin in key.origins for key in keys.values())
    if origin is None or not listed:
        return ()
    return (
        ("Access-Control-Allow-Origin", origin),
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", _ALLOWED_HEADERS),
        ("Access-Control-Max-Age", str(_PREFLIGHT_SECONDS)),
    )


def _digest(http: HttpRequest) -> str | None:
    """The SHA-256 of the key that a request carries, in hexadecimal digits; None for none."""
    text = _key_text(http)
    return None if text is None else hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _key_text(http: HttpRequest) -> str | None:
    given = http.environ.get("HTTP_AUTHORIZATION")
    if given is not None:
        scheme, _, token = given.strip().partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return str(token.strip())
    key = http.environ.get("HTTP_X_API_KEY")
    return None if key is None else key.strip() or None


def _not_for_browsers(asked: Asked, key: LiveKey) -> list[FieldError]:
    """What would tell a browser about a shopper, or let it pretend to be one."""
    wrong: list[FieldError] = []
    if asked.user_id is not None and not key.may_name(asked.user_id):
        wrong.append(FieldError("user_id", NAMES_NOBODY))
    if asked.segment and not key.may_assert(asked.segment):
        message = "only a secret key may assert a segment, or a shopper token that holds it"
        wrong.append(FieldError("segment", message))
    if SECRET_FIELDS.intersection(asked.fields):
        wrong.append(FieldError("fields", f"only a secret key may read {', '.join(sorted(SECRET_FIELDS))}"))
    return wrong


def _unauthorised(message: str, challenge: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, message, headers=[("WWW-Authenticate", f"Bearer {challenge}")])


def _forbidden(message: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, message)
