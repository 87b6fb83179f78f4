"""The table of settings cannot rot: code, `SETTINGS` and docs/settings.md name the same variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from recsys.settings import SETTINGS, Setting, Settings

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
CODE = ("recsys", "curation_ui", "migrations", "benchmarks", "tests", ".ci")
VARIABLE = re.compile(r"\bRECSYS_[A-Z][A-Z_]*[A-Z]\b")


class Recorder(dict[str, str]):
    """An environment that remembers what was asked of it."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key, default=None):  # type: ignore[override]  # narrower than dict.get on purpose
        self.asked.add(key)
        return super().get(key, default)


def sources() -> Iterator[Path]:
    yield ROOT / "Makefile"
    for folder in CODE:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_stands_in_the_document_with_its_default_and_meaning(setting: Setting) -> None:
    assert f"| `{setting.name}` | {setting.default} | {setting.meaning} |" in DOCUMENT


def test_the_settings_read_from_the_environment_are_those_of_the_table(tmp_path: Path) -> None:
    environ = Recorder({"RECSYS_HOME": str(tmp_path)})
    Settings.from_environment(environ)
    assert environ.asked == {setting.name for setting in SETTINGS}


def test_no_code_names_a_variable_that_the_document_leaves_out() -> None:
    named = {name for path in sources() for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert named - set(VARIABLE.findall(DOCUMENT)) == set()


def test_the_document_names_no_variable_that_no_code_knows() -> None:
    named = {name for path in sources() for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert set(VARIABLE.findall(DOCUMENT)) - named == set()
