"""Before any work: a master that cannot be, a Java that is not there, a model that Spark does not train."""

from __future__ import annotations

import socket
import stat

import pytest
from click.testing import CliRunner

from recsys.cli.main import commands
from recsys.domain.errors import Invalid
from recsys.spark import cluster
from recsys.spark.engine import check_spark
from recsys.spark.java import require_java


def java_that_says(folder, words):
    command = folder / "bin" / "java"
    command.parent.mkdir(parents=True)
    command.write_text(f"#!/bin/sh\necho '{words}' >&2\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return {"JAVA_HOME": str(folder)}


@pytest.mark.parametrize(
    "master", ["", "here", "local[x]", "spark://host", "http://host:7077", "local[2]; rm"]
)
def test_a_master_that_cannot_be_is_refused(master):
    with pytest.raises(Invalid, match="give local") as told:
        cluster.check(master)
    assert told.value.field == "master"


def test_a_model_that_spark_does_not_train_is_refused():
    with pytest.raises(Invalid, match="Spark trains als") as told:
        check_spark("local[2]", "ease")
    assert told.value.field == "model"


def test_an_old_java_and_none_at_all_are_told_with_the_mend(tmp_path):
    old = java_that_says(tmp_path / "old", 'openjdk version "1.8.0_392"')
    with pytest.raises(Invalid, match=r"is Java 8\. Spark needs Java 17"):
        require_java(old)
    with pytest.raises(Invalid, match="there is no Java on PATH"):
        require_java({"PATH": str(tmp_path)})
    with pytest.raises(Invalid, match=r"there is no .*gone"):
        require_java({"JAVA_HOME": str(tmp_path / "gone")})
    assert require_java(java_that_says(tmp_path / "new", 'openjdk version "17.0.15" 2025-04-15')) == 17


def test_a_master_where_nothing_answers_is_told(monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(cluster, "require_java", lambda: 17)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with pytest.raises(Invalid, match="nothing answers") as told:
        cluster.check(f"spark://127.0.0.1:{port}")
    assert told.value.field == "master"


def test_pyspark_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(Invalid, match=r"pip install 'recsys\[spark\]'"):
        cluster.check("local[2]")


def test_a_master_without_the_engine_is_wrong_usage():
    told = CliRunner().invoke(commands, ["train", "--master", "local[2]"])
    assert told.exit_code == 2
    assert "--engine spark" in told.output
