"""A backup made while the shop is open comes back whole, on both databases, by the tools that docs/storage.md names."""

from __future__ import annotations

import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.tiny_shop import TinyShop, make_tiny_shop, publish_rules

from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR
from recsys.domain.rules import Pin
from recsys.domain.selectors import Target
from recsys.services.takedowns import take_down
from recsys.storage.migrate import differences, upgrade
from recsys.storage.tables import Base
from recsys.storage.unit_of_work import Database


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table, in words."""
    database = Database(url)
    with database.connect() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in Base.metadata.sorted_tables
        }
    database.close()
    return found


def dump_and_restore(binaries: Path, url: str, empty: str, folder: Path) -> None:
    def plain(given: str) -> str:
        return urlsplit(given)._replace(scheme="postgresql").geturl()

    file = folder / "shop.dump"
    for command in (
        ["pg_dump", "--format=custom", f"--file={file}", f"--dbname={plain(url)}"],
        [
            "pg_restore",
            "--no-owner",
            "--exit-on-error",
            "--single-transaction",
            f"--dbname={plain(empty)}",
            str(file),
        ],
    ):
        subprocess.run([str(binaries / command[0]), *command[1:]], check=True)
    assert file.stat().st_size > 0


def test_postgresql_comes_back_from_a_dump(
    postgres: Any, postgres_url: str, empty_postgres_url: str, tmp_path: Path
) -> None:
    tiny = make_tiny_shop(tmp_path / "home", postgres_url)
    with tiny.shop.database.read():
        dump_and_restore(postgres.binaries, postgres_url, empty_postgres_url, tmp_path)
    assert contents(empty_postgres_url) == contents(postgres_url)
    _goes_on(tiny, empty_postgres_url)


def test_sqlite_comes_back_from_its_own_backup(sqlite_url: str, tmp_path: Path) -> None:
    tiny = make_tiny_shop(tmp_path / "home", sqlite_url)
    copy = tmp_path / "backup" / "recsys.db"
    copy.parent.mkdir()
    with tiny.shop.database.read():
        source = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
        source.execute("VACUUM INTO ?", (str(copy),))
        source.close()
    assert contents(f"sqlite:///{copy}") == contents(sqlite_url)
    _goes_on(tiny, f"sqlite:///{copy}")


def _goes_on(tiny: TinyShop, url: str) -> None:
    """The restored database has the schema of this version, and takes what people do next."""
    upgrade(url)
    assert differences(url) == []
    restored = Database(url)
    shop = replace(tiny.shop, database=restored, new_id=lambda kind: f"{kind}-restored")
    take_down(shop, OPERATOR, Target(item_id=ItemId("i05")), reason="Recalled")
    assert (
        publish_rules(shop, Pin(id=RuleId("pin-after"), slot=9, item_id=ItemId("i06"))) > tiny.curated_release
    )
    restored.close()
    tiny.shop.database.close()
