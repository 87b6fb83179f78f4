"""The desk over a tiny shop: one of one's own for tests that change it, a shared one for tests that read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from recsys.domain.people import Role
from support.desk import DeskUnderTest, Visitor, make_desk


@pytest.fixture
def desk(tmp_path, sqlite_url) -> Iterator[DeskUnderTest]:
    made = make_desk(tmp_path, sqlite_url)
    yield made
    made.shop.database.close()


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory, migrated_sqlite) -> Iterator[DeskUnderTest]:
    home = tmp_path_factory.mktemp("desk")
    shutil.copy(migrated_sqlite, home / "recsys.db")
    made = make_desk(home, f"sqlite:///{home / 'recsys.db'}")
    yield made
    made.shop.database.close()


@pytest.fixture(scope="module")
def visitors(shared_desk) -> dict[Role, Visitor]:
    return {role: shared_desk.signed_in(role) for role in Role}


@pytest.fixture
def editor(desk) -> Visitor:
    return desk.signed_in(Role.EDITOR)


@pytest.fixture
def publisher(desk) -> Visitor:
    return desk.signed_in(Role.PUBLISHER)
