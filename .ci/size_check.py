"""Refuse functions and files that have grown too long to be read in one go.

Usage: `python .ci/size_check.py`, from anywhere. Exit code 1 names every offender.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("recsys", "curation_ui", "migrations", "benchmarks", "tests", ".ci")
SUFFIXES = {".py", ".js", ".css", ".html", ".sh"}
FOREIGN = {"node_modules", "vendor", "output", "__pycache__"}
LONGEST_FUNCTION = 50
LONGEST_FILE = 500


def sources() -> Iterator[Path]:
    """Every file that people write and read."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and not FOREIGN.intersection(path.parts):
                yield path


def long_functions(text: str) -> Iterator[tuple[int, str, int]]:
    """Line, name and length of each function that is too long, decorators included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            length = (node.end_lineno or node.lineno) - first + 1
            if length > LONGEST_FUNCTION:
                yield node.lineno, node.name, length


def offences(path: Path) -> Iterator[str]:
    """What is too long in one file, as lines for the terminal."""
    text = path.read_text(encoding="utf-8")
    where = path.relative_to(ROOT)
    lines = len(text.splitlines())
    if lines > LONGEST_FILE:
        yield f"{where}: {lines} lines; split it, the limit is {LONGEST_FILE}"
    if path.suffix == ".py":
        for line, name, length in long_functions(text):
            yield f"{where}:{line}: {name} has {length} lines; split it, the limit is {LONGEST_FUNCTION}"


def main() -> int:
    """Print every offence; 1 when there is one."""
    found = [offence for path in sources() for offence in offences(path)]
    print("\n".join(found) or f"No function over {LONGEST_FUNCTION} lines, no file over {LONGEST_FILE}.")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
