"""Rules and themes out to files and in again, run as an operator runs the commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from support.desk import make_desk_home


@pytest.fixture
def recsys(tmp_path, migrated_sqlite):
    shutil.copy(migrated_sqlite, tmp_path / "recsys.db")
    make_desk_home(tmp_path, f"sqlite:///{tmp_path / 'recsys.db'}")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "RECSYS_HOME": str(tmp_path), "RECSYS_SECRET_KEY": "s" * 40}
        command = [sys.executable, "-m", "recsys", *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    return run


def test_rules_go_out_come_in_and_a_damaged_file_changes_nothing(recsys, tmp_path) -> None:
    first, second = tmp_path / "rules.csv", tmp_path / "again.csv"
    done = recsys("export", "rules", "--output", str(first))
    assert (done.returncode, done.stdout) == (0, f"4 rules in {first}.\n")
    more = tmp_path / "more.csv"
    more.write_text(
        first.read_text() + ",pin,9,i20" + "," * (first.read_text().split("\n")[0].count(",") - 3) + "\n"
    )
    told = recsys("import", "rules", str(more), "--dry-run")
    assert told.stdout == "1 new rules would be in the draft, 0 changed, 4 as before.\n"
    assert (
        recsys("import", "rules", str(more)).stdout
        == "1 new rules are in the draft, 0 changed, 4 as before.\n"
    )
    recsys("export", "rules", "--live", "--output", str(second))
    assert second.read_text() == first.read_text()
    recsys("export", "rules", "--output", str(second))
    assert second.read_text().count("\n") == 6
    bad = tmp_path / "bad.csv"
    bad.write_text("kind,slot,item_id\npin,0,i01\npin,1,i02\nposter,1,i02\n")
    refused = recsys("import", "rules", str(bad))
    assert refused.returncode == 1
    assert "line 2: slot give a slot from 1 to 500" in refused.stderr
    assert "line 4: kind “poster” is none of pin, veto, boost" in refused.stderr
    assert "2 lines cannot be rules, so nothing was changed" in refused.stderr
    recsys("export", "rules", "--output", str(first))
    assert second.read_text() == first.read_text()
    assert recsys("import", "rules", str(tmp_path / "none.csv")).returncode == 2


def test_themes_go_out_come_in_and_a_damaged_file_changes_nothing(recsys, tmp_path) -> None:
    first, second = tmp_path / "themes.csv", tmp_path / "again.csv"
    done = recsys("export", "themes", "--output", str(first))
    assert (done.returncode, done.stdout) == (0, f"1 themes in {first}.\n")
    more = tmp_path / "more.csv"
    more.write_text("slug,title,picks\nboats,Boats,i01|i02\n")
    told = recsys("import", "themes", str(more), "--dry-run")
    assert told.stdout == "1 new themes would be in the draft, 0 changed, 0 as before.\n"
    done = recsys("import", "themes", str(more))
    assert done.stdout == "1 new themes are in the draft, 0 changed, 0 as before.\n"
    recsys("export", "themes", "--live", "--output", str(second))
    assert second.read_text() == first.read_text()
    recsys("export", "themes", "--output", str(second))
    assert "\nboats,Boats,,,,,head_then_model,,i01|i02," in second.read_text()
    bad = tmp_path / "bad.csv"
    bad.write_text("slug,title,head\nships,Ships,some\nkites,Kites,1\nboats,,\n")
    refused = recsys("import", "themes", str(bad))
    assert refused.returncode == 1
    assert "line 2: head “some” is no whole number" in refused.stderr
    assert "line 4: title is required" in refused.stderr
    assert "2 lines cannot be themes, so nothing was changed" in refused.stderr
    recsys("export", "themes", "--output", str(first))
    assert second.read_text() == first.read_text()
