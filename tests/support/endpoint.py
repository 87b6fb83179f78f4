"""The endpoint as storefronts meet it: real worker processes behind a real socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

_SERVE = """
import os
from recsys.serving.server import serve
from recsys.settings import Settings
serve(Settings.from_environment(os.environ))
"""
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def item_ids(self) -> list[str]:
        """The ids on the slate, in order."""
        return [item["item_id"] for item in self.json["items"]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running endpoint; `log` is the file that its processes write to."""

    port: int
    key: str
    log: Path
    process: subprocess.Popen[bytes]

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        query: Any = (),
        body: Any = None,
        key: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request over a connection of its own, so that any worker may answer; `key` "" is the usual one."""
        sent = {"Accept": "application/json", **(headers or {})}
        if key is not None:
            sent["X-API-Key"] = key or self.key
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            target = f"{path}?{urlencode(query, doseq=True)}" if query else path
            connection.request(method, target, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def recommend(
        self, *, key: str | None = "", headers: Mapping[str, str] | None = None, **query: Any
    ) -> Reply:
        """Ask for recommendations, for the surface home unless another is named."""
        return self.ask("/v1/recommendations", query={"surface": "home", **query}, key=key, headers=headers)

    def log_lines(self) -> list[dict[str, Any]]:
        """What the workers logged so far."""
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_endpoint(
    environment: Mapping[str, str], folder: Path, *, key: str = "", workers: int = 2, ready: bool = True
) -> Iterator[Endpoint]:
    """Serve with worker processes until the block ends; `ready` waits for a release to be live."""
    port, log = free_port(), folder / "endpoint.log"
    own = {"RECSYS_API_PORT": str(port), "RECSYS_WORKERS": str(workers), "RECSYS_LOG_LEVEL": "info"}
    given = {**os.environ, **environment, **own}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", _SERVE], env=given, stdout=output, stderr=output)
    endpoint = Endpoint(port, key, log, process)
    try:
        _wait(endpoint, "/readyz" if ready else "/healthz", workers)
        yield endpoint
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(endpoint: Endpoint, path: str, workers: int) -> None:
    """Wait until every worker has answered at `path`."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert endpoint.process.poll() is None, endpoint.log.read_text()
        try:
            endpoint.ask(path, key=None)
        except (OSError, HTTPException):
            time.sleep(0.05)
        if len(_answered(endpoint, path)) == workers:
            return
    raise AssertionError(f"no answer in {_START_SECONDS} s: {endpoint.log.read_text()}")


def _answered(endpoint: Endpoint, path: str) -> set[int]:
    return {
        line["pid"] for line in endpoint.log_lines() if line.get("path") == path and line["status"] == 200
    }
