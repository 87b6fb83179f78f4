from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.domain.errors import Invalid
from recsys.settings import Settings

SECRET = "0123456789abcdef0123456789abcdef"


def settings(home: Path, **variables: str) -> Settings:
    return Settings.from_environment({"RECSYS_HOME": str(home), **variables})


def test_an_empty_environment_gives_a_shop_in_the_var_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = Settings.from_environment({})
    assert made.home == tmp_path / "var"
    assert made.database_url == f"sqlite:///{tmp_path}/var/recsys.db"
    assert made.interactions_dir == tmp_path / "var" / "interactions"
    assert made.snapshots_dir == tmp_path / "var" / "snapshots"
    assert (made.host, made.ui_port, made.api_port, made.workers) == ("127.0.0.1", 8000, 8001, 1)
    assert (made.refresh_seconds, made.release_hold_minutes) == (0.2, 60)
    assert (made.datasets, made.https, made.timezone) == (None, False, "UTC")


def test_an_empty_variable_counts_as_not_given(tmp_path: Path) -> None:
    assert settings(tmp_path, RECSYS_UI_PORT="  ", RECSYS_SHOP_NAME="").ui_port == 8000


def test_every_value_given_is_taken(tmp_path: Path) -> None:
    made = settings(
        tmp_path,
        RECSYS_SECRET_KEY=SECRET,
        RECSYS_DATASETS=str(tmp_path / "sets"),
        RECSYS_HOST="0.0.0.0",  # noqa: S104  # the value is only read
        RECSYS_UI_PORT="9000",
        RECSYS_API_PORT="9001",
        RECSYS_WORKERS="4",
        RECSYS_REFRESH_SECONDS="0.05",
        RECSYS_RELEASE_HOLD_MINUTES="120",
        RECSYS_SHOP_NAME="Gifts & more",
        RECSYS_TIMEZONE="Europe/London",
        RECSYS_HTTPS="on",
        RECSYS_AUTO_ACCEPT="Gate",
        RECSYS_LOG_LEVEL="DEBUG",
    )
    assert made.secret_key == SECRET.encode()
    assert made.datasets == tmp_path / "sets"
    assert (made.host, made.ui_port, made.api_port, made.workers) == ("0.0.0.0", 9000, 9001, 4)  # noqa: S104  # as above
    assert (made.refresh_seconds, made.release_hold_minutes) == (0.05, 120)
    assert (made.shop_name, made.timezone) == ("Gifts & more", "Europe/London")
    assert (made.https, made.auto_accept, made.log_level) == (True, "gate", "debug")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("postgresql://u:p@db/shop", "postgresql+psycopg://u:p@db/shop"),
        ("postgres://u:p@db/shop", "postgresql+psycopg://u:p@db/shop"),
        ("postgresql+psycopg://u:p@db/shop?host=/run", "postgresql+psycopg://u:p@db/shop?host=/run"),
        ("sqlite:////srv/shop.db", "sqlite:////srv/shop.db"),
    ],
)
def test_the_database_url_names_its_driver(tmp_path: Path, given: str, url: str) -> None:
    assert settings(tmp_path, RECSYS_DATABASE_URL=given).database_url == url


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("RECSYS_UI_PORT", "http", "a whole number from 1 to 65535"),
        ("RECSYS_UI_PORT", "0", "a whole number from 1 to 65535"),
        ("RECSYS_API_PORT", "65536", "a whole number from 1 to 65535"),
        ("RECSYS_WORKERS", "-1", "a whole number from 1 to 64"),
        ("RECSYS_WORKERS", "²", "a whole number from 1 to 64"),
        ("RECSYS_REFRESH_SECONDS", "0.6", "a number from 0.05 to 0.5"),
        ("RECSYS_REFRESH_SECONDS", "nan", "a number from 0.05 to 0.5"),
        ("RECSYS_REFRESH_SECONDS", "often", "a number from 0.05 to 0.5"),
        ("RECSYS_RELEASE_HOLD_MINUTES", "59", "from 60 to 10080"),
        ("RECSYS_HTTPS", "maybe", "on or off"),
        ("RECSYS_TIMEZONE", "Europe/Atlantis", "IANA time zone"),
        ("RECSYS_TIMEZONE", "../etc", "IANA time zone"),
        ("RECSYS_TIMEZONE", "Europe", "IANA time zone"),
        ("RECSYS_AUTO_ACCEPT", "on", "off, gate"),
        ("RECSYS_LOG_LEVEL", "loud", "debug, info, warning, error"),
        ("RECSYS_SHOP_NAME", "x" * 81, "at most 80"),
        ("RECSYS_SHOP_NAME", "a\x00b", "printable"),
        ("RECSYS_SECRET_KEY", "short", "at least 32"),
        ("RECSYS_DATABASE_URL", "mysql://u:p@db/shop", "sqlite:/// or postgresql://"),
        ("RECSYS_DATABASE_URL", "shop.db", "sqlite:/// or postgresql://"),
        ("RECSYS_DATABASE_URL", "sqlite://", "name a file"),
        ("RECSYS_DATABASE_URL", "sqlite:///:memory:", "name a file"),
        ("RECSYS_DATABASE_URL", "sqlite:///a.db?mode=ro", "name a file"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_name_and_the_mend(
    tmp_path: Path, variable: str, value: str, mend: str
) -> None:
    with pytest.raises(Invalid, match=mend) as refused:
        settings(tmp_path, **{variable: value})
    assert refused.value.field == variable


def test_a_refused_database_url_is_not_repeated_because_it_may_hold_a_password(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refused:
        settings(tmp_path, RECSYS_DATABASE_URL="mysql://u:hunter2@db/shop")
    assert "hunter2" not in str(refused.value)


def test_neither_secret_nor_password_shows_in_the_representation(tmp_path: Path) -> None:
    shown = repr(
        settings(tmp_path, RECSYS_SECRET_KEY=SECRET, RECSYS_DATABASE_URL="postgresql://u:hunter2@db/shop")
    )
    assert SECRET not in shown
    assert "hunter2" not in shown


def test_a_home_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Invalid) as refused:
        settings(tmp_path / "file" / "home")
    assert refused.value.field == "RECSYS_HOME"


def test_the_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = settings(tmp_path)
    assert settings(tmp_path).secret_key == first.secret_key
    kept = tmp_path / "secret.key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_the_key_comes_from_the_randomness_that_is_passed_in(tmp_path: Path) -> None:
    made = Settings.from_environment({"RECSYS_HOME": str(tmp_path)}, random_bytes=bytes)
    assert made.secret_key == b"00" * 32


def test_a_damaged_key_is_refused_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("half")
    with pytest.raises(Invalid, match="restore it from a backup"):
        settings(tmp_path)
    assert (tmp_path / "secret.key").read_text() == "half"


def test_a_key_that_another_process_made_meanwhile_wins(tmp_path: Path) -> None:
    def slow(count: int) -> bytes:
        (tmp_path / "secret.key").write_text("f" * 64)
        return bytes(count)

    made = Settings.from_environment({"RECSYS_HOME": str(tmp_path)}, random_bytes=slow)
    assert made.secret_key == b"f" * 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    script = "import os; from recsys.settings import Settings; print(Settings.from_environment(os.environ).secret_key)"
    environ = {**os.environ, "RECSYS_HOME": str(tmp_path), "RECSYS_SECRET_KEY": ""}
    command = [sys.executable, "-c", script]
    started = [subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    answers = [process.communicate(timeout=60)[0] for process in started]
    assert len(set(answers)) == 1
    assert answers[0].startswith("b'")


def test_derived_keys_are_32_bytes_and_differ_by_label_and_by_secret(tmp_path: Path) -> None:
    one = settings(tmp_path, RECSYS_SECRET_KEY=SECRET)
    other = settings(tmp_path, RECSYS_SECRET_KEY=SECRET * 5)
    keys = {made.derived_key(label) for made in (one, other) for label in ("session", "cursor")}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}
    assert one.derived_key("session") == settings(tmp_path, RECSYS_SECRET_KEY=SECRET).derived_key("session")
