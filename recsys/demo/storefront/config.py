"""What the shop front is told by the demonstration: a private file in the home, written before it starts."""

from __future__ import annotations

from pathlib import Path

import msgspec

from recsys.demo.record import write_private

NAME = "storefront.json"


class StorefrontConfig(msgspec.Struct, frozen=True):
    """Where the endpoint is, the key to call it with, the port to answer on, and whom one may shop as."""

    api: str
    api_key: str
    port: int
    sample_users: list[str]


def read_config(home: Path) -> StorefrontConfig:
    """The file in the home; raises OSError where there is none."""
    return msgspec.json.decode((home / NAME).read_bytes(), type=StorefrontConfig)


def write_config(home: Path, config: StorefrontConfig) -> None:
    """Write the file; it holds a key, so only its owner may read it."""
    write_private(home / NAME, config)
