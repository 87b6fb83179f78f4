"""The demonstration's servers: started together, watched, and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from recsys.domain.errors import Invalid, Unavailable

READY_WITHIN = 60.0
STOP_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """One server: the Python module that runs it with its arguments, its port, and the path that answers when it is ready."""

    command: tuple[str, ...]
    port: int
    ready: str
    option: str

    @property
    def name(self) -> str:
        """What people call it."""
        return " ".join(self.command)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def check_port(self) -> None:
        """Raise Invalid when something else listens on the port."""
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError:
                raise Invalid(self.option, f"port {self.port} is in use; give another one") from None


@dataclass
class Fleet:
    """Server processes that live and die together."""

    servers: Sequence[Server]
    environment: Mapping[str, str]
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _stopping: bool = False

    def start(self) -> None:
        """Start every server and wait until each answers; raises Unavailable when one does not."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        for server in self.servers:
            command = [sys.executable, "-m", *server.command]
            self._running.append(subprocess.Popen(command, env={**os.environ, **self.environment}))
        deadline = time.monotonic() + READY_WITHIN
        for server, process in zip(self.servers, self._running, strict=True):
            self._wait(server, process, deadline)

    def watch(self) -> None:
        """Stay until a signal comes; raises Unavailable when a server ends by itself."""
        while not self._stopping:
            for server, process in zip(self.servers, self._running, strict=True):
                if process.poll() is not None and not self._stopping:
                    raise Unavailable(f"“{server.name}” ended by itself (exit code {process.returncode}).")
            time.sleep(0.2)

    def stop(self) -> None:
        """Ask every server to end, and insist after a while."""
        for process in self._running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + STOP_WITHIN
        for process in self._running:
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait(self, server: Server, process: subprocess.Popen[bytes], deadline: float) -> None:
        while not self._stopping:
            if process.poll() is not None:
                raise Unavailable(f"“{server.name}” did not start (exit code {process.returncode}).")
            if _answers(server.address + server.ready):
                return
            if time.monotonic() > deadline:
                raise Unavailable(f"“{server.name}” did not answer within {READY_WITHIN:.0f} seconds.")
            time.sleep(0.1)

    def _on_signal(self, _signum: int, _frame: FrameType | None) -> None:
        self._stopping = True


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - an http address of our own
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
