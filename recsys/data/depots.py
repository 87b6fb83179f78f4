"""Where the files of the interaction store lie: in a folder of this machine, or below an address that machines share.

Both hold the same names. A folder has one appender at a time, by a lock. Below a shared address appenders cannot lock
each other out: of two that finish together one creates the next commit, and the other is told to run again.
"""

# ruff: noqa: D102 - what each method of a depot does, `Depot` says

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from recsys.data.commits import (
    COMMITS,
    Commit,
    CommitLog,
    Part,
    commit_name,
    commit_text,
    parse_commit,
)
from recsys.domain.errors import Conflict
from recsys.durable import sync
from recsys.object_store import ObjectStore

_BELOW = "interactions"
_LEFTOVER_SECONDS = 7 * 86_400
"""A file below a shared address that no commit lists after so long belongs to an import that died."""


class Depot(Protocol):
    """What the interaction store asks of the place where its files lie."""

    @property
    def scratch(self) -> Path:
        """A folder of this machine for files that are on their way; there while the depot is locked."""
        ...

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to append from this machine; a second appender here waits."""
        ...

    def commits(self) -> tuple[Commit, ...]:
        """All commits, oldest first."""
        ...

    def commit(self, number: int, parts: Sequence[Part]) -> None:
        """Make `parts` visible as commit `number`. Raises `Conflict` where another took the number."""
        ...

    def name(self, folder: str, number: int) -> str:
        """What a new file of commit `number` is to be called."""
        ...

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """A file of this machine that holds what is stored under `name`."""
        ...

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """A file of this machine to be written; at a clean end it is stored under `name`, on disk."""
        ...

    def clear(self, commits: Sequence[Commit]) -> None:
        """Remove what killed imports left behind."""
        ...


class LocalDepot:
    """A folder, made when first needed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._log = CommitLog(root)

    @property
    def scratch(self) -> Path:
        return self._root

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._log.locked():
            yield

    def commits(self) -> tuple[Commit, ...]:
        return self._log.read()

    def commit(self, number: int, parts: Sequence[Part]) -> None:
        sync(self._root)
        self._log.write(number, parts)

    def name(self, folder: str, number: int) -> str:
        return f"{folder}/{number:06}.parquet"

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        yield self._root / name

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        path = self._root / name
        path.parent.mkdir(exist_ok=True)
        yield path
        sync(path)
        sync(path.parent)

    def clear(self, commits: Sequence[Commit]) -> None:
        listed = {part.path for commit in commits for part in commit.parts}
        for path in self._root.glob("date=*/*.parquet"):
            if path.relative_to(self._root).as_posix() not in listed:
                path.unlink()
        self._log.clear_drafts()


class SharedDepot:
    """Files below the address of `store`; `scratch` is a folder of this machine for those on their way."""

    def __init__(self, store: ObjectStore, scratch: Path) -> None:
        self._store = store
        self._log = CommitLog(scratch)
        self._scratch = scratch
        self._known: dict[str, Commit] = {}

    @property
    def scratch(self) -> Path:
        return self._scratch

    @contextmanager
    def locked(self) -> Iterator[None]:
        with self._log.locked():
            yield

    def commits(self) -> tuple[Commit, ...]:
        names = [name for name in self._store.names(f"{_BELOW}/{COMMITS}") if name.endswith(".json")]
        new = [name for name in names if name not in self._known]
        for name, content in self._store.read_many(new).items():
            # A commit never changes, so it is read once.
            self._known[name] = parse_commit(content, f"{self._store.url}/{name}")
        return tuple(self._known[name] for name in names)

    def commit(self, number: int, parts: Sequence[Part]) -> None:
        name = f"{_BELOW}/{COMMITS}/{commit_name(number)}"
        try:
            self._store.create(name, commit_text(number, parts).encode())
        except FileExistsError:
            raise Conflict("Another machine added interactions meanwhile; run this again.") from None

    def name(self, folder: str, number: int) -> str:
        # Another machine may write files for the same number, of which one of the two will come to nothing.
        return f"{folder}/{number:06}-{secrets.token_hex(4)}.parquet"

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".reading-", dir=self._scratch) as folder:
            path = Path(folder) / "part.parquet"
            self._store.download(f"{_BELOW}/{name}", path)
            yield path

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=self._scratch) as folder:
            path = Path(folder) / "part.parquet"
            yield path
            self._store.upload(path, f"{_BELOW}/{name}")

    def clear(self, commits: Sequence[Commit]) -> None:
        listed = {f"{_BELOW}/{part.path}" for commit in commits for part in commit.parts}
        ages = self._store.ages(_BELOW, datetime.now(UTC))
        old = [name for name, age in ages.items() if name.endswith(".parquet") and age > _LEFTOVER_SECONDS]
        self._store.delete([name for name in old if name not in listed])
