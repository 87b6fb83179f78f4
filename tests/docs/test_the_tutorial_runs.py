"""The tutorial is run as a stranger would: its blocks in order, in one shell, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from support.endpoint import free_port

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"


def test_the_tutorial_leads_from_files_to_a_slate(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) > 8
    script = tmp_path / "tutorial.sh"
    # `set -m` gives background jobs numbers, as a terminal does.
    script.write_text(
        "set -euo pipefail -m\n" + "\n".join(_with_output(n, block) for n, block in enumerate(blocks))
    )
    folder = tmp_path / "empty"
    folder.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("RECSYS_")},
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RECSYS_API_PORT": str(free_port()),
        "RECSYS_UI_PORT": str(free_port()),
    }
    done = subprocess.run(
        ["bash", str(script)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    outputs = [path.read_text() for path in sorted(folder.glob("block-*.out"))]
    assert len(outputs) == len(blocks), done.stderr
    told = "\n".join(outputs)
    assert "10 new items" in told
    assert "60 new interactions" in told
    assert "line 2: kind" in done.stderr
    assert "Release 2 is live" in told
    slate = json.loads(next(output for output in outputs if output.startswith("{")))
    assert len(slate["items"]) == 3
    assert all(item["title"] and item["reason"]["text"] for item in slate["items"])
    assert "Sign in" in (folder / "login.html").read_text()


def _with_output(number: int, block: str) -> str:
    """A block whose standard output goes to a file of its own; in this shell, so that variables and jobs stay."""
    return f"{{\n{block}}} > block-{number:02d}.out\n"
