"""Letting people in by a link: whoever opens it chooses the password, once, within a week.

A link carries the address, the person's session epoch and the end, signed. Choosing a password moves the epoch, so the
link works once; a newer link moves it too, so only the latest works. Nothing of it is kept in the database.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from recsys.domain.errors import Conflict, Invalid, NotFound
from recsys.domain.people import Actor, Permission, Role
from recsys.services.people import check_address, content_of, hash_password
from recsys.services.shop import Shop, acting, check_words
from recsys.storage.people import NO_PASSWORD, Person

GOOD_FOR = timedelta(days=7)
_LONGEST_TOKEN = 2_000


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link's token, whom it lets in, and until when."""

    token: str
    person: Person
    until: datetime


def invite(shop: Shop, actor: Actor, email: str, role: Role, *, name: str = "") -> Invitation:
    """Let somebody in who chooses the password by a link.

    Raises:
        Invalid: for an address that is none.
        Conflict: when the address is taken.
    """
    address, shown = check_address(email), check_words(name, "name")
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        if deed.unit.people.find(address) is not None:
            raise Conflict(f"Somebody with the e-mail address {address} is here already.")
        called = shown or address.partition("@")[0]
        person = deed.unit.people.add(address, called, Role(role), NO_PASSWORD, deed.at)
        deed.record("person.invite", address, after=content_of(person))
        return _invitation(shop, person, deed.at)


def new_link(shop: Shop, actor: Actor, email: str) -> Invitation:
    """Another link for somebody who lost the first or forgot the password; earlier links and all sessions end.

    The old password goes on working until the new one is chosen.
    """
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        person = deed.unit.people.get(email.strip().lower())
        if not person.active:
            raise Invalid("email", f"{person.email} is kept out; let them in again first")
        person = deed.unit.people.end_sessions(person.email)
        deed.record("person.link", person.email)
        return _invitation(shop, person, deed.at)


def invited(shop: Shop, token: str) -> Person:
    """Whom a link lets in. Raises NotFound for a link that is used, overtaken, too old or none."""
    email, epoch = _read(shop, token)
    with shop.database.read() as unit:
        person = unit.people.find(email)
    if person is None or not person.active or person.session_epoch != epoch:
        raise _no_link()
    return person


def join(shop: Shop, token: str, password: str) -> Person:
    """Choose the password by a link, which is used up; raises NotFound as `invited`, Invalid for a poor password."""
    person = invited(shop, token)
    hashed = hash_password(password)
    with acting(shop, person.actor, Permission.VIEW) as deed:
        # Looked at again within the transaction: of two who use the link at once, one is too late.
        if deed.unit.people.get(person.email) != person:
            raise _no_link()
        joined = deed.unit.people.set_password(person.email, hashed)
        deed.record("person.join", person.email)
        return joined


def _invitation(shop: Shop, person: Person, at: datetime) -> Invitation:
    until = (at + GOOD_FOR).replace(microsecond=0)
    said = [person.email, person.session_epoch, int(until.timestamp())]
    return Invitation(str(_signer(shop).dumps(said)), person, until)


def _read(shop: Shop, token: str) -> tuple[str, int]:
    if len(token) > _LONGEST_TOKEN:
        raise _no_link()
    try:
        email, epoch, until = _signer(shop).loads(token)
    except BadData:
        raise _no_link() from None
    if datetime.fromtimestamp(until, UTC) <= shop.clock():
        raise _no_link()
    return str(email), int(epoch)


def _signer(shop: Shop) -> URLSafeSerializer:
    """The end is ours and by the shop's clock, so the signature needs no time of its own."""
    kwargs = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(shop.settings.derived_key("invitation"), signer_kwargs=kwargs)


def _no_link() -> NotFound:
    return NotFound(
        "link", "This link was used already, is older than seven days, or was replaced by a newer one."
    )
