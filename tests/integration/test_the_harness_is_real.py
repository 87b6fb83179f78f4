"""The tests' own ground: real databases, a real browser, nothing skipped."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[2]


def test_each_database_starts_without_tables(empty_database_url: str) -> None:
    engine = sqlalchemy.create_engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE probe (n INTEGER)"))
        connection.execute(sqlalchemy.text("INSERT INTO probe VALUES (1)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["probe"]
    engine.dispose()


def test_postgresql_is_the_real_server(empty_postgres_url: str) -> None:
    engine = sqlalchemy.create_engine(empty_postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(sqlalchemy.text("SELECT version()")).startswith("PostgreSQL")
    engine.dispose()


def test_a_migrated_database_knows_its_revision(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    assert "alembic_version" in sqlalchemy.inspect(engine).get_table_names()
    engine.dispose()


def test_the_browser_runs_scripts(page: Page) -> None:
    page.goto("data:text/html,<title>one</title><script>document.title = 'two'</script>")
    assert page.title() == "two"
    assert page.screenshot().startswith(b"\x89PNG")


def test_axe_runs_inside_a_page(page: Page, axe_source: str) -> None:
    page.goto("data:text/html,<html><img src='data:,'></html>")
    page.evaluate(axe_source)
    found = page.evaluate("async () => (await axe.run()).violations.map(rule => rule.id)")
    assert "image-alt" in found


@pytest.mark.parametrize("name", ["htmx.min.js", "Sortable.min.js"])
def test_the_desk_serves_its_libraries_itself(name: str) -> None:
    assert (ROOT / "curation_ui" / "static" / "vendor" / name).stat().st_size > 1000
