"""An S3-compatible server of our own, and addresses in it and on this disk that nobody else uses."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import fsspec
from moto.server import ThreadedMotoServer

_NUMBERS = itertools.count(1)
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3_server() -> Iterator[ThreadedMotoServer]:
    """A server on a free port, to which the environment points meanwhile, that of processes started too."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {**_CREDENTIALS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    with patch.dict(os.environ, given):
        yield server
    server.stop()


def new_bucket() -> str:
    """The address of an empty bucket; the server must be running."""
    name = f"shop-{os.getpid()}-{next(_NUMBERS)}"
    fsspec.filesystem("s3", skip_instance_cache=True).mkdir(name)
    return f"s3://{name}/some/prefix"


def write_in(url: str, name: str, content: bytes | None) -> bytes:
    """Put other content, or None for no file, in the place of a file below an address; what it held."""
    files, root = fsspec.core.url_to_fs(url, skip_instance_cache=True)
    path = f"{root}/{name}"
    before = bytes(files.cat_file(path))
    if content is None:
        files.rm_file(path)
    else:
        files.pipe_file(path, content)
    return before


def folder_url(folder: Path) -> str:
    """The address of a folder."""
    return f"file://{folder}"
