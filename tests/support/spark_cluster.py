"""A real standalone Spark cluster of one test's own: a master and workers, each a process group of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from socket import socket
from typing import Any, Self

PATIENCE = 180.0
"""Seconds to wait for what must come; Java starts slowly on a busy machine."""


def free_port() -> int:
    """A port that nobody used a moment ago."""
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds; fails, saying `what` did not come, when it takes too long."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} did not come within {PATIENCE:.0f} s"
        time.sleep(0.05)


class StandaloneCluster:
    """Use as a context manager; all its processes end with it."""

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self._folder, self._wanted = folder, workers
        port, self._pages = free_port(), free_port()
        self.master = f"spark://127.0.0.1:{port}"
        self._master_words = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(self._pages)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._start("master", ["org.apache.spark.deploy.master.Master", *self._master_words])
        try:
            until(self._answers, "the master's page")
            for number in range(self._wanted):
                self.workers.append(self.start_worker(f"worker-{number}"))
            until(lambda: self.alive() == self._wanted, "the workers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for each in reversed(self._processes):
            _kill(each)

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker of one core."""
        words = ["--host", "127.0.0.1", "--webui-port", "0", "-c", "1", "-m", "2g", "-d"]
        return self._start(
            name, ["org.apache.spark.deploy.worker.Worker", *words, str(self._folder / name), self.master]
        )

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker and the executors that it started, as a machine does that loses its power."""
        _kill(worker)

    def alive(self) -> int:
        """How many workers the master believes to be there."""
        return sum(each["state"] == "ALIVE" for each in self.said()["workers"])

    def said(self) -> dict[str, Any]:
        """What the master says of itself."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._pages}/json/", timeout=10) as answer:
            return dict(json.load(answer))

    def _answers(self) -> bool:
        try:
            self.said()
        except OSError:
            return False
        return True

    def _start(self, name: str, words: list[str]) -> subprocess.Popen[bytes]:
        # Not at the top: `make test` reads this file where pyspark is not installed.
        import pyspark

        home = Path(pyspark.__file__).parent
        environ = os.environ | {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(home)}
        with (self._folder / f"{name}.log").open("wb") as log:
            started = subprocess.Popen(
                [str(home / "bin" / "spark-class"), *words],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environ,
                start_new_session=True,
            )
        self._processes.append(started)
        return started


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
