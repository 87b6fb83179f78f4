"""The desk as a browser meets it: a real server process behind a real socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from playwright.sync_api import Page

from recsys.domain.people import OPERATOR, Role
from recsys.services.people import add_person
from recsys.services.shop import Shop
from support.desk import PASSWORD, email_of
from support.endpoint import PATIENCE_SECONDS, free_port

_SERVE = """
import os
from curation_ui.server import serve
from recsys.settings import Settings
serve(Settings.from_environment(os.environ))
"""


@dataclass(frozen=True, slots=True)
class RunningDesk:
    """A running desk; `log` is the file that its process writes to."""

    port: int
    log: Path
    process: subprocess.Popen[bytes]

    def url(self, path: str) -> str:
        """The whole address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def sign_in(self, page: Page, role: Role, path: str = "/") -> None:
        """Sign the person of that role in, and open `path`."""
        page.goto(self.url("/login"))
        page.get_by_label("Email").fill(email_of(role))
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(self.url("/"))
        if path != "/":
            page.goto(self.url(path))


def let_people_in(shop: Shop) -> None:
    """Make one person for each role, all with the same password."""
    for role in Role:
        add_person(shop, OPERATOR, email_of(role), role, PASSWORD)


@contextmanager
def running_desk(environment: Mapping[str, str], folder: Path) -> Iterator[RunningDesk]:
    """Serve the desk in a process of its own until the block ends."""
    port, log = free_port(), folder / "desk.log"
    given = {**os.environ, "RECSYS_TIMEZONE": "Europe/London", **environment, "RECSYS_UI_PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", _SERVE], env=given, stdout=output, stderr=output)
    desk = RunningDesk(port, log, process)
    try:
        _wait(desk)
        yield desk
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(desk: RunningDesk) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert desk.process.poll() is None, desk.log.read_text()
        connection = HTTPConnection("127.0.0.1", desk.port, timeout=5)
        try:
            connection.request("GET", "/login")
            if connection.getresponse().status == 200:
                return
        except (OSError, HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    raise AssertionError(f"no answer in {PATIENCE_SECONDS} s: {desk.log.read_text()}")
