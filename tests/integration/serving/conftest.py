"""The tiny shop behind a real endpoint with two workers, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from support.endpoint import Endpoint, running_endpoint
from support.tiny_shop import TinyShop, make_tiny_shop


@dataclass(frozen=True, slots=True)
class Served:
    """A shop and the endpoint that serves it."""

    tiny: TinyShop
    endpoint: Endpoint


@contextmanager
def serving(folder, database_url) -> Iterator[Served]:
    tiny = make_tiny_shop(folder, database_url)
    try:
        with running_endpoint(tiny.environment, folder, key=tiny.keys.read) as endpoint:
            yield Served(tiny, endpoint)
    finally:
        tiny.shop.database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def served(request, tmp_path_factory) -> Iterator[Served]:
    """Serve a shop that the tests of a module share, and must leave as they found it."""
    folder = tmp_path_factory.mktemp("served")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'recsys.db'}"
        request.getfixturevalue("upgrade")(url)
        with serving(folder, url) as each:
            yield each
        return
    server = request.getfixturevalue("postgres")
    name = server.create(template=request.getfixturevalue("migrated_postgres"))
    with serving(folder, server.url(name)) as each:
        yield each
    server.drop(name)


@pytest.fixture
def own(tmp_path, sqlite_url) -> Iterator[Served]:
    """Serve a shop for one test alone."""
    with serving(tmp_path, sqlite_url) as each:
        yield each
