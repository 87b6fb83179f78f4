"""The endpoint as storefronts meet it: real worker processes behind a real socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
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
PATIENCE_SECONDS = 120
"""How long to wait for what must come: no promise is measured by it, so it is generous."""
_ANSWER_SECONDS = 60
_PAUSE_SECONDS = 0.05


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
    """A running endpoint; `log` is the file that its processes write to.

    Every question goes over a connection of its own, so that any worker may answer, unless there is one
    `over` which all go: it belongs to one worker.
    """

    port: int
    key: str
    log: Path
    process: subprocess.Popen[bytes]
    workers: int = 1
    over: HTTPConnection | None = None

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
        """One request; `key` "" is the usual one."""
        sent = {"Accept": "application/json", **(headers or {})}
        if key is not None:
            sent["X-API-Key"] = key or self.key
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        with ExitStack() as ends:
            connection = self.over or ends.enter_context(closing(self._connection()))
            connection.request(method, target, body, sent)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)

    def recommend(
        self, *, key: str | None = "", headers: Mapping[str, str] | None = None, **query: Any
    ) -> Reply:
        """Ask for recommendations, for the surface home unless another is named."""
        return self.ask("/v1/recommendations", query={"surface": "home", **query}, key=key, headers=headers)

    def until_every_worker(self, shows: Callable[[Endpoint], bool], what: str) -> None:
        """Wait until every worker shows it, asked over a connection that belongs to that worker alone.

        `what` is awaited is told when it does not come.
        """
        waiting, asked, deadline = self.workers, 0, time.monotonic() + PATIENCE_SECONDS
        while waiting:
            late = f"{waiting} of {self.workers} workers did not show {what} in {asked} looks"
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, f"{late}: {self.log.read_text()[-2000:]}"
            # A worker that ends meanwhile, or a connection idle for too long: begin anew with those there are.
            with suppress(OSError, HTTPException), self._each_worker(deadline) as each:
                waiting = sum(not shows(worker) for worker in each)
            asked += 1
            if waiting:
                time.sleep(_PAUSE_SECONDS)

    def recommend_everywhere(self, **query: Any) -> list[Reply]:
        """What each worker answers to the same question, as `recommend` asks it."""
        with self._each_worker(time.monotonic() + PATIENCE_SECONDS) as each:
            return [worker.recommend(**query) for worker in each]

    def until_release(self, number: int) -> None:
        """Wait until every worker serves the release `number`."""
        self.until_every_worker(
            lambda worker: worker.recommend(limit=1).json["release_id"] == number, f"release {number}"
        )

    @contextmanager
    def _each_worker(self, deadline: float) -> Iterator[list[Endpoint]]:
        """One endpoint a worker: a connection stays with the worker that took it."""
        found: dict[int, Endpoint] = {}
        with ExitStack() as ends:
            while len(found) < self.workers:
                met = f"met only the workers {sorted(found)} of {self.workers}"
                assert time.monotonic() < deadline, f"{met}: {self.log.read_text()[-2000:]}"
                # Those met before are held open, so that a worker that waits gets its turn.
                connection = ends.enter_context(closing(self._connection()))
                connection.connect()
                connection.auto_open = 0  # once lost it must fail, not go on with another worker
                worker = replace(self, over=connection)
                found.setdefault(worker._pid(), worker)
            yield list(found.values())

    def _pid(self) -> int:
        """The process behind `over`, by its own account; tests ask in this way nowhere else, and not at once."""
        self.ask("/healthz", method="HEAD", key=None)
        # A worker writes its line before it answers.
        return int([line for line in self.log_lines() if _is_look(line)][-1]["pid"])

    def log_lines(self) -> list[dict[str, Any]]:
        """What the workers logged so far, whole lines only: one may be in the middle of writing another."""
        whole, _, _ = self.log.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines() if line.startswith(b"{")]


def _is_look(line: Mapping[str, Any]) -> bool:
    return (line.get("method"), line.get("path")) == ("HEAD", "/healthz")


_reserved: list[socket.socket] = []


def free_port() -> int:
    """A port that is ours until this process ends.

    The socket that holds it lets servers share it, as ours ask for, but never listens; without it, another test
    process's server or any outgoing connection could take the port before our server does.
    """
    reserved = socket.socket()
    for shared in (socket.SO_REUSEPORT, socket.SO_REUSEADDR):
        reserved.setsockopt(socket.SOL_SOCKET, shared, 1)
    reserved.bind(("127.0.0.1", 0))
    _reserved.append(reserved)
    return int(reserved.getsockname()[1])


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
    endpoint = Endpoint(port, key, log, process, workers)
    try:
        _wait_for_start(endpoint)
        if ready:
            endpoint.until_every_worker(_is_ready, "a live release")
        yield endpoint
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_start(endpoint: Endpoint) -> None:
    """Wait until somebody answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert endpoint.process.poll() is None, endpoint.log.read_text()
        with suppress(OSError, HTTPException):
            endpoint.ask("/healthz", key=None)
            return
        time.sleep(_PAUSE_SECONDS)
    raise AssertionError(f"no answer in {PATIENCE_SECONDS} s: {endpoint.log.read_text()}")


def _is_ready(endpoint: Endpoint) -> bool:
    return endpoint.ask("/readyz", key=None).status == 200
