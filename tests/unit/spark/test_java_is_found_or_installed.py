"""`.ci/java.py` prints the folder of a Java that is here, or installs one, or says in plain words what is missing."""

from __future__ import annotations

import importlib.util
import os
import stat
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / ".ci" / "java.py"
NEW, OLD = 'openjdk version "17.0.15" 2025-04-15', 'openjdk version "11.0.2" 2019-01-15'


def command(path, script):
    """An executable for /bin/sh."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def java(home, says=NEW):
    """A folder with a Java that says its version."""
    command(home / "bin" / "java", f"echo '{says}' >&2")
    return home


class Machine:
    """A machine that has nothing but what a test puts on it; `log` is what was run to install something."""

    def __init__(self, folder):
        self.folder, self.commands, self.own = folder, folder / "commands", folder / "own"
        self._log = folder / "log"

    @property
    def log(self):
        return self._log.read_text().splitlines() if self._log.exists() else []

    def apt(self, script):
        command(self.commands / "apt-get", f'echo "apt-get $*" >> {self._log}\n{script}')

    def python(self, script):
        return command(self.folder / "python", f'echo "python $*" >> {self._log}\n{script}')

    def gets_java(self, home, *, when="*"):
        """A script that, where its words are like `when`, leaves a Java as a package or an archive does."""
        made, waiting = home / "bin" / "java", java(self.folder / "waiting") / "bin" / "java"
        return f'case "$*" in\n{when}) /bin/mkdir -p {made.parent}; /bin/cp {waiting} {made};;\n*) exit 100;;\nesac'


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def script(machine, monkeypatch):
    """The script as it runs there, for root on Debian."""
    specification = importlib.util.spec_from_file_location("find_java", SCRIPT)
    found = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(found)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(machine.commands))
    monkeypatch.setattr(found, "OWN", machine.own)
    monkeypatch.setattr(sys, "executable", str(machine.python("echo no network >&2; exit 1")))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(found.platform, "freedesktop_os_release", lambda: {"ID": "debian"})
    return found


def told(script, capsys):
    code, said = script.main(), capsys.readouterr()
    return code, said.out.strip(), said.err.strip().splitlines()


def test_the_one_that_java_home_names_comes_first_and_nothing_is_installed(
    script, machine, capsys, monkeypatch, tmp_path
):
    java(machine.own / "jdk-17")
    monkeypatch.setenv("JAVA_HOME", str(java(tmp_path / "named")))
    assert told(script, capsys) == (0, str(tmp_path / "named"), [])
    assert machine.log == []


def test_one_on_the_path_is_followed_to_its_folder(script, machine, capsys, tmp_path):
    real = java(tmp_path / "jvm" / "java-17")
    machine.commands.mkdir()
    (machine.commands / "java").symlink_to(real / "bin" / "java")
    assert told(script, capsys) == (0, str(real), [])


def test_one_that_was_fetched_before_is_used_again(script, machine, capsys):
    assert told(script, capsys)[0] == 1
    java(machine.own / "jdk-17")
    assert told(script, capsys) == (0, str(machine.own / "jdk-17"), [])


def test_root_on_debian_gets_the_package(script, machine, capsys):
    machine.apt(machine.gets_java(machine.folder, when="*openjdk-17*"))
    machine.commands.joinpath("java").symlink_to(machine.folder / "bin" / "java")
    assert told(script, capsys) == (0, str(machine.folder), ["Installing Java 17 for Spark"])
    assert machine.log == ["apt-get update -qq", "apt-get install -y -qq openjdk-17-jre-headless"]


def test_a_debian_without_the_older_package_gets_the_newer(script, machine, capsys):
    machine.apt(machine.gets_java(machine.folder, when="*openjdk-21*"))
    machine.commands.joinpath("java").symlink_to(machine.folder / "bin" / "java")
    code, found, _ = told(script, capsys)
    assert (code, found) == (0, str(machine.folder))
    assert machine.log == [
        "apt-get update -qq",
        "apt-get install -y -qq openjdk-17-jre-headless",
        "apt-get install -y -qq openjdk-21-jre-headless",
    ]


def test_who_is_not_root_gets_it_beside_the_environment(script, machine, capsys, monkeypatch):
    machine.apt("exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    fetches = machine.gets_java(machine.own / "jdk-17", when="-c*")
    monkeypatch.setattr(sys, "executable", str(machine.python(f'case "$*" in -m*) exit 0;; esac\n{fetches}')))
    assert told(script, capsys)[:2] == (0, str(machine.own / "jdk-17"))
    assert [each.split()[:3] for each in machine.log] == [
        ["python", "-m", "pip"],
        ["python", "-c", "import"],
    ]
    assert str(machine.own) in machine.log[-1]


def test_one_that_is_too_old_is_as_none(script, machine, capsys):
    machine.commands.mkdir()
    (machine.commands / "java").symlink_to(java(machine.folder / "jvm", OLD) / "bin" / "java")
    assert told(script, capsys)[:2] == (1, "")


@pytest.mark.parametrize("apt", [None, "echo 'E: Unable to locate package' >&2; exit 100"])
def test_where_none_is_to_be_had_it_says_what_to_do(script, machine, capsys, apt):
    if apt:
        machine.apt(apt)
    code, found, words = told(script, capsys)
    assert (code, found) == (1, "")
    assert words[0] == "Installing Java 17 for Spark"
    assert words[1:-1] == [*["E: Unable to locate package"] * (3 if apt else 0), "no network"]
    assert words[-1].startswith(
        "Spark needs Java 17 or newer: please install it ('apt-get install openjdk-17"
    )
    assert "JAVA_HOME" in words[-1]


def test_only_relatives_of_debian_are_asked_for_packages(script, machine, monkeypatch):
    assert not script.is_debian_root(), "there is no apt-get"
    machine.apt("exit 0")
    for release, expected in (
        ({"ID": "debian"}, True),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, True),
        ({"ID": "fedora"}, False),
        ({}, False),
    ):
        monkeypatch.setattr(script.platform, "freedesktop_os_release", lambda release=release: release)
        assert script.is_debian_root() is expected, release
