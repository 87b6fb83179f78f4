from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

DOMAIN = Path(__file__).resolve().parents[2] / "recsys" / "domain"


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "recsys.domain"


def is_allowed(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names or module.startswith("recsys.domain")


def test_the_domain_imports_the_standard_library_alone() -> None:
    files = sorted(DOMAIN.rglob("*.py"))
    assert files
    strangers = {
        (path.name, module)
        for path in files
        for module in imported(path.read_text(encoding="utf-8"))
        if not is_allowed(module)
    }
    assert strangers == set()


def test_the_domain_reads_no_clock_and_no_randomness() -> None:
    calls = (
        "datetime.now(",
        "utcnow(",
        "time.time(",
        "date.today(",
        "import random",
        "import secrets",
        "uuid4(",
    )
    found = {
        (path.name, call)
        for path in DOMAIN.rglob("*.py")
        for call in calls
        if call in path.read_text(encoding="utf-8")
    }
    assert found == set()
