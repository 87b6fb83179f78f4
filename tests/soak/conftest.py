"""What campaigns share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.endpoint import Endpoint, running_endpoint
from support.postgres import StoppablePostgres
from support.tiny_shop import TinyShop, make_tiny_shop


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> Iterator[TinyShop]:
    """A small shop on either database."""
    made = make_tiny_shop(tmp_path / "home", database_url)
    yield made
    made.shop.database.close()


@pytest.fixture
def endpoint(tiny: TinyShop, tmp_path: Path) -> Iterator[Endpoint]:
    """Serve that shop with two workers."""
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as running:
        yield running


@pytest.fixture
def own_postgres(upgrade: Callable[[str], None]) -> Iterator[StoppablePostgres]:
    """Give a PostgreSQL of this test's own, with a migrated database, that may be stopped hard."""
    folder = Path(tempfile.mkdtemp(prefix="recsys-pg-own-"))
    server = StoppablePostgres(folder / "data")
    try:
        upgrade(server.url)
        yield server
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
