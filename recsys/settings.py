"""Settings: everything that an operator may set, read once from the environment."""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from recsys.domain.errors import Invalid
from recsys.durable import sync


class Setting(NamedTuple):
    """One row of the table of settings: the variable, its default in words, what it means."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "RECSYS_HOME",
        "`./var`",
        "Folder that holds interactions, snapshots and, by default, the database and the secret key.",
    ),
    Setting(
        "RECSYS_DATABASE_URL",
        "SQLite in `RECSYS_HOME`",
        "`sqlite:////absolute/path.db` or `postgresql://user:password@host/name`.",
    ),
    Setting(
        "RECSYS_DATABASE_CONNECTIONS",
        "`15`",
        "PostgreSQL: connections that one process opens at most, 2 to 200; a third of them stay open.",
    ),
    Setting(
        "RECSYS_STATEMENT_SECONDS",
        "`60`",
        "PostgreSQL: how long a statement may take before it is given up, 1 to 3600 seconds; migrations have their own.",
    ),
    Setting(
        "RECSYS_LOCK_SECONDS",
        "`15`",
        "PostgreSQL: how long a statement may wait for a lock before it is given up, 0.1 to 600 seconds.",
    ),
    Setting(
        "RECSYS_SECRET_KEY",
        "made once, kept in `RECSYS_HOME/secret.key`",
        "At least 32 characters; signs sessions and tokens and hides shoppers' ids. All processes of one installation share it.",
    ),
    Setting(
        "RECSYS_SPARK_FOLDER",
        "`RECSYS_HOME/spark`",
        "Folder in which `recsys train --engine spark` passes work to the executors; all of them reach it under this path.",
    ),
    Setting(
        "RECSYS_STORE_URL",
        "none",
        "Where machines share interactions, snapshots and what runs reached by shopper: `s3://bucket/prefix` (with the usual `AWS_` variables) or `file:///folder`; without it all of it is in `RECSYS_HOME`.",
    ),
    Setting(
        "RECSYS_SNAPSHOT_DAYS",
        "`90`",
        "How long the snapshot of a run is kept after it was last live, or was trained and not accepted, 7 to 3650 days.",
    ),
    Setting("RECSYS_DATASETS", "none", "Folder of the public data sets that the benchmarks read."),
    Setting("RECSYS_HOST", "`127.0.0.1`", "Address that the servers listen on."),
    Setting("RECSYS_UI_PORT", "`8000`", "Port of the curation desk."),
    Setting("RECSYS_API_PORT", "`8001`", "Port of the endpoint."),
    Setting("RECSYS_WORKERS", "`1`", "Worker processes of the endpoint, 1 to 64."),
    Setting("RECSYS_REFRESH_SECONDS", "`0.2`", "How often a worker looks for changes, 0.05 to 0.5 seconds."),
    Setting(
        "RECSYS_RELEASE_HOLD_MINUTES",
        "`60`",
        "How long cursors into an earlier release go on working, 60 to 10080 minutes.",
    ),
    Setting(
        "RECSYS_SHED_SECONDS",
        "`0.5`",
        "How long a request to the endpoint may wait; when it takes longer, a share of the requests is turned away, 0.02 to 60 seconds.",
    ),
    Setting(
        "RECSYS_SESSION_DAYS",
        "`30`",
        "How long what a session did is known after its last event, 1 to 400 days.",
    ),
    Setting(
        "RECSYS_EVENT_DAYS",
        "`90`",
        "How long events and their ids are kept in the database after the day (UTC) of their arrival, 7 to 3650 days; within it an event that is posted again is recognised. The first `recsys train` after that drops them.",
    ),
    Setting(
        "RECSYS_SHOP_NAME",
        "`The shop`",
        "The shop's name, as the curation desk shows it; at most 80 characters.",
    ),
    Setting(
        "RECSYS_TIMEZONE",
        "`UTC`",
        "IANA time zone in which the curation desk shows and reads times unless an editor says otherwise.",
    ),
    Setting(
        "RECSYS_HTTPS",
        "`off`",
        "`on` when browsers reach the curation desk over HTTPS; session cookies are then `Secure`.",
    ),
    Setting(
        "RECSYS_AUTO_ACCEPT",
        "`off`",
        "`gate`: a run that passes the quality gate goes live by itself when `recsys train` ends; `off`: every run waits for a person.",
    ),
    Setting("RECSYS_LOG_LEVEL", "`info`", "`debug`, `info`, `warning` or `error`."),
)

_SHORTEST_SECRET = 32
_LONGEST_SHOP_NAME = 80
_AUTO_ACCEPT = ("off", "gate")
_LOG_LEVELS = ("debug", "info", "warning", "error")
_SWITCH = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says, checked; its representation leaves out the secret and the database's password.

    `home` is absolute, `database_url` is a SQLAlchemy URL that names the driver, `refresh_seconds` is in seconds.
    """

    home: Path
    database_url: str = field(repr=False)
    secret_key: bytes = field(repr=False)
    database_connections: int = 15
    statement_seconds: float = 60.0
    lock_seconds: float = 15.0
    store_url: str | None = None
    snapshot_days: int = 90
    datasets: Path | None = None
    spark_folder: Path | None = None
    host: str = "127.0.0.1"
    ui_port: int = 8000
    api_port: int = 8001
    workers: int = 1
    refresh_seconds: float = 0.2
    release_hold_minutes: int = 60
    shed_seconds: float = 0.5
    session_days: int = 30
    event_days: int = 90
    shop_name: str = "The shop"
    timezone: str = "UTC"
    https: bool = False
    auto_accept: str = "off"
    log_level: str = "info"

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str], *, random_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> Settings:
        """Read every `RECSYS_` variable; an empty one counts as not given.

        Makes the home folder, and in it the secret key, when they are not there yet; processes that start at the
        same time get the same key. Raises `Invalid`, naming the variable, for a value that cannot be used.
        """
        read = _Reader(environ)
        home = Path(read.text("RECSYS_HOME", "./var")).expanduser().absolute()
        _make_home(home)
        datasets, spark = read.text("RECSYS_DATASETS", ""), read.text("RECSYS_SPARK_FOLDER", "")
        return cls(
            home=home,
            database_url=_database_url(read.text("RECSYS_DATABASE_URL", f"sqlite:///{home / 'recsys.db'}")),
            secret_key=_secret_key(read.text("RECSYS_SECRET_KEY", ""), home, random_bytes),
            database_connections=read.whole("RECSYS_DATABASE_CONNECTIONS", 15, 2, 200),
            statement_seconds=read.number("RECSYS_STATEMENT_SECONDS", 60.0, 1.0, 3600.0),
            lock_seconds=read.number("RECSYS_LOCK_SECONDS", 15.0, 0.1, 600.0),
            store_url=_store_url(read.text("RECSYS_STORE_URL", "")),
            snapshot_days=read.whole("RECSYS_SNAPSHOT_DAYS", 90, 7, 3650),
            datasets=Path(datasets).expanduser().absolute() if datasets else None,
            spark_folder=Path(spark).expanduser().absolute() if spark else None,
            host=read.text("RECSYS_HOST", "127.0.0.1"),
            ui_port=read.whole("RECSYS_UI_PORT", 8000, 1, 65535),
            api_port=read.whole("RECSYS_API_PORT", 8001, 1, 65535),
            workers=read.whole("RECSYS_WORKERS", 1, 1, 64),
            refresh_seconds=read.number("RECSYS_REFRESH_SECONDS", 0.2, 0.05, 0.5),
            release_hold_minutes=read.whole("RECSYS_RELEASE_HOLD_MINUTES", 60, 60, 10080),
            shed_seconds=read.number("RECSYS_SHED_SECONDS", 0.5, 0.02, 60.0),
            session_days=read.whole("RECSYS_SESSION_DAYS", 30, 1, 400),
            event_days=read.whole("RECSYS_EVENT_DAYS", 90, 7, 3650),
            shop_name=_shop_name(read.text("RECSYS_SHOP_NAME", "The shop")),
            timezone=_timezone(read.text("RECSYS_TIMEZONE", "UTC")),
            https=read.switch("RECSYS_HTTPS", default=False),
            auto_accept=_auto_accept(read.text("RECSYS_AUTO_ACCEPT", "off")),
            log_level=_log_level(read.text("RECSYS_LOG_LEVEL", "info")),
        )

    def to_environment(self) -> dict[str, str]:
        """The variables from which a process that is started reads the same settings."""
        return {
            "RECSYS_HOME": str(self.home),
            "RECSYS_DATABASE_URL": self.database_url,
            "RECSYS_SECRET_KEY": self.secret_key.decode(),
            "RECSYS_DATABASE_CONNECTIONS": str(self.database_connections),
            "RECSYS_STATEMENT_SECONDS": str(self.statement_seconds),
            "RECSYS_LOCK_SECONDS": str(self.lock_seconds),
            "RECSYS_STORE_URL": self.store_url or "",
            "RECSYS_SNAPSHOT_DAYS": str(self.snapshot_days),
            "RECSYS_DATASETS": str(self.datasets or ""),
            "RECSYS_SPARK_FOLDER": str(self.spark_folder or ""),
            "RECSYS_HOST": self.host,
            "RECSYS_UI_PORT": str(self.ui_port),
            "RECSYS_API_PORT": str(self.api_port),
            "RECSYS_WORKERS": str(self.workers),
            "RECSYS_REFRESH_SECONDS": str(self.refresh_seconds),
            "RECSYS_RELEASE_HOLD_MINUTES": str(self.release_hold_minutes),
            "RECSYS_SHED_SECONDS": str(self.shed_seconds),
            "RECSYS_SESSION_DAYS": str(self.session_days),
            "RECSYS_EVENT_DAYS": str(self.event_days),
            "RECSYS_SHOP_NAME": self.shop_name,
            "RECSYS_TIMEZONE": self.timezone,
            "RECSYS_HTTPS": "on" if self.https else "off",
            "RECSYS_AUTO_ACCEPT": self.auto_accept,
            "RECSYS_LOG_LEVEL": self.log_level,
        }

    @property
    def interactions_dir(self) -> Path:
        """Where the interaction store keeps its files; those that wait to go to `store_url`, where there is one."""
        return self.home / "interactions"

    @property
    def spark_dir(self) -> Path:
        """Where a run in a cluster keeps what passes between driver and executors, while it lasts."""
        return self.spark_folder or self.home / "spark"

    @property
    def snapshots_dir(self) -> Path:
        """Where this machine has snapshots, each in a folder named by its run's id."""
        return self.home / "snapshots"

    @property
    def identity_key(self) -> bytes:
        """The key under which snapshots hash shoppers' ids."""
        return self.derived_key("shopper identity")

    @property
    def holdout_key(self) -> bytes:
        """The key that decides who is in a rule's holdout."""
        return self.derived_key("holdout")

    def derived_key(self, label: str) -> bytes:
        """32 bytes for one purpose, so that what leaks of one key tells nothing about another.

        Keyed BLAKE2b over the label (RFC 7693); the secret is hashed first because BLAKE2b takes keys up to 64 bytes.
        """
        key = hashlib.blake2b(self.secret_key).digest()
        return hashlib.blake2b(label.encode(), key=key, digest_size=32, person=b"recsys-derived").digest()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads single variables; the errors name the variable and say what would do."""

    environ: Mapping[str, str]

    def text(self, name: str, default: str) -> str:
        return self.environ.get(name, "").strip() or default

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        given = self.text(name, str(default))
        if not (given.isascii() and given.isdigit() and low <= int(given) <= high):
            raise Invalid(name, f"give a whole number from {low} to {high}, not {given!r}")
        return int(given)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        given = self.text(name, str(default))
        mend = f"give a number from {low} to {high}, not {given!r}"
        try:
            value = float(given)
        except ValueError:
            raise Invalid(name, mend) from None
        if not low <= value <= high:
            raise Invalid(name, mend)
        return value

    def switch(self, name: str, *, default: bool) -> bool:
        given = self.text(name, "on" if default else "off")
        if given.lower() not in _SWITCH:
            raise Invalid(name, f"give on or off, not {given!r}")
        return _SWITCH[given.lower()]


def _make_home(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid(
            "RECSYS_HOME", f"{home} cannot be made ({error.strerror}); name a folder that is yours to write"
        ) from None


def _database_url(given: str) -> str:
    """The URL with its driver named, or `Invalid`."""
    scheme, separator, rest = given.partition("://")
    if separator and scheme in {"postgresql", "postgres", "postgresql+psycopg"}:
        return f"postgresql+psycopg://{rest}"
    if separator and scheme in {"sqlite", "sqlite+pysqlite"}:
        return _sqlite_url(rest)
    # The value may hold a password, so it is not repeated.
    raise Invalid("RECSYS_DATABASE_URL", "give a URL that starts with sqlite:/// or postgresql://")


def _sqlite_url(rest: str) -> str:
    path = rest.removeprefix("/")
    if not rest.startswith("/") or not path or path == ":memory:" or "?" in path:
        raise Invalid(
            "RECSYS_DATABASE_URL",
            "name a file, such as sqlite:////srv/shop/recsys.db; all processes share it",
        )
    return f"sqlite:///{Path(path).expanduser().absolute()}"


def _store_url(given: str) -> str | None:
    """The address without a slash at its end, or `Invalid`."""
    if not given:
        return None
    scheme, separator, rest = given.rstrip("/").partition("://")
    parts = rest.split("/")
    whole = (scheme == "s3" and bool(parts[0])) or (
        scheme == "file" and rest.startswith("/") and len(rest) > 1
    )
    odd = any(each in {".", ".."} for each in parts) or any(each in rest for each in "?#*@")
    if not separator or not whole or odd:
        raise Invalid(
            "RECSYS_STORE_URL", "give s3://bucket/prefix or file:///folder, without a key or a question mark"
        )
    return f"{scheme}://{rest}"


def _secret_key(given: str, home: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    if not given:
        return _kept_key(home / "secret.key", random_bytes)
    if len(given) < _SHORTEST_SECRET:
        raise Invalid(
            "RECSYS_SECRET_KEY", f"give at least {_SHORTEST_SECRET} random characters, or leave it out"
        )
    return given.encode()


def _kept_key(path: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    """The key in the file, which is made first when it is missing."""
    try:
        if not path.exists():
            _write_once(path, random_bytes(32).hex())
        kept = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("RECSYS_HOME", f"the secret key {path} cannot be read or made ({error})") from None
    if len(kept) < _SHORTEST_SECRET:
        raise Invalid("RECSYS_HOME", f"the secret key {path} is damaged; restore it from a backup")
    return kept.encode()


def _write_once(path: Path, text: str) -> None:
    """Write a private file whole or not at all; the first of several writers wins.

    A hard link appears with its content complete and fails when the name is taken, which a plain O_EXCL file would
    only do empty.
    """
    descriptor, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(half, path)
        except FileExistsError:
            return
        sync(path.parent)
    finally:
        Path(half).unlink()


def _shop_name(given: str) -> str:
    if len(given) > _LONGEST_SHOP_NAME or not given.isprintable():
        raise Invalid("RECSYS_SHOP_NAME", f"give at most {_LONGEST_SHOP_NAME} printable characters")
    return given


def _timezone(given: str) -> str:
    try:
        ZoneInfo(given)
    except (KeyError, ValueError, OSError):  # not found, no plain name, a folder of zones
        raise Invalid(
            "RECSYS_TIMEZONE", f"give an IANA time zone such as Europe/London, not {given!r}"
        ) from None
    return given


def _auto_accept(given: str) -> str:
    if given.lower() not in _AUTO_ACCEPT:
        raise Invalid("RECSYS_AUTO_ACCEPT", f"give one of {', '.join(_AUTO_ACCEPT)}, not {given!r}")
    return given.lower()


def _log_level(given: str) -> str:
    if given.lower() not in _LOG_LEVELS:
        raise Invalid("RECSYS_LOG_LEVEL", f"give one of {', '.join(_LOG_LEVELS)}, not {given!r}")
    return given.lower()
