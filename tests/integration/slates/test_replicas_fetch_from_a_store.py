"""Replicas with homes of their own fetch what runs put into the store; what is not whole there is never swapped in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.object_storage import write_in
from support.tiny_shop import TinyShop, make_tiny_shop

from recsys.domain.errors import Invalid
from recsys.domain.people import OPERATOR
from recsys.models.progress import Silent
from recsys.services.pruning import prune_snapshots
from recsys.services.releasing import accept_run, roll_back
from recsys.services.sharing import share_snapshot
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder
from recsys.slates.state import LiveState
from recsys.snapshots.layout import STAMP


@pytest.fixture
def tiny(database_url: str, tmp_path: Path, store_url: str) -> TinyShop:
    """A shop whose two runs are in the store."""
    made = make_tiny_shop(tmp_path / "trainer", database_url)
    settings = replace(made.settings, store_url=store_url)
    for run_id in ("run-1", "run-2"):
        share_snapshot(settings, settings.snapshots_dir / run_id, Silent())
    return replace(made, shop=replace(made.shop, settings=settings))


@pytest.fixture
def replica(tiny: TinyShop, tmp_path: Path) -> Settings:
    """The settings of a machine that has nothing but the database, the secret and the store."""
    return replace(tiny.settings, home=tmp_path / "replica", refresh_seconds=0.05)


@pytest.fixture
def holder(tiny: TinyShop, replica: Settings) -> Iterator[LiveHolder]:
    made = LiveHolder(tiny.shop.database, replica, clock=tiny.shop.clock)
    yield made
    made.stop()


def serves(holder: LiveHolder, number: int) -> bool:
    release = holder.current().release
    return release is not None and release.number == number and release.run is not None


def wait_for(holder: LiveHolder, number: int) -> LiveState:
    there = threading.Event()
    holder.watch(lambda: there.set() if serves(holder, number) else None)
    assert serves(holder, number) or there.wait(120), holder.last_fault
    return holder.current()


def test_a_replica_with_an_empty_home_fetches_what_is_live(
    tiny: TinyShop, holder: LiveHolder, replica: Settings
) -> None:
    holder.start()
    state = wait_for(holder, tiny.curated_release)
    assert state.release is not None
    assert (replica.snapshots_dir / "run-1").exists()
    there = threading.Event()
    holder.watch(lambda: there.set() if (replica.snapshots_dir / "run-2" / STAMP).exists() else None)
    assert there.wait(120), "what waits for review is fetched before it is accepted"
    accepted = accept_run(tiny.shop, OPERATOR, "run-2").number
    following = wait_for(holder, accepted).release
    assert following is not None
    assert following.run_id == "run-2"


def test_a_damaged_shard_is_refused_before_the_swap_and_followed_once_it_is_mended(
    tiny: TinyShop, holder: LiveHolder, replica: Settings, store_url: str
) -> None:
    whole = write_in(store_url, "snapshots/run-2/candidates_items.npy", b"\x93NUMPY")
    holder.start()
    before = wait_for(holder, tiny.curated_release).release
    refused = accept_run(tiny.shop, OPERATOR, "run-2").number
    told = threading.Event()
    holder.watch(lambda: told.set() if "candidates_items" in (holder.last_fault or "") else None)
    assert told.wait(120), holder.last_fault
    assert holder.refused == refused
    assert holder.current().release is before
    assert not (replica.snapshots_dir / "run-2").exists()
    write_in(store_url, "snapshots/run-2/candidates_items.npy", whole)
    wait_for(holder, refused)
    assert (holder.refused, holder.last_fault) == (None, None)


def test_a_copy_that_is_damaged_here_is_fetched_again(
    tiny: TinyShop, replica: Settings, holder: LiveHolder
) -> None:
    first = LiveHolder(tiny.shop.database, replica, clock=tiny.shop.clock)
    assert first.catch_up().release is not None
    array = replica.snapshots_dir / "run-1" / "candidates_scores.npy"
    array.write_bytes(array.read_bytes()[:-40])
    holder.start()
    wait_for(holder, tiny.curated_release)


def test_what_no_release_may_go_back_to_is_pruned_here_and_in_the_store(
    tiny: TinyShop, store_url: str
) -> None:
    second = accept_run(tiny.shop, OPERATOR, "run-2").number
    later = tiny.shop.clock() + timedelta(days=tiny.settings.snapshot_days)

    def at(moment):
        return replace(tiny.shop, clock=lambda: moment)

    assert prune_snapshots(at(later - timedelta(hours=1)), OPERATOR) == [], "run-1 was live within that time"
    assert prune_snapshots(at(later + timedelta(hours=1)), OPERATOR) == ["run-1"]
    assert prune_snapshots(at(later + timedelta(hours=1)), OPERATOR) == []
    assert not (tiny.settings.snapshots_dir / "run-1").exists()
    with pytest.raises(FileNotFoundError):
        write_in(store_url, "snapshots/run-1/manifest.json", None)
    assert (tiny.settings.snapshots_dir / "run-2").exists(), "the live one stays, however old"
    with pytest.raises(Invalid, match="removed after its time"):
        roll_back(tiny.shop, OPERATOR, tiny.curated_release, expected_release=second)
    assert roll_back(tiny.shop, OPERATOR, tiny.curated_release, what="rules").run_id == "run-2"
