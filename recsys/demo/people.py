"""One person for each role, and the key that the storefront calls with."""

from __future__ import annotations

import secrets

from recsys.demo.record import DemoRecord, DemoUser
from recsys.domain.people import OPERATOR, Actor, Role
from recsys.services.keys import add_key, hash_key, keys
from recsys.services.people import add_person, check_password, find_person, set_password
from recsys.services.shop import Shop

NAMES = {
    Role.VIEWER: "Vera Lund",
    Role.EDITOR: "Edith Okafor",
    Role.PUBLISHER: "Paul Winter",
    Role.ADMIN: "Ada Brandt",
}


def address(role: Role) -> str:
    """The e-mail address of the demonstration's person in a role."""
    return f"{NAMES[role].split()[0].lower()}@shop.example"


def actor(role: Role) -> Actor:
    """The demonstration's person in a role, acting."""
    return Actor(address(role), role)


def ensure_people(shop: Shop, before: DemoRecord | None) -> list[DemoUser]:
    """Everybody with a password that works: the one recorded where it still does, else a new one."""
    known = {user.email: user for user in before.users} if before is not None else {}
    return [_ensure_person(shop, role, known.get(address(role))) for role in Role]


def ensure_key(shop: Shop, before: DemoRecord | None) -> str:
    """The recorded key while it is in force, else a new one with `read` and `events` and no rate limit."""
    if before is not None and hash_key(before.api_key) in {each.key_hash for each in keys(shop)}:
        return before.api_key
    text, _ = add_key(shop, OPERATOR, "Demonstration storefront", ("read", "events"))
    return text


def _ensure_person(shop: Shop, role: Role, known: DemoUser | None) -> DemoUser:
    email = address(role)
    if known is not None and check_password(shop, email, known.password) is not None:
        return known
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    if find_person(shop, email) is None:
        add_person(shop, OPERATOR, email, role, password, name=NAMES[role])
    else:
        set_password(shop, OPERATOR, email, password)
    return DemoUser(email, password, role.value)
