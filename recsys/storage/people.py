"""The people who may sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from recsys.domain.errors import NotFound
from recsys.domain.people import Actor, Role
from recsys.storage.tables import PersonRow

NO_PASSWORD = "!"  # noqa: S105  # the mark of none
"""Kept in place of a hash for whoever has none yet: no password fits it."""


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a role. A session begun under another `session_epoch` has ended. `created_at` is UTC.

    `joined` is False for somebody who is invited and has not chosen a password yet.
    """

    id: int
    email: str
    name: str
    role: Role
    active: bool
    session_epoch: int
    created_at: datetime
    joined: bool = True

    @property
    def actor(self) -> Actor:
        """The person as the use cases see them."""
        return Actor(self.email, self.role)


class PersonRepository:
    """Adds people and changes what they may do; nobody is deleted, for the audit's sake."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, email: str, name: str, role: Role, password_hash: str, created_at: datetime) -> Person:
        """Write a new person."""
        row = PersonRow(
            email=email,
            name=name,
            role=role.value,
            password_hash=password_hash,
            active=True,
            session_epoch=1,
            created_at=created_at,
        )
        self._session.add(row)
        self._session.flush()
        return _person(row)

    def find(self, email: str) -> Person | None:
        """The person with that e-mail address, in small letters, or None."""
        row = self._session.scalar(select(PersonRow).where(PersonRow.email == email))
        return None if row is None else _person(row)

    def get(self, email: str) -> Person:
        """The person with that e-mail address, in small letters; raises NotFound."""
        return _person(self._row(email))

    def password_hash(self, email: str) -> str:
        """The stored hash; raises NotFound."""
        return self._row(email).password_hash

    def everyone(self) -> list[Person]:
        """All people, by e-mail address."""
        return [_person(row) for row in self._session.scalars(select(PersonRow).order_by(PersonRow.email))]

    def set_role(self, email: str, role: Role) -> Person:
        """Give a person another role; their sessions end."""
        row = self._row(email)
        row.role = role.value
        return self._ended(row)

    def set_active(self, email: str, active: bool) -> Person:
        """Let a person in, or keep them out; their sessions end."""
        row = self._row(email)
        row.active = active
        return self._ended(row)

    def set_password(self, email: str, password_hash: str) -> Person:
        """Give a person another password; their sessions end."""
        row = self._row(email)
        row.password_hash = password_hash
        return self._ended(row)

    def end_sessions(self, email: str) -> Person:
        """End the sessions of a person; raises NotFound."""
        return self._ended(self._row(email))

    def rehash(self, email: str, password_hash: str) -> None:
        """Keep the same password under newer hash parameters."""
        self._row(email).password_hash = password_hash
        self._session.flush()

    def _ended(self, row: PersonRow) -> Person:
        row.session_epoch += 1
        self._session.flush()
        return _person(row)

    def _row(self, email: str) -> PersonRow:
        row = self._session.scalar(select(PersonRow).where(PersonRow.email == email))
        if row is None:
            raise NotFound("person", f"There is nobody with the e-mail address {email}.")
        return row


def _person(row: PersonRow) -> Person:
    return Person(
        row.id,
        row.email,
        row.name,
        Role(row.role),
        row.active,
        row.session_epoch,
        row.created_at,
        row.password_hash != NO_PASSWORD,
    )
