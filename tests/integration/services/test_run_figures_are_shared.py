"""The figures by shopper of a run reach every machine that asks, and go with the run."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from support.object_storage import write_in
from support.tiny_shop import make_tiny_shop

from recsys.batch.measured import Measured
from recsys.domain.errors import Unavailable
from recsys.domain.people import OPERATOR
from recsys.models.progress import Silent
from recsys.object_store import ObjectStore
from recsys.services.pruning import prune_snapshots
from recsys.services.releasing import accept_run
from recsys.services.run_figures import figures_of, keep_figures, measured_file
from recsys.services.run_metrics import paired_metrics
from recsys.services.sharing import share_snapshot
from recsys.services.training import start_run
from tests.integration.shops import PAT, sell_well

RUNS = ("run-1", "run-2")
FIGURES = {"run-1": [0.1, 0.2, 0.3, 0.4], "run-2": [0.2, 0.3, 0.5, 0.6]}
PATIENT = 120.0


def at_home(shop, home, **settings):
    """The same shop on a machine with a home of its own."""
    return replace(shop, settings=replace(shop.settings, home=home, **settings))


@pytest.fixture
def trainer(database_url, tmp_path, store_url):
    """The shop on the machine that trained its two runs, and shared their figures."""
    made = make_tiny_shop(tmp_path / "trainer", database_url)
    shop = at_home(made.shop, tmp_path / "trainer", store_url=store_url)
    hashes = np.arange(4, dtype=np.uint64)
    for run_id in RUNS:
        values = {"ndcg@20": np.array(FIGURES[run_id], np.float32)}
        keep_figures(shop.settings, run_id, Measured(hashes, hashes, values))
    yield shop
    shop.database.close()


@pytest.fixture
def desk(trainer, tmp_path):
    """The shop on another machine."""
    return at_home(trainer, tmp_path / "desk")


def figures(shop, run_id):
    """What is known of a run, as plain values."""
    found = figures_of(shop, run_id, patience=PATIENT)
    return None if found is None else found.values["ndcg@20"].astype(float).round(3).tolist()


def test_another_machine_compares_as_the_one_that_trained_does_and_asks_the_store_once(
    trainer, desk, store_url
):
    found = paired_metrics(desk, "run-2", "run-1")
    assert found == paired_metrics(trainer, "run-2", "run-1")
    # Differences .1, .1, .2, .2.
    assert found["ndcg@20"].mean == pytest.approx(0.15, abs=1e-6)
    assert ObjectStore(store_url).names("measured") == ["measured/run-1.npz", "measured/run-2.npz"]
    for run_id in RUNS:
        write_in(store_url, f"measured/{run_id}.npz", None)
    assert paired_metrics(desk, "run-2", "run-1") == found


def test_without_a_store_the_home_has_what_there_is(desk):
    assert figures_of(at_home(desk, desk.settings.home, store_url=None), "run-1") is None


def test_a_run_whose_figures_nobody_shared_has_none(desk, store_url):
    write_in(store_url, "measured/run-1.npz", None)
    assert figures(desk, "run-1") is None
    assert paired_metrics(desk, "run-2", "run-1") is None


def test_figures_that_were_cut_off_are_not_kept_and_are_fetched_once_they_are_whole(desk, store_url):
    whole = ObjectStore(store_url).read("measured/run-1.npz")
    write_in(store_url, "measured/run-1.npz", whole[:-40])
    assert figures(desk, "run-1") is None
    assert not measured_file(desk.settings, "run-1").exists()
    write_in(store_url, "measured/run-1.npz", whole)
    assert figures(desk, "run-1") == FIGURES["run-1"]


def test_a_copy_that_is_damaged_here_is_fetched_again(trainer):
    path = measured_file(trainer.settings, "run-1")
    path.write_bytes(path.read_bytes()[:-40])
    assert figures(trainer, "run-1") == FIGURES["run-1"]


def test_a_slow_store_is_not_waited_for_and_is_asked_by_one_of_many(desk, monkeypatch):
    answers, asked, read = threading.Event(), [], ObjectStore.read

    def slowly(store, name):
        asked.append(name)
        assert answers.wait(PATIENT)
        return read(store, name)

    monkeypatch.setattr(ObjectStore, "read", slowly)
    for _ in range(2):
        with pytest.raises(Unavailable, match="run run-1 are on their way"):
            figures_of(desk, "run-1", patience=0.05)
    answers.set()
    assert figures(desk, "run-1") == FIGURES["run-1"]
    assert asked == ["measured/run-1.npz"]


def test_what_the_store_refuses_is_told_and_tried_again(desk, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(ObjectStore, "read", lambda *_: (_ for _ in ()).throw(Unavailable("It is away.")))
        with pytest.raises(Unavailable, match="It is away"):
            figures_of(desk, "run-1", patience=PATIENT)
    assert figures(desk, "run-1") == FIGURES["run-1"]


def test_they_go_with_the_snapshot_from_the_store_and_from_every_machine(trainer, desk, store_url):
    share_snapshot(trainer.settings, trainer.settings.snapshots_dir / "run-1", Silent())
    accept_run(trainer, OPERATOR, "run-2")
    assert figures(desk, "run-1") == FIGURES["run-1"]
    late = trainer.clock() + timedelta(days=trainer.settings.snapshot_days, hours=1)
    assert prune_snapshots(replace(trainer, clock=lambda: late), OPERATOR) == ["run-1"]
    store = ObjectStore(store_url)
    assert [*store.names("measured"), *store.names("snapshots")] == ["measured/run-2.npz"]
    assert figures(trainer, "run-1") is None
    assert measured_file(desk.settings, "run-1").exists()
    assert figures(desk, "run-2") == FIGURES["run-2"]
    assert not measured_file(desk.settings, "run-1").exists(), "it goes when another run's are fetched"
    assert figures(desk, "run-1") is None


def test_a_run_is_trained_with_its_figures_in_the_store(shop, tmp_path, store_url):
    shop = at_home(shop, tmp_path / "trainer", store_url=store_url)
    sell_well(shop, tmp_path)
    first, second = (start_run(shop, PAT, model="item-knn") for _ in range(2))
    found = paired_metrics(at_home(shop, tmp_path / "desk"), second.id, first.id)
    assert found["ndcg@20"].shoppers == first.metrics["evaluated"]
    assert (found["ndcg@20"].low, found["ndcg@20"].high) == (0, 0)
