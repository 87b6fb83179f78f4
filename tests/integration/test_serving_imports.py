"""The serving process stays light, also through imports that a static check cannot see."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("scipy.sparse", "scipy.linalg", "implicit", "pyarrow")
"""Of SciPy its parts: the bare package, whose version Numba looks at, weighs next to nothing."""


def heavy_after_importing(module: str) -> str:
    script = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    asked = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True
    )
    return asked.stdout.strip()


@pytest.mark.parametrize(
    "module", ["recsys.serving.application", "recsys.slates.state", "recsys.slates.refresh"]
)
def test_serving_loads_neither_scipy_implicit_nor_pyarrow(module: str) -> None:
    assert heavy_after_importing(module) == ""


def test_the_check_sees_a_heavy_import() -> None:
    assert "scipy.sparse" in heavy_after_importing("scipy.sparse").split()
