"""API keys."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Sequence
from hashlib import sha256
from urllib.parse import urlsplit

from recsys.domain.errors import Conflict, Invalid
from recsys.domain.people import Actor, Permission
from recsys.services.shop import Shop, acting, check_words
from recsys.storage.keys import KeyInfo

SCOPES = ("read", "events", "admin")
MOST_A_MINUTE = 1_000_000
_SHOWN = 8
_USUAL_PORTS = {"http": 80, "https": 443}
"""What may stand before an origin's host, with the port that browsers then leave out."""

_HOST = re.compile(r"([a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\])(:[1-9][0-9]*)?")
"""A host as browsers send it: no name before it, no wildcard; letters beyond a to z in their xn-- form."""


def add_key(
    shop: Shop,
    actor: Actor,
    name: str,
    scopes: Collection[str],
    *,
    publishable: bool = False,
    origins: Sequence[str] = (),
    rate_limit: int | None = None,
) -> tuple[str, KeyInfo]:
    """Make a key: (the key itself, which is shown this once, and what is kept of it).

    The key is “rk_” and 256 random bits; only its SHA-256 is stored. `rate_limit` is in requests a minute.

    Raises:
        Invalid: for an unknown scope, an origin that is none, or an admin key for browsers.
    """
    name = check_words(name, "name", required=True)
    allowed = tuple(scope for scope in SCOPES if scope in _scopes(scopes))
    places = tuple(dict.fromkeys(_origin(origin) for origin in origins))
    _check_kind(allowed, places, publishable)
    if rate_limit is not None and not 1 <= rate_limit <= MOST_A_MINUTE:
        raise Invalid("rate_limit", f"give a whole number from 1 to {MOST_A_MINUTE}, in requests a minute")
    text = f"rk_{secrets.token_urlsafe(32)}"
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        info = KeyInfo(
            id=shop.new_id("key"),
            name=name,
            key_hash=hash_key(text),
            prefix=text[:_SHOWN],
            scopes=allowed,
            publishable=publishable,
            origins=places,
            rate_limit=rate_limit,
            created_at=deed.at,
            created_by=actor.name,
        )
        deed.unit.keys.add(info)
        deed.unit.state.bump_overlay()
        deed.record("key.add", info.id, after=_content(info))
        return text, info


def revoke_key(shop: Shop, actor: Actor, key_id: str) -> KeyInfo:
    """End a key; workers refuse it within a second.

    Raises:
        NotFound: when there is none of that id.
        Conflict: when it was revoked already.
    """
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        before = deed.unit.keys.get(key_id)
        if before.revoked_at is not None:
            raise Conflict("This key was revoked already.", theirs=before)
        info = deed.unit.keys.revoke(key_id, deed.at)
        deed.unit.state.bump_overlay()
        deed.record("key.revoke", key_id, before=_content(before))
        return info


def keys(shop: Shop) -> list[KeyInfo]:
    """All keys, newest first, revoked ones too."""
    with shop.database.read() as unit:
        return unit.keys.all()


def hash_key(text: str) -> str:
    """The SHA-256 by which a key is known, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def _scopes(scopes: Collection[str]) -> set[str]:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Invalid("scope", f"give one or more of {', '.join(SCOPES)}")
    return set(scopes)


def _origin(origin: str) -> str:
    """An origin as browsers send it: scheme, host and any unusual port in small letters, nothing before or behind."""
    wrong = Invalid("origin", f"give an origin such as https://shop.example, not “{origin}”")
    try:
        parts = urlsplit(origin.strip())
        port = parts.port
    except ValueError:
        raise wrong from None
    usual = _USUAL_PORTS.get(parts.scheme)
    if usual is None or not _HOST.fullmatch(parts.netloc.lower()) or parts.path.strip("/"):
        raise wrong
    if parts.query or parts.fragment:
        raise wrong
    host = parts.netloc.lower().removesuffix(f":{port}") if port is not None else parts.netloc.lower()
    return f"{parts.scheme}://{host}" if port in (None, usual) else f"{parts.scheme}://{host}:{port}"


def _check_kind(scopes: Sequence[str], origins: Sequence[str], publishable: bool) -> None:
    if publishable and "admin" in scopes:
        raise Invalid("scope", "a key that browsers see cannot be an admin's; leave out publishable or admin")
    if publishable and not origins:
        raise Invalid("origin", "a publishable key needs the origins of the pages that use it")
    if origins and not publishable:
        raise Invalid("origin", "only a publishable key has origins; leave them out, or make it publishable")


def _content(info: KeyInfo) -> dict[str, object]:
    return {
        "name": info.name,
        "prefix": info.prefix,
        "scopes": list(info.scopes),
        "publishable": info.publishable,
        "origins": list(info.origins),
        "rate_limit": info.rate_limit,
    }
