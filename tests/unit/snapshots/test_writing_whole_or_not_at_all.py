"""A half-written snapshot never stands under its final name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from recsys.domain.errors import Conflict
from recsys.snapshots.verify import verify
from recsys.snapshots.write import SnapshotWriter, write_durably


def write_until_the_power_is_gone(folder):
    with SnapshotWriter(folder, 2) as writer:
        writer.append("owned_items", np.arange(3))
        raise RuntimeError("the power is gone")


def test_a_failure_leaves_nothing_behind(tmp_path):
    with pytest.raises(RuntimeError, match="power"):
        write_until_the_power_is_gone(tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_leaving_without_finishing_leaves_nothing_behind(tmp_path):
    with SnapshotWriter(tmp_path / "run", 2):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_existing_snapshot_is_never_overwritten(write, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(Conflict, match="exists already"):
        write(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_draft_of_a_killed_run_is_replaced(write, tmp_path):
    script = f"""
import numpy as np, pathlib, time
from recsys.snapshots.write import SnapshotWriter
with SnapshotWriter(pathlib.Path({str(tmp_path / "run")!r}), 2) as writer:
    writer.append("owned_items", np.arange(100_000))
    print("writing", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "run").exists()
    assert len(list(tmp_path.iterdir())) == 1
    verify(write(tmp_path / "run"))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_replacing_a_file_leaves_no_draft(tmp_path):
    path = tmp_path / "file"
    write_durably(path, b"old")
    write_durably(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_equal_content_gives_equal_files(write, tmp_path):
    first, second = write(tmp_path / "one"), write(tmp_path / "two")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes()
