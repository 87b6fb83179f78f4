"""`recsys export slates` writes what the endpoint answers, whole or not at all."""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.endpoint import running_endpoint
from support.tiny_shop import OWNED, PINNED, VETOED, TinyShop, make_tiny_shop

from recsys.domain.errors import Invalid, NotFound, Unavailable
from recsys.domain.events import Event, EventType
from recsys.domain.ids import ItemId, UserId
from recsys.domain.people import OPERATOR
from recsys.domain.selectors import Target
from recsys.services import exporting
from recsys.services.events import record_events
from recsys.services.exporting import Export, export_slates
from recsys.services.importing import import_interactions, import_segments
from recsys.services.takedowns import take_down

HOME = Export(surface="home")
COPIED = ("position", "item_id", "source", "rule_id", "score", "model_rank", "theme", "displaced")


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    """A shop whose interactions name everybody of the snapshot and a newcomer."""
    tiny = make_tiny_shop(tmp_path / "home", database_url)
    file = tmp_path / "interactions.csv"
    rows = [f"{user},i01,2026-11-01T10:00:00Z" for user in (*OWNED, "newcomer")]
    file.write_text("\n".join(["user_id,item_id,timestamp", *rows]) + "\n", encoding="utf-8")
    import_interactions(tiny.shop, OPERATOR, file)
    return tiny


def _tell(tiny: TinyShop, kind: EventType, user: str, item: str) -> None:
    now = datetime.now(UTC)
    event = Event(
        event_id=f"{kind}-{user}-{item}", type=kind, item_id=ItemId(item), at=now, user=UserId(user)
    )
    record_events(tiny.shop, [event], now)


def _export(tiny: TinyShop, folder: Path, export: Export = HOME) -> dict[str, list[dict[str, Any]]]:
    """What the Parquet file holds, by shopper."""
    file = folder / "slates.parquet"
    export_slates(tiny.shop, export, file, "parquet")
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pq.read_table(file).to_pylist():
        found[row["user_id"]].append(row)
    return found


def test_the_file_is_what_the_endpoint_answers_to_every_shopper(tiny: TinyShop, tmp_path: Path) -> None:
    segments = tmp_path / "segments.csv"
    segments.write_text("user_id,segment\nann,gold\nonly-in-a-segment,gold\n")
    import_segments(tiny.shop, OPERATOR, segments)
    take_down(tiny.shop, OPERATOR, Target(item_id=ItemId("i18")), reason="Recalled")
    _tell(tiny, EventType.DISLIKE, "ann", PINNED)
    _tell(tiny, EventType.PURCHASE, "bob", "i22")
    _tell(tiny, EventType.VIEW, "only-told-of", "i09")
    found = _export(tiny, tmp_path)
    assert set(found) == {*OWNED, "newcomer", "only-in-a-segment", "only-told-of"}
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=1) as endpoint:
        for user, rows in found.items():
            answer = endpoint.recommend(user_id=user, limit=20).json
            assert [{name: row[name] for name in COPIED} for row in rows] == [
                {name: item[name] for name in COPIED} for item in answer["items"]
            ], user
            assert [row["reason"] for row in rows] == [item["reason"]["text"] for item in answer["items"]]
            assert {row["personalised"] for row in rows} == {answer["personalised"]}
            assert {(row["release_id"], row["run_id"]) for row in rows} == {
                (answer["release_id"], answer["run_id"])
            }
    shown = {(row["user_id"], row["item_id"]) for rows in found.values() for row in rows}
    assert ("ann", PINNED) not in shown
    assert ("cleo", PINNED) in shown
    assert not {item for _, item in shown} & {"i18", VETOED}


def test_csv_and_parquet_hold_the_same(tiny: TinyShop, tmp_path: Path) -> None:
    text, table = tmp_path / "slates.csv", _export(tiny, tmp_path)
    done = export_slates(tiny.shop, HOME, text, "csv")
    with text.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["user_id"], row["item_id"], row["reason"]) for row in rows] == [
        (row["user_id"], row["item_id"], row["reason"]) for each in table.values() for row in each
    ]
    assert (done.shoppers, done.rows, done.empty) == (7, len(rows), 0)
    assert rows[0]["score"] == "" or float(rows[0]["score"]) > 0


def test_a_market_a_segment_and_a_list_of_shoppers_narrow_it(tiny: TinyShop, tmp_path: Path) -> None:
    segments = tmp_path / "segments.csv"
    segments.write_text("user_id,segment\nann,gold\nbob,gold\neve,silver\n")
    import_segments(tiny.shop, OPERATOR, segments)
    names = tmp_path / "names.csv"
    names.write_text("user_id\nbob\neve\nbob\nstranger\n")
    assert set(_export(tiny, tmp_path, Export(surface="home", segments=("gold",)))) == {"ann", "bob"}
    assert set(_export(tiny, tmp_path, Export(surface="home", users=names))) == {"bob", "eve", "stranger"}
    both = Export(surface="home", users=names, segments=("gold", "silver"), market="FR", limit=3)
    found = _export(tiny, tmp_path, both)
    assert {user: len(rows) for user, rows in found.items()} == {"bob": 3, "eve": 3}
    assert {row["market"] for rows in found.values() for row in rows} == {"FR"}


def test_a_takedown_during_the_export_is_out_of_what_is_written_after_it(
    tiny: TinyShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)

    class TakesDown:
        done = 0

        def step(self, name: str, total: int) -> None:
            assert (name, total) == ("Writing slates", 7)

        def advance(self, n: int = 1) -> None:
            if not self.done:
                take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
            self.done += n

    file, watch = tmp_path / "slates.parquet", TakesDown()
    export_slates(tiny.shop, HOME, file, "parquet", progress=watch)
    assert watch.done == 7
    rows = pq.read_table(file).to_pylist()
    users = sorted({row["user_id"] for row in rows})
    assert {row["user_id"] for row in rows if row["item_id"] == PINNED} == set(users[:2])


@pytest.mark.parametrize(
    ("export", "error", "says"),
    [
        (Export(surface="nowhere"), NotFound, "nowhere"),
        (Export(surface="home", row="nothing"), NotFound, "nothing"),
        (Export(surface="home", market="Atlantis"), Invalid, "Atlantis"),
        (Export(surface="home", segments=("copper",)), Invalid, "copper"),
    ],
)
def test_what_nobody_knows_is_named_and_the_older_file_stays(
    tiny: TinyShop, tmp_path: Path, export: Export, error: type[Exception], says: str
) -> None:
    file = tmp_path / "slates.csv"
    file.write_text("the older one")
    with pytest.raises(error, match=says):
        export_slates(tiny.shop, export, file, "csv")
    assert file.read_text() == "the older one"
    assert not list(tmp_path.glob(".slates*"))


def test_a_list_with_a_row_that_names_nobody_is_refused(tiny: TinyShop, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text("user_id,name\nbob,Bob\n,Nobody\n")
    with pytest.raises(Invalid, match=r"names.csv, line 3: user_id"):
        _export(tiny, tmp_path, Export(surface="home", users=names))


def test_before_the_first_release_and_without_its_snapshot_nothing_is_written(
    tiny: TinyShop, tmp_path: Path
) -> None:
    (tiny.settings.snapshots_dir / "run-1").rename(tmp_path / "away")
    with pytest.raises(Unavailable, match="run-1"):
        _export(tiny, tmp_path)
    assert not (tmp_path / "slates.parquet").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_full_disk_is_told_plainly_and_leaves_no_file(tiny: TinyShop, tmp_path: Path, kind: str) -> None:
    names = tmp_path / "names.csv"
    names.write_text("\n".join(["user_id", *(f"shopper-{number}" for number in range(3_000))]) + "\n")
    folder = tmp_path / "out"
    folder.mkdir()
    command = [sys.executable, "-m", "recsys", "export", "slates", "--users", str(names), "--format", kind]

    def no_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [*command, "--output", str(folder / f"slates.{kind}")],
        env={**os.environ, **tiny.environment},
        preexec_fn=no_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    told = done.stderr.splitlines()
    assert "could not be written (File too large); nothing of it is left" in told[-1]
    # What takes over two seconds, on a busy machine, says so first.
    assert all("Traceback" not in line for line in told)
    assert not list(folder.iterdir())


def test_the_command_says_how_many_and_how_fast(tiny: TinyShop, tmp_path: Path) -> None:
    output = tmp_path / "slates.parquet"
    command = [sys.executable, "-m", "recsys", "export", "slates", "--surface", "home", "--limit", "5"]
    done = subprocess.run(
        [*command, "--output", str(output)],
        env={**os.environ, **tiny.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"7 shoppers, 35 rows of release {tiny.curated_release} in {output}" in done.stdout
    assert "shoppers a second" in done.stdout
    assert pq.read_table(output).num_rows == 35
