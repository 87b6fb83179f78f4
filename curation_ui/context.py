"""What a page needs to know: the shop, who is asking, the draft, the live state, the time.

Each is read at most once a request, so that everything on a page speaks of the same moment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import current_app, g
from flask_login import current_user

from curation_ui.words import Names
from recsys.domain.catalog import Item
from recsys.domain.errors import Forbidden
from recsys.domain.ids import ItemId
from recsys.domain.people import Actor, Permission
from recsys.services.drafting import Draft, read_draft
from recsys.services.people import everyone
from recsys.services.shop import Shop
from recsys.slates.refresh import LiveHolder
from recsys.slates.state import LiveState

T = TypeVar("T")
EXTENSION = "recsys-desk"


@dataclass(frozen=True, slots=True)
class Desk:
    """What one process of the desk works with."""

    shop: Shop
    live: LiveHolder


def desk() -> Desk:
    """The desk of the current application."""
    return cast("Desk", current_app.extensions[EXTENSION])


def shop() -> Shop:
    """The shop that use cases are called with."""
    return desk().shop


def actor() -> Actor:
    """The signed-in person as the services know them."""
    if not current_user.is_authenticated:
        raise Forbidden("Sign in first.")
    return cast("Actor", current_user.actor)


def me() -> str:
    """The name under which the signed-in person's work is kept; empty when nobody is signed in."""
    return cast("str", current_user.actor.name) if current_user.is_authenticated else ""


def may(permission: str) -> bool:
    """Whether the signed-in person may `view`, `edit`, `publish` or `administer`."""
    return bool(current_user.is_authenticated) and current_user.actor.may(Permission[permission.upper()])


def now() -> datetime:
    """The moment of this request, UTC."""
    return once("now", shop().clock)


def state() -> LiveState:
    """What is live, as of this request."""
    return once("state", desk().live.current)


def draft() -> Draft:
    """The draft, as of this request."""
    return once("draft", lambda: read_draft(shop()))


def find_item(item_id: str) -> Item | None:
    """The item of that id, None when the catalog has none."""
    return state().catalog.get(ItemId(item_id))


def names() -> Names:
    """Titles of items, surfaces and themes, of the draft and of what is live."""
    return once("names", lambda: Names(state().catalog, draft().rules))


def zone() -> str:
    """The zone in which times are shown: the shop's, the same for everybody who works on it."""
    return shop().settings.timezone


def people() -> Mapping[str, str]:
    """What to call everybody who has worked here, by address: the name, where there is one."""
    return once("people", lambda: {each.email: each.name or each.email for each in everyone(shop())})


def called(address: str) -> str:
    """The name of whoever works under an address; the address itself where there is none."""
    return people().get(address, address)


def wrote() -> None:
    """Forget what was read in this request and take in what was just written."""
    desk().live.catch_up()
    g.pop("desk_cache", None)


def once(key: str, make: Callable[[], T]) -> T:
    """What `make` gives, made once a request and kept under `key`."""
    cache: dict[str, Any] = g.setdefault("desk_cache", {})
    if key not in cache:
        cache[key] = make()
    return cast("T", cache[key])


def markets() -> list[str]:
    """Every market that the catalog or the live run knows, sorted."""
    live = state().release
    known = set(live.snapshot.markets) if live is not None and live.snapshot is not None else set()
    return sorted(known | set(state().catalog.markets))


def segments() -> list[str]:
    """Every segment that some shopper was imported into, or some rule names, sorted."""
    known = set().union(*state().overlays.segments.values())
    named = {scope.segment for rule in draft().rules if (scope := getattr(rule, "scope", None)) is not None}
    return sorted(known | {segment for segment in named if segment})
