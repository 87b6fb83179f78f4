from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files

import pytest
from sqlalchemy import func, inspect, select

from recsys.domain.events import Event, EventType, Followed
from recsys.domain.people import Role
from recsys.domain.selectors import Selector, Target
from recsys.services.auditing import verify
from recsys.services.catalog import upsert_items
from recsys.services.drafting import read_draft
from recsys.services.events import record_events
from recsys.services.keys import add_key
from recsys.services.people import add_person
from recsys.services.presence import note_presence
from recsys.services.proposing import propose
from recsys.services.releasing import accept_run, publish
from recsys.services.takedowns import take_down
from recsys.storage import migrate
from recsys.storage.engine import make_engine
from recsys.storage.partitions import is_part
from recsys.storage.shoppers import USER
from recsys.storage.tables import NAMING, Base
from tests.integration.rule_examples import pin, theme
from tests.integration.shops import ADA, ANN, MORNING, PAT, add_run, item, make_shop, save

NEWEST = "0005"


def fill(url, home):
    """Put data into every table, by the ways that the product has."""
    shop = make_shop(url, home)
    upsert_items(shop, ADA, [item("lamp", tags=("light",), price=1.5)])
    add_run(shop, "run-1")
    accept_run(shop, PAT, "run-1")
    publish(shop, PAT, [save(shop, ANN, pin()), save(shop, ANN, theme())])
    drafted = save(shop, ANN, pin(4))
    propose(shop, ANN, [drafted])
    note_presence(shop, ANN, "/themes")
    take_down(shop, PAT, Target(selector=Selector(tags=("light",))), reason="recalled")
    add_person(shop, ADA, "ann@shop.example", Role.EDITOR, "correct horse")
    add_key(shop, ADA, "site", ["read"])
    with shop.database.write() as unit:
        unit.shoppers.add_members([("u1", "vip")])
        unit.shoppers.add_dislikes(USER, [("u1", "lamp")], MORNING)
    record_events(
        shop,
        [
            Event(
                event_id="e1",
                type=EventType.PURCHASE,
                item_id="lamp",
                at=MORNING,
                user="u1",
                followed=Followed("pin-1"),
            ),
            Event(event_id="e2", type=EventType.DISLIKE, item_id="lamp", at=MORNING, session="s1"),
        ],
        MORNING,
    )
    return shop


def rows_of(url):
    engine = make_engine(url)
    with engine.connect() as connection:
        counts = {
            table.name: connection.scalar(select(func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
        }
    engine.dispose()
    return counts


def tables_of(url):
    engine = make_engine(url)
    names = set(inspect(engine).get_table_names()) - {"alembic_version"}
    engine.dispose()
    return {name for name in names if not is_part(name)}


def test_up_down_and_up_again_with_data_in_every_table(empty_database_url, tmp_path):
    migrate.upgrade(empty_database_url)
    fill(empty_database_url, tmp_path / "home").database.close()
    assert 0 not in rows_of(empty_database_url).values()
    migrate.downgrade(empty_database_url, "base")
    assert tables_of(empty_database_url) == set()
    assert migrate.current(empty_database_url) is None
    migrate.upgrade(empty_database_url)
    shop = fill(empty_database_url, tmp_path / "home")
    assert read_draft(shop).rules.get("pin-1").slot == 4
    assert verify(shop) == []
    shop.database.close()


def test_upgrading_what_is_up_to_date_changes_nothing(empty_database_url, tmp_path):
    assert migrate.current(empty_database_url) is None
    migrate.upgrade(empty_database_url)
    fill(empty_database_url, tmp_path / "home").database.close()
    before = rows_of(empty_database_url)
    migrate.upgrade(empty_database_url)
    assert rows_of(empty_database_url) == before
    assert migrate.current(empty_database_url) == NEWEST


def test_the_migrations_make_the_tables_of_the_code(empty_database_url):
    migrate.upgrade(empty_database_url)
    assert migrate.differences(empty_database_url) == []
    assert tables_of(empty_database_url) == {table.name for table in Base.metadata.sorted_tables}


def test_every_constraint_and_index_follows_the_naming_convention(empty_database_url):
    migrate.upgrade(empty_database_url)
    engine = make_engine(empty_database_url)
    found = inspect(engine)
    for table in Base.metadata.sorted_tables:
        prefixes = {
            "pk": [found.get_pk_constraint(table.name)],
            "fk": found.get_foreign_keys(table.name),
            "uq": found.get_unique_constraints(table.name),
            "ck": found.get_check_constraints(table.name),
            "ix": [each for each in found.get_indexes(table.name) if not each.get("duplicates_constraint")],
        }
        for prefix, constraints in prefixes.items():
            assert prefix in NAMING
            for each in constraints:
                # SQLite keeps no name for the key of a table that never gives an id twice, and the partitioned
                # table of PostgreSQL has none.
                nameless = "sqlite" if each.get("constrained_columns") else "postgresql"
                unnamed = prefix == "pk" and engine.dialect.name == nameless and not each["name"]
                assert unnamed or each["name"].startswith(f"{prefix}_{table.name}"), each
    engine.dispose()


def run_python(code, url, home):
    environment = {**os.environ, "RECSYS_DATABASE_URL": url, "RECSYS_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, *code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_the_alembic_command_finds_nothing_to_do(empty_database_url, tmp_path):
    ini = str(files("migrations") / "alembic.ini")
    for command in (["upgrade", "head"], ["check"]):
        process = run_python(["-m", "alembic", "-c", ini, *command], empty_database_url, tmp_path)
        output = process.communicate(timeout=120)[0].decode()
        assert process.returncode == 0, output
    assert "No new upgrade operations detected" in output


def test_processes_that_start_at_once_upgrade_once(empty_database_url, tmp_path):
    code = f"from recsys.storage.migrate import upgrade; upgrade({empty_database_url!r})"
    started = [run_python(["-c", code], empty_database_url, tmp_path) for _ in range(3)]
    outputs = [process.communicate(timeout=120)[0].decode() for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], outputs
    assert migrate.differences(empty_database_url) == []
    assert rows_of(empty_database_url)["shop_state"] == 1


def test_a_migration_that_fails_leaves_the_database_as_it_was(empty_database_url, monkeypatch):
    def fail(connection):
        raise RuntimeError("the machine went away")

    with monkeypatch.context() as broken:
        broken.setattr(migrate, "_check_references", fail)
        with pytest.raises(RuntimeError):
            migrate.upgrade(empty_database_url)
    assert tables_of(empty_database_url) == set()
    migrate.upgrade(empty_database_url)
    assert migrate.current(empty_database_url) == NEWEST
