"""Column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text, TypeDecorator

IdText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared byte for byte, as ids are; SQLite compares so by itself."""

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""A counting key; only a plain INTEGER counts by itself on SQLite."""


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both sides; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as the database keeps it: SQLite has no zones, so UTC is written without one."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """Plain JSON values as text: the same value is always the same text, on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The JSON text with sorted keys; None is NULL."""
        del dialect
        return None if value is None else msgspec.json.encode(value, order="deterministic").decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The plain values."""
        del dialect
        return None if value is None else msgspec.json.decode(value)
