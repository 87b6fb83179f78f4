"""Find the Java that Spark needs, or install one; print its folder, as JAVA_HOME wants it.

Usage: `python .ci/java.py`. In this order: JAVA_HOME, the one on the PATH, one that this script installed before,
Debian's package (as root on Debian), Eclipse Temurin through pip's install-jdk, into `.venv/java`.
The Java runtimes on PyPI will not do: they lack the module jdk.incubator.vector, which Spark asks for.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = 17
# Debian 12 and Ubuntu have the first, Debian 13 only the second; Spark runs on both.
PACKAGES = ("openjdk-17-jre-headless", "openjdk-21-jre-headless")
OWN = Path(sys.prefix) / "java"
ADVICE = (
    f"Spark needs Java {OLDEST} or newer: please install it ('apt-get install {PACKAGES[0]}', or {PACKAGES[1]}, "
    "as root), or name its folder in JAVA_HOME, then run make again."
)


def works(home: Path) -> bool:
    """Whether the Java in a folder starts and is new enough."""
    try:
        asked = subprocess.run(
            [str(home / "bin" / "java"), "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r'version "(\d+)', asked.stderr)
    return asked.returncode == 0 and version is not None and int(version.group(1)) >= OLDEST


def homes() -> Iterator[Path]:
    """Folders of Java that may be here already."""
    if named := os.environ.get("JAVA_HOME"):
        yield Path(named)
    if found := shutil.which("java"):
        yield Path(found).resolve().parents[1]
    yield from (command.parents[1] for command in sorted(OWN.glob("*/bin/java")))


def find() -> Path | None:
    """The first that works."""
    return next((home for home in homes() if works(home)), None)


def is_debian_root() -> bool:
    """Whether a package of the system can be installed."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    release = platform.freedesktop_os_release()
    return "debian" in {release.get("ID", ""), *release.get("ID_LIKE", "").split()}


def done(*command: str) -> bool:
    """Whether a command did its work; where it did not, the last that it said is passed on."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    ended = subprocess.run(
        command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if ended.returncode and (said := ended.stderr.strip().splitlines()):
        print(said[-1], file=sys.stderr)
    return ended.returncode == 0


def install() -> None:
    """Install by the means that this machine has; its failure shows when nothing is found afterwards."""
    if is_debian_root():
        done("apt-get", "update", "-qq")
        for package in PACKAGES:
            if done("apt-get", "install", "-y", "-qq", package) and find() is not None:
                return
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "install-jdk")
    if done(sys.executable, *pip):
        fetch = f"import jdk; jdk.install({str(OLDEST)!r}, jre=True, path={str(OWN)!r})"
        done(sys.executable, "-c", fetch)


def main() -> int:
    """Print the folder; 1 with one plain sentence when there is none to be had."""
    found = find()
    if found is None:
        print(f"Installing Java {OLDEST} for Spark", file=sys.stderr)
        install()
        found = find()
    print(found or ADVICE, file=sys.stdout if found else sys.stderr)
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main())
