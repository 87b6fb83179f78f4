"""demo.json: where the demonstration answers and who may use it. Written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

NAME = "demo.json"


class DemoUser(msgspec.Struct, frozen=True):
    """Somebody who may sign in."""

    email: str
    password: str
    role: str


class DemoRecord(msgspec.Struct, frozen=True):
    """What a visitor, a script or a test needs to use the demonstration."""

    ui: str
    api: str
    storefront: str
    api_key: str
    users: list[DemoUser]
    sample_users: list[str]


def read_record(home: Path) -> DemoRecord | None:
    """The record of an earlier start, None when there is none that can be read."""
    try:
        kept = msgspec.json.decode((home / NAME).read_bytes(), type=dict[str, object])
        # Earlier versions had no storefront, and wrote null.
        return msgspec.convert({**kept, "storefront": kept.get("storefront") or ""}, DemoRecord)
    except (OSError, msgspec.MsgspecError):
        return None


def write_record(home: Path, record: DemoRecord) -> None:
    """Write the record; it holds passwords, so only its owner may read it."""
    write_private(home / NAME, record)


def write_private(path: Path, content: msgspec.Struct) -> None:
    """Write a file as JSON, whole or not at all, which only its owner may read."""
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(content), indent=2))
        file.flush()
        os.fsync(file.fileno())
    passing.replace(path)
