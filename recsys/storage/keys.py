"""API keys, known by their SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from recsys.domain.errors import NotFound
from recsys.storage.tables import ApiKeyRow


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key without the key.

    `key_hash` is the SHA-256 in hexadecimal, `prefix` the first characters; `rate_limit` is in
    requests a minute, None for none; times are UTC.
    """

    id: str
    name: str
    key_hash: str
    prefix: str
    scopes: tuple[str, ...]
    publishable: bool
    origins: tuple[str, ...]
    rate_limit: int | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None


class KeyRepository:
    """Adds keys and revokes them; none is ever deleted."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, key: KeyInfo) -> None:
        """Write a new key."""
        self._session.add(ApiKeyRow(**{name: getattr(key, name) for name in KeyInfo.__slots__}))
        self._session.flush()

    def revoke(self, key_id: str, at: datetime) -> KeyInfo:
        """End a key; raises NotFound."""
        row = self._row(key_id)
        row.revoked_at = at
        self._session.flush()
        return _info(row)

    def get(self, key_id: str) -> KeyInfo:
        """The key with that id; raises NotFound."""
        return _info(self._row(key_id))

    def all(self) -> list[KeyInfo]:
        """All keys, newest first."""
        order = (ApiKeyRow.created_at.desc(), ApiKeyRow.id)
        return [_info(row) for row in self._session.scalars(select(ApiKeyRow).order_by(*order))]

    def _row(self, key_id: str) -> ApiKeyRow:
        row = self._session.get(ApiKeyRow, key_id)
        if row is None:
            raise NotFound("key", f"There is no key “{key_id}”.")
        return row


def read_keys(connection: Connection) -> list[KeyInfo]:
    """The keys that are in force, for a worker's memory."""
    columns = [getattr(ApiKeyRow, name) for name in KeyInfo.__slots__]
    return [_info(row) for row in connection.execute(select(*columns).where(ApiKeyRow.revoked_at.is_(None)))]


def _info(row: object) -> KeyInfo:
    given = {name: getattr(row, name) for name in KeyInfo.__slots__}
    return KeyInfo(**{**given, "scopes": tuple(given["scopes"]), "origins": tuple(given["origins"])})
