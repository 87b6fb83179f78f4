"""A big file of interactions is imported within bounded memory, whatever it looks like."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GIGABYTE = 1024**3
IMPORT = """
import sys
from pathlib import Path
from recsys.data.interactions import read_interactions
from recsys.data.report import Report
from recsys.data.store import InteractionStore

done = InteractionStore(Path(sys.argv[2])).append(read_interactions(Path(sys.argv[1]), Report()))
print(done.added)
# Its own peak in kilobytes; what getrusage says includes the process that started this one.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def write_rows(path: Path, rows: int, *, timed: bool) -> None:
    """Write `rows` different interactions, over a year in no order, or all without a time."""
    with path.open("w", encoding="utf-8") as file:
        file.write("user_id,item_id,timestamp,order_id,quantity\n")
        for row in range(rows):
            mixed = row * 2_654_435_761 % 2**32
            day, minute = mixed % 365, mixed % 1_440
            date = f"2025-{day // 31 % 12 + 1:02}-{day % 28 + 1:02}" if timed else ""
            time = f"{date}T{minute // 60:02}:{minute % 60:02}:00Z" if timed else ""
            file.write(f"u{mixed % 1_000_003},i{mixed % 100_003},{time},o{row},{row % 9}\n")


def import_in_a_process_of_its_own(folder: Path, rows: int, *, timed: bool) -> tuple[int, int]:
    """Rows added, and the peak of resident memory in bytes."""
    write_rows(folder / "rows.csv", rows, timed=timed)
    command = [sys.executable, "-c", IMPORT, str(folder / "rows.csv"), str(folder / "store")]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    added, peak = output.split()
    return int(added), int(peak) * 1024


@pytest.mark.parametrize("timed", [True, False], ids=["over a year", "without times"])
def test_half_a_million_rows_need_less_than_half_a_gigabyte(tmp_path, timed):
    added, peak = import_in_a_process_of_its_own(tmp_path, 500_000, timed=timed)
    assert added == 500_000
    assert peak < GIGABYTE / 2


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("timed", [True, False], ids=["over a year", "without times"])
def test_ten_million_rows_need_less_than_a_gigabyte(tmp_path, timed):
    added, peak = import_in_a_process_of_its_own(tmp_path, 10_000_000, timed=timed)
    assert added == 10_000_000
    assert peak < GIGABYTE
