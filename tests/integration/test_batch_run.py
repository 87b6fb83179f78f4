"""A run from interactions to a verified snapshot."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from recsys.batch.run import run_batch
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.domain.errors import Invalid
from recsys.models.item_knn import ItemKnn
from recsys.models.progress import Silent
from recsys.snapshots.identity import shopper_hash
from recsys.snapshots.mapped import Snapshot

KEY = b"a key of the shop"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)
MARKETS = ("DE", "FR", None)


def rows_of_two_tastes(seed=0, shoppers=60, items=40):
    """Shoppers of two tastes, each buying mostly from one half of the catalog over a hundred days."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(shoppers):
        liked = np.arange(user % 2, items, 2)
        for number, item in enumerate(rng.choice(liked, 8, replace=False)):
            rows.append((f"u{user:03}", f"i{item:02}", number * 14 + rng.integers(0, 3)))
        rows.append((f"u{user:03}", f"i{rng.integers(items):02}", 50))
    return rows


def training_data(rows, catalog=(), kinds=None):
    return build_training_data(
        interactions_table(
            {
                "user_id": [row[0] for row in rows],
                "item_id": [row[1] for row in rows],
                "timestamp": [
                    None if row[2] is None else START + timedelta(days=int(row[2])) for row in rows
                ],
                "order_id": [f"{row[0]}/{row[2]}" for row in rows],
                "market": [MARKETS[sum(row[0].encode()) % 3] for row in rows],
                "kind": kinds or ["purchase"] * len(rows),
            }
        ),
        catalog,
    )


def run(data, folder, model="auto", seed=1, **more):
    return run_batch(
        data,
        model=model,
        folder=folder,
        run_id="run-1",
        identity_key=KEY,
        seed=seed,
        created_at=NOW,
        **more,
    )


@pytest.fixture(scope="module")
def data():
    return training_data(rows_of_two_tastes(), ["unsold"])


@pytest.fixture(scope="module")
def result(data, tmp_path_factory):
    return run(data, tmp_path_factory.mktemp("runs") / "run-1")


@pytest.fixture(scope="module")
def snapshot(result):
    return Snapshot.open(result.snapshot_folder)


def shopper(snapshot, user_id):
    row = snapshot.shopper(shopper_hash(KEY, user_id))
    assert row is not None
    return row


def test_auto_takes_the_best_by_ndcg(result):
    values = {each["model"]: each["values"]["ndcg@20"] for each in result.metrics["models"]}
    assert {"popular", "item-knn", "rp3beta", "als", "ease"} <= set(values)
    assert values[result.model] == max(values.values())
    assert values[result.model] > values["popular"]
    assert result.metrics["winner"] == result.model
    assert result.metrics["values"] == result.metrics["models"][0]["values"]


def test_the_leaderboard_names_every_metric_and_whom_it_measured(result):
    names = {"recall@20", "ndcg@20", "map@20", "precision@20", "mrr@20", "hit_rate@20", "coverage@20"}
    assert all(names <= set(each["values"]) for each in result.metrics["models"])
    assert result.metrics["split"]["kind"] == "time"
    assert result.metrics["evaluated"] + result.metrics["left_out"] == 60


def test_metrics_and_facts_are_plain_values(result):
    for plain in (result.metrics, result.facts):
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert result.facts["shoppers"] == result.facts["shoppers_with_candidates"] == 60
    assert result.facts["items_without_interactions"] == 1
    assert result.gate.passed


def test_every_shopper_is_in_the_snapshot_with_what_they_own(data, snapshot):
    assert snapshot.n_shoppers == len(data.users)
    for user, user_id in enumerate(data.users.ids):
        row = shopper(snapshot, user_id)
        assert snapshot.owned(row).tolist() == data.owned[[user]].indices.tolist()
        market = data.user_market[user]
        assert snapshot.home_market(row) == (data.markets[market] if market >= 0 else None)


def test_candidates_are_new_and_repeats_are_owned(snapshot):
    for row in range(snapshot.n_shoppers):
        owned = set(snapshot.owned(row).tolist())
        candidates, repeats = snapshot.candidates(row), snapshot.repeats(row)
        assert len(candidates.items)
        assert not owned & set(candidates.items.tolist())
        assert set(repeats.items.tolist()) <= owned
        assert set(candidates.because[candidates.because >= 0].tolist()) <= owned


def test_candidates_follow_the_shoppers_taste(snapshot):
    same = [
        (snapshot.candidates(shopper(snapshot, f"u{user:03}")).items[:5] % 2 == user % 2).mean()
        for user in range(60)
    ]
    assert np.mean(same) > 0.9


def test_items_nobody_bought_are_in_the_catalog_without_vector_or_neighbours(snapshot):
    unsold = snapshot.item_index["unsold"]
    assert not snapshot.item_vectors[unsold].any()
    assert len(snapshot.neighbours(unsold)[0]) == 0
    assert unsold not in snapshot.popular(None)[0]


def test_any_items_can_be_ordered_for_any_shopper(snapshot):
    # A theme of items that two shoppers of different taste see in different order.
    theme = np.array([snapshot.item_index[f"i{number:02}"] for number in range(10)])
    orders = {
        tuple(theme[np.argsort(-(snapshot.item_vectors[theme] @ snapshot.shopper_vector(row)))].tolist())
        for row in (shopper(snapshot, "u000"), shopper(snapshot, "u001"))
    }
    assert len(orders) == 2


def test_neighbours_and_popularity_are_those_of_the_models(data, snapshot):
    model = ItemKnn().fit(data, seed=0, progress=Silent())
    item = snapshot.item_index["i03"]
    expected = model.similar(np.array([item]), 100).items[0]
    assert snapshot.neighbours(item)[0].tolist() == expected[expected >= 0].tolist()
    for market in (None, "DE", "FR"):
        items, scores = snapshot.popular(market)
        assert len(items) == len(set(items.tolist())) > 0
        assert ((scores > 0) & (scores < 1)).all()


def test_equal_data_and_seed_give_the_same_snapshot_to_the_bit(data, result, tmp_path):
    again = run(data, tmp_path / "again")
    assert again.metrics == result.metrics
    # A hidden file notes when the others were written.
    for path in result.snapshot_folder.glob("[!.]*"):
        assert path.read_bytes() == (again.snapshot_folder / path.name).read_bytes()


def test_reasons_come_from_item_to_item_where_a_strangers_model_gives_none(data, tmp_path, monkeypatch):
    (tmp_path / "shelf_models.py").write_text(
        "import numpy as np\n"
        "class Alphabet:\n"
        "    def fit(self, data, *, seed, progress):\n"
        "        self.n = len(data.items)\n"
        "        return self\n"
        "    def score(self, rows):\n"
        "        return np.tile(-np.arange(self.n, dtype=float), (len(rows), 1))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    result = run(data, tmp_path / "run", model="shelf_models:Alphabet")
    assert result.model == "shelf_models:Alphabet"
    assert [each["model"] for each in result.metrics["models"]].count("popular") == 1
    snapshot = Snapshot.open(result.snapshot_folder)
    assert any((snapshot.candidates(row).because >= 0).any() for row in range(60))
    assert [check.name for check in result.gate.checks if not check.passed] in ([], ["beats_popular"])


def test_popularity_names_no_reasons_because_it_has_none(data, tmp_path):
    snapshot = Snapshot.open(run(data, tmp_path / "run", model="popular").snapshot_folder)
    assert all((snapshot.candidates(row).because == -1).all() for row in range(60))


def test_a_disliked_item_is_in_no_list_of_the_shopper(tmp_path):
    rows = rows_of_two_tastes()
    disliked = [("u000", f"i{item:02}", 120) for item in range(0, 40, 4)]
    kinds = ["purchase"] * len(rows) + ["dislike"] * len(disliked)
    snapshot = Snapshot.open(
        run(training_data([*rows, *disliked], kinds=kinds), tmp_path / "run").snapshot_folder
    )
    gone = {snapshot.item_index[item] for _, item, _ in disliked}
    row = shopper(snapshot, "u000")
    for ranked in (snapshot.candidates(row), snapshot.repeats(row)):
        assert not gone & set(ranked.items.tolist())
        assert not gone & set(ranked.because.ravel().tolist())
    assert gone & set(snapshot.candidates(shopper(snapshot, "u002")).items.tolist())


def test_the_live_run_is_held_against_the_new_one(data, result, tmp_path):
    better = {**result.metrics, "values": {"ndcg@20": 2.0}}
    held = run(data, tmp_path / "run", live_metrics=better, live_facts=result.facts)
    assert [check.name for check in held.gate.checks if not check.passed] == ["keeps_quality"]


@pytest.mark.parametrize(
    ("rows", "catalog"),
    [
        ([("ann", "tea", 1)], []),
        ([("ann", "tea", 1), ("bob", "tea", 2), ("cat", "tea", 3)], []),
        ([("ann", "tea", 1), ("ann", "cup", 2)], ["jam"]),
        ([("ann", "tea", None), ("bob", "cup", None)], []),
        ([("all", "a", 1), ("all", "b", 2), ("all", "c", 3), ("one", "a", 4)], []),
        ([], ["tea", "cup"]),
    ],
    ids=[
        "one shopper and one item",
        "a one-item catalog",
        "one shopper",
        "no times",
        "an exhausted shopper",
        "no interactions at all",
    ],
)
@pytest.mark.parametrize("model", ["auto", "als", "item-knn"])
def test_the_smallest_shops_get_a_snapshot_and_the_truth_about_it(rows, catalog, model, tmp_path):
    data = training_data(rows, catalog)
    result = run(data, tmp_path / "run", model=model)
    assert result.metrics["values"] == {}
    assert "Nothing was measured" in result.metrics["split"]["words"]
    assert result.model == ("popular" if model == "auto" else model)
    snapshot = Snapshot.open(result.snapshot_folder)
    assert snapshot.item_ids == data.items.ids
    for user, user_id in enumerate(data.users.ids):
        row = shopper(snapshot, user_id)
        assert snapshot.owned(row).tolist() == data.owned[[user]].indices.tolist()
        if data.owned[[user]].nnz == len(data.items):
            assert len(snapshot.candidates(row).items) == 0
            assert result.facts["shoppers_exhausted"] > 0


def test_data_without_times_is_measured_on_a_random_split(tmp_path):
    data = training_data([(user, item, None) for user, item, _ in rows_of_two_tastes()])
    result = run(data, tmp_path / "run")
    assert result.metrics["split"]["kind"] == "random"
    assert result.metrics["values"]["ndcg@20"] > 0
    assert Snapshot.open(result.snapshot_folder).cutoff is None


def test_without_any_item_there_is_nothing_to_train_on(tmp_path):
    with pytest.raises(Invalid, match="import a catalog"):
        run(training_data([]), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_unknown_model_is_told_before_any_work(tmp_path, data):
    with pytest.raises(Invalid, match="choose one of"):
        run(data, tmp_path / "run", model="crystal-ball")
    assert list(tmp_path.iterdir()) == []


def test_the_order_of_the_interactions_does_not_matter(data, result, tmp_path):
    rows = rows_of_two_tastes()
    shuffled = [rows[index] for index in np.random.default_rng(5).permutation(len(rows))]
    again = Snapshot.open(run(training_data(shuffled, ["unsold"]), tmp_path / "run").snapshot_folder)
    first = Snapshot.open(result.snapshot_folder)
    for row in range(first.n_shoppers):
        assert first.candidates(row).items.tolist() == again.candidates(row).items.tolist()


def test_a_run_that_is_killed_leaves_no_snapshot(tmp_path):
    script = f"""
import pathlib, sys, time
import numpy as np
from datetime import datetime, UTC
from recsys.batch.run import run_batch
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data
from recsys.models.progress import Silent

class StopsWhileWriting(Silent):
    def step(self, name, total):
        if name == "Writing items":
            print("writing", flush=True)
            time.sleep(60)

table = interactions_table({{"user_id": ["a", "b"], "item_id": ["x", "y"]}})
run_batch(build_training_data(table, ()), model="popular", folder=pathlib.Path({str(tmp_path / "run")!r}), run_id="r",
          identity_key=b"k", seed=1, created_at=datetime.now(UTC), progress=StopsWhileWriting())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"writing\n"
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "run").exists()
