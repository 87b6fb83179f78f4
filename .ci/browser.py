"""Find a Chromium for the browser tests, or install one; print its path.

Usage: `python .ci/browser.py`. In this order: the executable that `RECSYS_TEST_CHROMIUM` names, one on the PATH,
Playwright's own, Debian's package (as root on Debian), Playwright's download.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ADVICE = (
    "The browser tests need Chromium: please install it ('apt-get install chromium' as root), "
    "or name one in RECSYS_TEST_CHROMIUM, then run make again."
)


def works(path: str) -> bool:
    """Whether the executable really starts; some systems ship a stub that only points to a shop."""
    try:
        asked = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0


def on_path() -> Iterator[str]:
    """Browsers that the machine already has."""
    yield from (found for name in NAMES if (found := shutil.which(name)))


def of_playwright() -> Iterator[str]:
    """The browser that Playwright has downloaded before."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    if Path(path).exists():
        yield path


def find() -> str | None:
    """The first browser that starts."""
    return next((path for source in (on_path, of_playwright) for path in source() if works(path)), None)


def is_debian_root() -> bool:
    """Whether Debian's own package can be installed; Ubuntu's is a pointer to a snap and of no use here."""
    return os.geteuid() == 0 and platform.freedesktop_os_release().get("ID") == "debian"


def install() -> None:
    """Install a browser by the means that this machine has; its failure shows when nothing is found afterwards."""
    if is_debian_root():
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
            subprocess.run(["apt-get", *command], env=quiet, stdout=subprocess.DEVNULL, check=False)
    if find() is None:
        with_libraries = ["--with-deps"] if os.geteuid() == 0 else []
        command = [sys.executable, "-m", "playwright", "install", *with_libraries, "chromium"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    """Print the browser's path; 1 with one plain sentence when there is none to be had."""
    named = os.environ.get("RECSYS_TEST_CHROMIUM")
    if named:
        found = named if works(named) else None
    else:
        found = find()
        if found is None:
            print("Installing Chromium for the browser tests", file=sys.stderr)
            install()
            found = find()
    print(found or ADVICE, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
