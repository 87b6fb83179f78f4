from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_the_page_of_laws_names_exists() -> None:
    page = (ROOT / "docs" / "merge.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", page))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "unit").rglob("test_*.py")]
    written = {name for source in sources for name in re.findall(r"^def (test_\w+)", source, re.MULTILINE)}
    assert len(named) > 40
    assert named <= written


def test_every_file_that_the_page_of_laws_names_exists() -> None:
    page = (ROOT / "docs" / "merge.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+\.py)`", page))
    domain, tests = ROOT / "recsys" / "domain", ROOT / "tests" / "unit" / "domain"
    assert named
    assert [name for name in named if not any((base / name).exists() for base in (ROOT, domain, tests))] == []
