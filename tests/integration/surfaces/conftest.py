"""The desk over the tiny shop, without a socket: one person of each role, sending forms as the page does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.desk import DeskUnderTest, Visitor, make_desk_home, open_desk
from werkzeug.test import TestResponse

from recsys.domain.people import Role
from recsys.services.shop import Shop


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in; posts go as htmx sends them unless told otherwise."""

    visitor: Visitor
    csrf: str

    def get(self, path: str, *, htmx: bool = False) -> TestResponse:
        """Open an address."""
        return self.visitor.client.get(path, headers={"HX-Request": "true"} if htmx else {})

    def post(self, path: str, *, htmx: bool = True, forged: bool = False, **fields: object) -> TestResponse:
        """Send a form."""
        headers = {"HX-Request": "true"} if htmx else {}
        if not forged:
            headers["X-CSRFToken"] = self.csrf
        return self.visitor.client.post(path, data=fields, headers=headers)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Path:
    """Make the shop once; each test gets a copy of its folder."""
    home = tmp_path_factory.mktemp("furnished")
    shutil.copy(migrated_sqlite, home / "recsys.db")
    make_desk_home(home, f"sqlite:///{home / 'recsys.db'}")
    return home


@pytest.fixture
def desk(furnished: Path, tmp_path: Path) -> Iterator[DeskUnderTest]:
    desk = open_desk(shutil.copytree(furnished, tmp_path / "home"))
    yield desk
    desk.shop.database.close()


@pytest.fixture
def shop(desk: DeskUnderTest) -> Shop:
    return desk.shop


def _signed_in(desk: DeskUnderTest, role: Role) -> Person:
    visitor = desk.signed_in(role)
    return Person(visitor, visitor.token())


@pytest.fixture
def viewer(desk: DeskUnderTest) -> Person:
    return _signed_in(desk, Role.VIEWER)


@pytest.fixture
def editor(desk: DeskUnderTest) -> Person:
    return _signed_in(desk, Role.EDITOR)


@pytest.fixture
def publisher(desk: DeskUnderTest) -> Person:
    return _signed_in(desk, Role.PUBLISHER)
