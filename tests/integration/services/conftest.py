from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.services.seeding import ensure_first_release
from recsys.services.shop import Shop
from tests.integration.shops import PAT, empty_tables, make_shop, sell_well


@pytest.fixture(scope="session")
def reused_postgres_url(postgres, migrated_postgres) -> Iterator[str]:
    """Give a migrated database for all tests here: emptying tables is much faster than making databases."""
    name = postgres.create(template=migrated_postgres)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a migrated database without a row but the state's; once SQLite, once PostgreSQL."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    url = request.getfixturevalue("reused_postgres_url")
    empty_tables(url)
    return url


@pytest.fixture
def new_shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """Give a shop in which nothing was ever done."""
    made = make_shop(database_url, tmp_path / "home")
    yield made
    made.database.close()


@pytest.fixture
def shop(new_shop: Shop) -> Shop:
    """Give a shop with its first release."""
    ensure_first_release(new_shop, PAT)
    return new_shop


@pytest.fixture
def well_sold(shop: Shop, tmp_path: Path) -> Shop:
    """Give a shop with sales enough for something to be measured."""
    sell_well(shop, tmp_path)
    return shop
