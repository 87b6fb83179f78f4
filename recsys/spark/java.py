"""Finding the Java that Spark runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from recsys.domain.errors import Invalid

OLDEST = 17
"""What Spark 4 asks for."""

_MEND = (
    f"Spark needs Java {OLDEST} or newer; install it (Debian: apt-get install openjdk-17-jre-headless) "
    "or name its folder in JAVA_HOME"
)


def require_java(environ: Mapping[str, str] = os.environ) -> int:
    """Give the version of the Java that Spark will start: that of JAVA_HOME, else the first on PATH.

    Raises `Invalid` (field ``engine``) where there is none, or only an older one.
    """
    home = environ.get("JAVA_HOME", "")
    command = str(Path(home) / "bin" / "java") if home else shutil.which("java", path=environ.get("PATH"))
    if command is None or not Path(command).is_file():
        missing = f"there is no {command}" if command else "there is no Java on PATH"
        raise Invalid("engine", f"{missing}. {_MEND}.")
    version = _version(command)
    if version < OLDEST:
        raise Invalid("engine", f"{command} is Java {version or 'of an unknown version'}. {_MEND}.")
    return version


def _version(command: str) -> int:
    try:
        said = subprocess.run(
            [command, "-version"], capture_output=True, text=True, timeout=60, check=False
        ).stderr
    except OSError:
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else 0
