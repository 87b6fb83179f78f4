from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recsys.data.schema import interactions_table
from recsys.data.store import InteractionStore

ROWS_PER_IMPORT = 60
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
IMPORTS_WITHOUT_END = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_import_survives_kill import one_import
from recsys.data.store import InteractionStore

store = InteractionStore(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(int(sys.argv[3]), 1_000_000):
    store.append([one_import(number)])
    print(number, flush=True)
"""


def one_import(number):
    """Rows of import `number`, over several days, so that there are several files."""
    rows = range(ROWS_PER_IMPORT)
    return interactions_table(
        {
            "user_id": [f"u{number}"] * ROWS_PER_IMPORT,
            "item_id": [f"i{row}" for row in rows],
            "timestamp": [NOON + timedelta(days=row % 12) if row % 13 else None for row in rows],
        }
    )


def kill_during_imports(root: Path, first: int, seconds: float) -> int:
    """Run imports in another process, kill it after a while; the last import that it acknowledged, or `first` - 1."""
    command = [sys.executable, "-c", IMPORTS_WITHOUT_END, str(root), str(Path(__file__).parent), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        acknowledged = [int(line) for line in process.stdout if line.endswith("\n")]
    return acknowledged[-1] if acknowledged else first - 1


def test_an_import_killed_at_any_moment_is_visible_whole_or_not_at_all(tmp_path):
    generator = random.Random(7)
    store = InteractionStore(tmp_path / "s")
    first = 0
    for _ in range(6):
        acknowledged = kill_during_imports(tmp_path / "s", first, generator.uniform(0.0, 0.3))
        users = store.read(["user_id"])["user_id"].value_counts().to_pylist()
        assert {one["counts"] for one in users} <= {ROWS_PER_IMPORT}
        seen = {one["values"] for one in users}
        assert {f"u{number}" for number in range(acknowledged + 1)} <= seen
        assert store.count() == len(seen) * ROWS_PER_IMPORT
        first = len(seen)
    # Whatever the killed imports left behind, the next import neither trips over it nor counts it.
    assert store.append([one_import(first), one_import(first)]).added == ROWS_PER_IMPORT
    files = {path.relative_to(tmp_path / "s").as_posix() for path in (tmp_path / "s").glob("date=*/*")}
    assert store.count() == (first + 1) * ROWS_PER_IMPORT
    assert len(files) == (first + 1) * 13
