"""What most journeys begin with: a tiny shop whose people may sign in, and its desk in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.running_desk import RunningDesk, let_people_in, running_desk
from support.tiny_shop import TinyShop, make_tiny_shop


@pytest.fixture
def tiny(sqlite_url: str, tmp_path: Path) -> TinyShop:
    made = make_tiny_shop(tmp_path / "home", sqlite_url)
    let_people_in(made.shop)
    return made


@pytest.fixture
def desk(tiny: TinyShop, tmp_path: Path) -> Iterator[RunningDesk]:
    with running_desk(tiny.environment, tmp_path) as desk:
        yield desk
