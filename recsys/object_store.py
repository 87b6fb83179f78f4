"""Files under an address: a bucket of S3-compatible storage, or a folder, through fsspec alike.

Names are relative, with forward slashes. What is put is there whole or not at all, for S3 by its nature and in a folder
by a rename. Credentials, region and end point of S3 are those of the usual `AWS_` variables and files.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.domain.errors import RecsysError, Unavailable
from recsys.durable import sync

_S3 = "s3"
_PART_BYTES = 50 * 2**20
"""Larger files go in parts of this size, several at once."""

_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 30,
    "retries": {"max_attempts": 4, "mode": "standard"},
}


class ObjectStore:
    """What lies below one address, ``s3://bucket/prefix`` or ``file:///folder``.

    Raises `Unavailable`, in one sentence, when the storage does not answer or refuses; `FileNotFoundError` and
    `FileExistsError` as files do.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        scheme, _, rest = self.url.partition("://")
        self._root = rest if scheme == _S3 else f"/{rest.lstrip('/')}"
        self._local = scheme != _S3
        self._files = _file_system(scheme)

    def read(self, name: str) -> bytes:
        """Content of one file."""
        with self._plain():
            return bytes(self._files.cat_file(self._path(name)))

    def read_many(self, names: Sequence[str]) -> dict[str, bytes]:
        """Contents by name; asked for at once, as many answers take as long as one."""
        if not names:
            return {}
        paths = {self._path(name): name for name in names}
        with self._plain():
            found: dict[str, bytes] = self._files.cat(list(paths), on_error="raise")
        return {paths[path]: content for path, content in found.items()}

    def create(self, name: str, content: bytes) -> None:
        """Put a small file that is not there yet; of several who try, in whatever place, one succeeds.

        Raises `FileExistsError` for the others. S3 is asked by `If-None-Match`.
        """
        with self._plain(writing=True):
            if self._local:
                self._link(name, content)
                return
            try:
                self._files.pipe_file(self._path(name), content, mode="create")
            except Exception as error:
                if _is_taken(error):
                    raise FileExistsError(name) from error
                raise

    def upload(self, local: Path, name: str) -> None:
        """Put a file, in the place of one that may be there."""
        with self._plain(writing=True):
            if not self._local:
                self._files.put_file(str(local), self._path(name), chunksize=_PART_BYTES)
                return
            target = Path(self._path(name))
            draft = _draft_of(target)
            self._files.put_file(str(local), str(draft))
            sync(draft)
            draft.replace(target)
            sync(target.parent)

    def download(self, name: str, local: Path) -> None:
        """Get a file into `local`, which is then on disk."""
        with self._plain():
            self._files.get_file(self._path(name), str(local))
        sync(local)

    def names(self, below: str) -> list[str]:
        """Names of the files below a folder, at every depth, sorted; none where there is no such folder."""
        return sorted(self._found(below))

    def ages(self, below: str, now: datetime) -> dict[str, float]:
        """Seconds since each of these files was written, by name."""
        return {name: (now - _written(each)).total_seconds() for name, each in self._found(below).items()}

    def delete(self, names: Sequence[str]) -> None:
        """Remove files; those that are gone already are no error."""
        for name in names:
            with self._plain():
                try:
                    self._files.rm_file(self._path(name))
                except FileNotFoundError:
                    continue

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _found(self, below: str) -> dict[str, dict[str, Any]]:
        with self._plain():
            try:
                found = self._files.find(self._path(below), detail=True)
            except FileNotFoundError:
                return {}
        start = len(self._root) + 1
        return {path[start:]: each for path, each in found.items() if not path.endswith(".part")}

    def _link(self, name: str, content: bytes) -> None:
        target = Path(self._path(name))
        draft = _draft_of(target)
        draft.write_bytes(content)
        sync(draft)
        try:
            os.link(draft, target)
        finally:
            draft.unlink()
        sync(target.parent)

    @contextmanager
    def _plain(self, *, writing: bool = False) -> Iterator[None]:
        """One sentence for whatever goes wrong: the libraries below have no common kind of error."""
        try:
            yield
        except (FileExistsError, RecsysError):
            raise
        except Exception as error:
            # Who writes misses no file, but the bucket.
            if isinstance(error, FileNotFoundError) and not writing:
                raise
            said = (str(error).splitlines() or [type(error).__name__])[0]
            raise Unavailable(
                f"The storage {self.url} does not answer ({said}); look at RECSYS_STORE_URL."
            ) from error


def _file_system(scheme: str) -> Any:
    import fsspec

    if scheme != _S3:
        return fsspec.filesystem("file", auto_mkdir=True, skip_instance_cache=True)
    try:
        return fsspec.filesystem(
            _S3,
            config_kwargs=_PATIENCE,
            use_listings_cache=False,
            skip_instance_cache=True,
            default_fill_cache=False,
        )
    except ImportError as error:
        raise Unavailable("S3 storage needs s3fs: install recsys[s3].") from error


def _draft_of(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _is_taken(error: BaseException) -> bool:
    """Whether a conditional put was refused because there is such a file, or somebody puts it at this moment."""
    code = getattr(error.__cause__ or error, "response", {}).get("Error", {}).get("Code", "")
    return code in {"PreconditionFailed", "ConditionalRequestConflict"} or isinstance(error, FileExistsError)


def _written(found: dict[str, Any]) -> datetime:
    moment = found.get("LastModified")
    return moment if isinstance(moment, datetime) else datetime.fromtimestamp(found["mtime"], UTC)
