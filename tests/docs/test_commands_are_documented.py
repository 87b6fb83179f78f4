"""Every command and option of the command line stands in docs/cli.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from recsys.cli.main import commands

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def _leaves(command: click.Command, path: str = "recsys") -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            yield from _leaves(each, f"{path} {name}")
    else:
        yield path, command


@pytest.mark.parametrize(
    ("path", "command"), list(_leaves(commands)), ids=lambda each: each if isinstance(each, str) else ""
)
def test_a_command_and_its_options_are_documented(path: str, command: click.Command) -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith(f"| `{path}")]
    assert len(lines) == 1, f"docs/cli.md needs one line for {path}"
    for option in command.params:
        if isinstance(option, click.Option) and "--help" not in option.opts:
            assert option.opts[0] in lines[0], f"{path}: {option.opts[0]} is not documented"
        if isinstance(option, click.Argument):
            assert option.name is not None
            assert option.name.upper() in lines[0], f"{path}: {option.name} is not documented"


@pytest.mark.parametrize(
    ("path", "command"), list(_leaves(commands)), ids=lambda each: each if isinstance(each, str) else ""
)
def test_a_command_says_what_it_is_for(path: str, command: click.Command) -> None:
    assert command.help, f"{path} has no help"


def test_nothing_is_documented_that_does_not_exist() -> None:
    known = {path for path, _ in _leaves(commands)}
    for line in PAGE.splitlines():
        if line.startswith("| `recsys"):
            words = line.split("`")[1].split()
            assert any(" ".join(words[:n]) in known for n in (2, 3)), line
