"""The database's disk fills up while events arrive: what was acknowledged is there, the rest is refused plainly."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.endpoint import running_endpoint
from support.small_disk import full, small_disk
from support.tiny_shop import make_tiny_shop
from support.vigil import vigil

_LEFT = 48 * 1024
"""Room for some lots of events: they are what fills the disk."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, bool]]:
    """A folder, and whether it is a small disk of its own."""
    folder = tmp_path / "disk"
    with small_disk(folder) as mounted:
        yield folder, mounted


def test_a_disk_that_is_full_for_some_seconds(
    disk: tuple[Path, bool], migrated_sqlite: Path, tmp_path: Path
) -> None:
    _campaign(*disk, migrated_sqlite, tmp_path, times=1, seconds=4)


def test_files_that_cannot_grow_for_some_seconds(migrated_sqlite: Path, tmp_path: Path) -> None:
    _campaign(tmp_path, False, migrated_sqlite, tmp_path, times=1, seconds=4)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_disk_that_is_full_again_and_again(
    disk: tuple[Path, bool], migrated_sqlite: Path, tmp_path: Path
) -> None:
    _campaign(*disk, migrated_sqlite, tmp_path, times=6, seconds=10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_files_that_cannot_grow_again_and_again(migrated_sqlite: Path, tmp_path: Path) -> None:
    _campaign(tmp_path, False, migrated_sqlite, tmp_path, times=6, seconds=10)


def _campaign(
    folder: Path, mounted: bool, migrated: Path, tmp_path: Path, *, times: int, seconds: float
) -> None:
    database = folder / "recsys.db"
    shutil.copy(migrated, database)
    tiny = make_tiny_shop(tmp_path / "home", f"sqlite:///{database}")
    with (
        running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint,
        vigil(tiny, endpoint) as watch,
    ):
        for _ in range(times):
            refused, taken = watch.answers["/v1/events", 503], watch.answers["/v1/events", 202]
            watch.until(lambda taken=taken: watch.answers["/v1/events", 202] > taken, "a taken event")
            with full(folder, endpoint, mounted=mounted, left=_LEFT):
                watch.until(
                    lambda refused=refused: watch.answers["/v1/events", 503] > refused + 3, "refused events"
                )
                watch.last(seconds)
                asked = watch.answers["/v1/recommendations", 200]
                watch.until(
                    lambda asked=asked: watch.answers["/v1/recommendations", 200] > asked + 20, "answers"
                )
            taken = watch.answers["/v1/events", 202]
            watch.until(
                lambda taken=taken: watch.answers["/v1/events", 202] > taken + 5,
                "events that are taken again",
            )
            watch.until_more(takedown=1, dislike=1, publication=1)
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    tiny.shop.database.close()
