"""Small files, stores and tables for the tests of the data part."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.data.store import InteractionStore

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Give a function that writes text or bytes into a file of the given name; `.gz` is compressed."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        data = content.encode("utf-8") if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write_file


@pytest.fixture
def store(tmp_path: Path) -> InteractionStore:
    """Give an empty store."""
    return InteractionStore(tmp_path / "interactions")
