"""Which files belong to the interaction store: a numbered list of commits, each visible at once or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys.domain.errors import RecsysError
from recsys.durable import sync

COMMITS = "_commits"
_LOCK = "_lock"
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Part:
    """One data file: its path below the root, with forward slashes, and how many rows it holds."""

    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class Commit:
    """One import that is whole: its number, counted from 1, and the files that it added."""

    number: int
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows it added."""
        return sum(part.rows for part in self.parts)


class CommitLog:
    """The commit files below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / COMMITS

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the right to append; a second appender, in whatever process, waits here."""
        self._folder.mkdir(parents=True, exist_ok=True)
        sync(self._root.parent)
        with (self._root / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def read(self) -> tuple[Commit, ...]:
        """All commits, oldest first. Raises `RecsysError` when one cannot be read."""
        names = sorted(self._folder.glob("*.json"))
        return tuple(_read(name) for name in names)

    def write(self, number: int, parts: Sequence[Part]) -> None:
        """Make `parts` visible as commit `number`, all at once.

        The files themselves must already be on disk. Only the holder of the lock may call this.
        """
        final = self._folder / commit_name(number)
        draft = final.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(commit_text(number, parts))
            file.flush()
            os.fsync(file.fileno())
        # A link fails where a rename would silently replace a commit that is already there.
        os.link(draft, final)
        draft.unlink()
        sync(self._folder)

    def clear_drafts(self) -> None:
        """Remove what a killed import left of its commit file."""
        for draft in self._folder.glob("*.draft"):
            draft.unlink()


def commit_name(number: int) -> str:
    """Name of a commit's file."""
    return f"{number:0{_DIGITS}}.json"


def commit_text(number: int, parts: Sequence[Part]) -> str:
    """What the file of a commit holds."""
    return json.dumps({"number": number, "parts": [[part.path, part.rows] for part in parts]})


def _read(path: Path) -> Commit:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _unreadable(str(path)) from error
    return parse_commit(raw, str(path))


def parse_commit(raw: bytes, path: str) -> Commit:
    """The commit that a file holds. Raises `RecsysError`, naming `path`, when it does not read."""
    try:
        content = json.loads(raw)
        parts = tuple(Part(str(name), int(rows)) for name, rows in content["parts"])
        return Commit(int(content["number"]), parts)
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(path) from error


def _unreadable(path: str) -> RecsysError:
    return RecsysError(
        f"The commit file {path} of the interactions cannot be read; restore it from a backup."
    )
