"""What every use case is given, and the transaction that each of them is."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from recsys.domain.errors import Invalid
from recsys.domain.history import SCHEMA_VERSION
from recsys.domain.people import Actor, Permission
from recsys.domain.rules import check_text
from recsys.settings import Settings
from recsys.storage.engine import Limits
from recsys.storage.unit_of_work import Database, UnitOfWork


@dataclass(frozen=True, slots=True)
class Shop:
    """One installation: its database and settings, its clock (UTC) and its maker of ids."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime]
    new_id: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Deed:
    """One use case under way: its transaction, who acts, and the moment of it all."""

    unit: UnitOfWork
    actor: Actor
    at: datetime

    def record(
        self,
        command: str,
        target: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        comment: str = "",
    ) -> None:
        """Append the audit entry; it commits with the change or not at all."""
        self.unit.audit.add(
            at=self.at,
            actor=self.actor.name,
            role=self.actor.role.value,
            command=command,
            target=target,
            before=before,
            after=after,
            schema_version=SCHEMA_VERSION,
            comment=comment,
        )


def open_shop(settings: Settings) -> Shop:
    """The shop of these settings, with the real clock; ids look like “pin-3f9a2c81d0e4”."""
    return Shop(
        database=Database(settings.database_url, _limits(settings)),
        settings=settings,
        clock=lambda: datetime.now(UTC),
        new_id=lambda prefix: f"{prefix}-{secrets.token_hex(6)}",
    )


def _limits(settings: Settings) -> Limits:
    return Limits(settings.database_connections, settings.statement_seconds, settings.lock_seconds)


@contextmanager
def acting(shop: Shop, actor: Actor, permission: Permission) -> Iterator[Deed]:
    """Permission, change and audit entry in one transaction, or nothing.

    Raises:
        Forbidden: before anything else, when the actor's role does not cover `permission`.
    """
    actor.require(permission)
    with shop.database.write() as unit:
        yield Deed(unit, actor, shop.clock())


def check_words(value: str, field: str, *, required: bool = False) -> str:
    """`value` without blanks around it, if both databases can keep it.

    Raises:
        Invalid: naming `field`, when it is too long, or empty where it is `required`.
    """
    words = value.strip()
    check_text(words, field, required=required)
    if "\x00" in words or not _is_unicode(words):
        raise Invalid(field, "holds a character that cannot be stored; remove it")
    return words


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
