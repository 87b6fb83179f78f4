from __future__ import annotations

import fcntl

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid
from recsys.services.auditing import entries
from recsys.services.catalog import upsert_items
from recsys.services.importing import import_interactions
from recsys.services.releasing import accept_run
from recsys.services.run_metrics import paired_metrics
from recsys.services.runs import find_run, live_run, runs
from recsys.services.training import start_run
from recsys.snapshots.layout import NeighbourKind
from recsys.snapshots.mapped import Snapshot
from recsys.storage.runs import RunInfo
from tests.integration.shops import ADA, ANN, MORNING, PAT, item


@pytest.fixture
def sold(shop, tmp_path):
    """Give a shop with a few sales."""
    path = tmp_path / "sales.csv"
    pairs = [(u, i) for u in range(8) for i in range(8) if (u + i) % 3]
    rows = "".join(f"u{u},i{i},2026-0{1 + (u + i) % 8}-02T10:00:00Z\n" for u, i in pairs)
    path.write_text("user_id,item_id,timestamp\n" + rows, encoding="utf-8")
    import_interactions(shop, ADA, path)
    return shop


def test_a_run_is_ready_for_review_with_its_snapshot_on_disk(sold):
    run = start_run(sold, PAT, model="popular")
    assert (run.id, run.status, run.model, run.requested_by) == (
        "2026-11-21-01",
        "ready",
        "popular",
        PAT.name,
    )
    assert run == find_run(sold, run.id)
    assert run.finished_at > run.started_at
    assert set(run.gate) == {"passed", "checks"}
    assert run.cutoff.year == 2026
    snapshot = Snapshot.open(sold.settings.snapshots_dir / run.id)
    snapshot.check_key(sold.settings.identity_key)
    assert snapshot.run_id == run.id


def test_an_item_that_nobody_bought_has_the_neighbours_that_titles_and_tags_give_it(sold):
    catalog = [
        item("i1", "Red cup", tags=("kitchen",)),
        item("new", "Cup", tags=("kitchen",)),
        item("i2", "Spade"),
    ]
    upsert_items(sold, ADA, catalog)
    run = start_run(sold, PAT, model="popular")
    snapshot = Snapshot.open(sold.settings.snapshots_dir / run.id)
    near = snapshot.neighbours(snapshot.item_index["new"])
    assert [snapshot.item_ids[each] for each in near.items] == ["i1"]
    assert near.kinds.tolist() == [NeighbourKind.SIMILAR]


def test_runs_of_a_day_are_counted_and_the_next_is_held_against_the_live_one(sold):
    first = start_run(sold, PAT, model="popular")
    accept_run(sold, PAT, first.id, despite_gate=True, comment="the first")
    second = start_run(sold, PAT, model="popular")
    assert second.id == "2026-11-21-02"
    assert [each.id for each in runs(sold)] == [second.id, first.id]
    assert live_run(sold).id == first.id
    assert entries(sold, command="run", limit=2)[0].command == "run.ready"


def test_a_run_that_fails_says_why(sold, shop):
    with pytest.raises(Invalid) as told:
        start_run(sold, PAT, model="no-such-model")
    (run,) = runs(sold)
    assert (run.status, run.error) == ("failed", str(told.value))


def test_there_is_nothing_to_learn_from_in_a_new_shop(shop):
    with pytest.raises(Invalid, match="import a catalog"):
        start_run(shop, PAT)
    assert runs(shop)[0].status == "failed"


def test_a_run_left_behind_by_a_killed_process_is_marked_at_the_next_start(sold):
    with sold.database.write() as unit:
        unit.runs.add(RunInfo("2026-11-20-01", "training", "auto", MORNING, "operator"))
    start_run(sold, PAT, model="popular")
    dead = find_run(sold, "2026-11-20-01")
    assert (dead.status, "killed" in dead.error) == ("failed", True)
    assert dead.finished_at is not None


def test_one_run_trains_at_a_time(sold):
    lock = sold.settings.home / "train.lock"
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="training already"):
            start_run(sold, PAT, model="popular")
    assert runs(sold) == []
    assert start_run(sold, PAT, model="popular").status == "ready"


def test_a_snapshot_without_a_row_keeps_its_number(sold):
    (sold.settings.snapshots_dir / "2026-11-21-01").mkdir(parents=True)
    assert start_run(sold, PAT, model="popular").id == "2026-11-21-02"


def test_an_editor_starts_no_run(sold):
    with pytest.raises(Forbidden):
        start_run(sold, ANN)
    assert runs(sold) == []


def test_two_runs_on_the_same_sales_are_the_same_shopper_by_shopper(well_sold):
    first, second = (start_run(well_sold, PAT, model="item-knn") for _ in range(2))
    found = paired_metrics(well_sold, second.id, first.id)
    assert set(found) >= {"ndcg@20", "recall@20", "map@20"}
    assert {(each.mean, each.low, each.high) for each in found.values()} == {(0, 0, 0)}
    assert found["ndcg@20"].shoppers == first.metrics["evaluated"]


def test_a_better_model_is_ahead_in_pairs_by_what_the_means_say(well_sold):
    popular, other = (start_run(well_sold, PAT, model=model) for model in ("popular", "item-knn"))
    found = paired_metrics(well_sold, other.id, popular.id)["ndcg@20"]
    means = [each.metrics["values"]["ndcg@20"] for each in (other, popular)]
    assert found.mean == pytest.approx(means[0] - means[1], abs=1e-6)
    assert found.low <= found.mean <= found.high


def test_a_run_from_before_the_record_has_no_intervals(well_sold):
    run = start_run(well_sold, PAT, model="popular")
    assert paired_metrics(well_sold, run.id, "older") is None
