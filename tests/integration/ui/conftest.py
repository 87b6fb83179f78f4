"""The desk over a tiny shop: one of one's own for tests that change it, a shared one for tests that read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desk import DeskUnderTest, Visitor, make_desk_home, open_desk

from recsys.domain.people import Role


@pytest.fixture(scope="session")
def desk_home(tmp_path_factory, migrated_sqlite) -> Path:
    """Make the shop once; the tests work on copies of it."""
    home = tmp_path_factory.mktemp("desk-made")
    shutil.copy(migrated_sqlite, home / "recsys.db")
    make_desk_home(home, f"sqlite:///{home / 'recsys.db'}")
    return home


@pytest.fixture
def desk(tmp_path, desk_home) -> Iterator[DeskUnderTest]:
    made = open_desk(shutil.copytree(desk_home, tmp_path / "home"))
    yield made
    made.shop.database.close()


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory, desk_home) -> Iterator[DeskUnderTest]:
    made = open_desk(shutil.copytree(desk_home, tmp_path_factory.mktemp("desk") / "home"))
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
