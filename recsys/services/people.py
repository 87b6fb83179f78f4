"""People: who may sign in, and as what."""

from __future__ import annotations

import re
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from recsys.domain.errors import Conflict, Forbidden, Invalid
from recsys.domain.people import Actor, Permission, Role
from recsys.services.shop import Deed, Shop, acting, check_words
from recsys.storage.people import NO_PASSWORD, Person

SHORTEST_PASSWORD = 10
_LONGEST_PASSWORD = 1_000
_LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def add_person(shop: Shop, actor: Actor, email: str, role: Role, password: str, *, name: str = "") -> Person:
    """Let somebody in.

    Raises:
        Invalid: for an address that is none, or a password that is too short.
        Conflict: when the address is taken.
    """
    address, shown = check_address(email), check_words(name, "name")
    hashed = hash_password(password)
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        if deed.unit.people.find(address) is not None:
            raise Conflict(f"Somebody with the e-mail address {address} is here already.")
        person = deed.unit.people.add(
            address, shown or address.partition("@")[0], Role(role), hashed, deed.at
        )
        deed.record("person.add", address, after=content_of(person))
        return person


def check_password(shop: Shop, email: str, password: str) -> Person | None:
    """The person, if the password is theirs and they may sign in.

    An unknown address takes as long as a wrong password, so that the answer does not tell who is here.
    """
    address = email.strip().lower()
    with shop.database.read() as unit:
        person = unit.people.find(address)
        known = None if person is None else unit.people.password_hash(address)
    known = None if known == NO_PASSWORD else known
    right = _verify(known or _nobodys_hash(), password)
    if person is None or known is None or not right or not person.active:
        return None
    if _hasher().check_needs_rehash(known):
        with shop.database.write() as unit:
            unit.people.rehash(address, _hasher().hash(password))
    return person


def find_person(shop: Shop, email: str) -> Person | None:
    """The person with that e-mail address, or None."""
    with shop.database.read() as unit:
        return unit.people.find(email.strip().lower())


def everyone(shop: Shop) -> list[Person]:
    """All people, by e-mail address, those who may no longer sign in too."""
    with shop.database.read() as unit:
        return unit.people.everyone()


def change_role(shop: Shop, actor: Actor, email: str, role: Role) -> Person:
    """Give somebody another role; their sessions end. One active admin must remain."""
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        before = deed.unit.people.get(email.strip().lower())
        person = deed.unit.people.set_role(before.email, Role(role))
        _check_admin_remains(deed, before)
        deed.record("person.role", person.email, before=content_of(before), after=content_of(person))
        return person


def deactivate(shop: Shop, actor: Actor, email: str) -> Person:
    """Keep somebody out; their sessions end. One active admin must remain."""
    return _set_active(shop, actor, email, False)


def reactivate(shop: Shop, actor: Actor, email: str) -> Person:
    """Let somebody in again."""
    return _set_active(shop, actor, email, True)


def set_password(shop: Shop, actor: Actor, email: str, password: str) -> Person:
    """Change a password: one's own, or as an admin anybody's; all sessions of that person end."""
    address = email.strip().lower()
    if address != actor.name and not actor.may(Permission.ADMINISTER):
        raise Forbidden("You may change your own password; for another's ask an admin.")
    hashed = hash_password(password)
    with acting(shop, actor, Permission.VIEW) as deed:
        person = deed.unit.people.set_password(address, hashed)
        deed.record("person.password", address)
        return person


def change_password(shop: Shop, actor: Actor, current: str, password: str) -> Person:
    """Change one's own password, knowing the present one; all one's sessions end.

    Raises:
        Invalid: when the present one is wrong, or the new one too short.
    """
    if check_password(shop, actor.name, current) is None:
        raise Invalid("current", "this is not your present password")
    return set_password(shop, actor, actor.name, password)


def sign_out_everywhere(shop: Shop, actor: Actor, email: str) -> Person:
    """End all sessions of a person: one's own, or as an admin anybody's."""
    address = email.strip().lower()
    if address != actor.name and not actor.may(Permission.ADMINISTER):
        raise Forbidden("You may end your own sessions; for another's ask an admin.")
    with acting(shop, actor, Permission.VIEW) as deed:
        person = deed.unit.people.end_sessions(address)
        deed.record("person.sessions", address)
        return person


def _set_active(shop: Shop, actor: Actor, email: str, active: bool) -> Person:
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        before = deed.unit.people.get(email.strip().lower())
        person = deed.unit.people.set_active(before.email, active)
        _check_admin_remains(deed, before)
        command = "person.reactivate" if active else "person.deactivate"
        deed.record(command, person.email, before=content_of(before), after=content_of(person))
        return person


def _check_admin_remains(deed: Deed, before: Person) -> None:
    if before.role is not Role.ADMIN or not before.active:
        return
    if not any(each.active and each.role is Role.ADMIN for each in deed.unit.people.everyone()):
        raise Invalid("role", "one active admin must remain; make somebody else an admin first")


def content_of(person: Person) -> dict[str, object]:
    """What the audit says of a person."""
    return {"email": person.email, "name": person.name, "role": person.role.value, "active": person.active}


def check_address(email: str) -> str:
    """An e-mail address in small letters; raises Invalid for one that is none."""
    address = email.strip().lower()
    if len(address) > _LONGEST_EMAIL or not address.isprintable() or not _EMAIL.fullmatch(address):
        raise Invalid("email", "give an e-mail address such as ann@shop.example")
    return address


def hash_password(password: str) -> str:
    """The hash to keep of a password; raises Invalid for one that is too short or cannot be used."""
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise Invalid("password", f"give at least {SHORTEST_PASSWORD} characters")
    try:
        return _hasher().hash(password)
    except UnicodeEncodeError:
        raise Invalid("password", "holds a character that cannot be used; remove it") from None


def _verify(known: str, password: str) -> bool:
    try:
        return _hasher().verify(known, password[:_LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


@cache
def _hasher() -> PasswordHasher:
    """Argon2id with the library's present parameters (RFC 9106, low-memory profile)."""
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash("nobody has this password")
