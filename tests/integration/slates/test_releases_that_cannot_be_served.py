"""A release whose snapshot is not whole is refused by itself: the one before goes on, and so does everything else."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.tiny_shop import PINNED, TinyShop, make_tiny_shop

from recsys.domain.errors import Unavailable
from recsys.domain.ids import ItemId
from recsys.domain.people import OPERATOR
from recsys.domain.selectors import Target
from recsys.services.releasing import accept_run, roll_back
from recsys.services.takedowns import take_down
from recsys.slates.refresh import LiveHolder
from recsys.slates.state import LiveState
from recsys.snapshots import arrival
from recsys.snapshots.layout import array_path

Damage = Callable[[Path], None]


def cut_off(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-5] ^= 1
    file.write_bytes(content)


def lose(file: Path) -> None:
    file.unlink()


damages = pytest.mark.parametrize("damage", [cut_off, flip_a_bit, lose])


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    return make_tiny_shop(tmp_path / "home", database_url)


def holder_of(tiny: TinyShop) -> LiveHolder:
    return LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)


def damaged(tiny: TinyShop, damage: Damage, run_id: str = "run-2") -> Path:
    """Damage an array of a run, and give the folder's copy from before."""
    folder = tiny.settings.snapshots_dir / run_id
    copy = tiny.settings.home / f"copy-of-{run_id}"
    shutil.copytree(folder, copy)
    damage(array_path(folder, "candidates_scores"))
    return copy


def number_of(state: LiveState) -> int | None:
    return None if state.release is None else state.release.number


@damages
def test_the_release_before_goes_on_and_is_followed_once_the_folder_is_mended(
    tiny: TinyShop, damage: Damage
) -> None:
    holder = holder_of(tiny)
    live = holder.catch_up().release
    copy = damaged(tiny, damage)
    refused = accept_run(tiny.shop, OPERATOR, "run-2").number
    take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
    looked = holder.last_success
    state = holder.catch_up()
    assert state.release is live
    assert holder.refused == refused
    assert [target.item_id for target in state.overlays.takedowns] == [PINNED]
    assert holder.last_success != looked, "everything else is fresh"
    with pytest.raises(Unavailable, match="run-2"):
        holder.whole()
    shutil.rmtree(tiny.settings.snapshots_dir / "run-2")
    shutil.copytree(copy, tiny.settings.snapshots_dir / "run-2", copy_function=shutil.copy)
    assert number_of(holder.catch_up()) == refused
    assert (holder.refused, holder.last_fault) == (None, None)
    assert number_of(holder.whole()) == refused


@damages
def test_a_process_that_begins_takes_the_last_release_that_is_whole(tiny: TinyShop, damage: Damage) -> None:
    damaged(tiny, damage)
    refused = accept_run(tiny.shop, OPERATOR, "run-2").number
    again = roll_back(tiny.shop, OPERATOR, refused - 1).number
    last = roll_back(tiny.shop, OPERATOR, refused).number
    holder = holder_of(tiny)
    assert number_of(holder.catch_up()) == again
    assert holder.refused == last


def test_an_older_release_that_is_damaged_holds_up_nothing(tiny: TinyShop) -> None:
    accept_run(tiny.shop, OPERATOR, "run-2")
    damaged(tiny, flip_a_bit, "run-1")
    holder = holder_of(tiny)
    state = holder.catch_up()
    assert state.release is not None
    assert state.release.run_id == "run-2"
    assert tiny.curated_release not in state.held
    assert (holder.refused, holder.last_fault) == (None, None)


def test_a_damaged_snapshot_is_read_once_and_not_at_every_look(
    tiny: TinyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    verify = arrival.verify
    monkeypatch.setattr(arrival, "verify", lambda folder: (read.append(folder), verify(folder))[1])
    damaged(tiny, flip_a_bit)
    accept_run(tiny.shop, OPERATOR, "run-2")
    holder = holder_of(tiny)
    for _ in range(5):
        holder.catch_up()
    assert len(read) == 1
    assert holder.failures == 5


def test_verifying_in_the_background_holds_up_no_takedown(
    tiny: TinyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, verify = threading.Event(), arrival.verify
    monkeypatch.setattr(arrival, "verify", lambda folder: (go.wait(60), verify(folder))[1])
    holder = holder_of(tiny)
    live = holder.catch_up().release
    # Put back from a copy, whole, but with other times.
    for file in (tiny.settings.snapshots_dir / "run-2").iterdir():
        file.touch()
    following = accept_run(tiny.shop, OPERATOR, "run-2").number
    holder.start()
    try:
        take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
        state = holder.catch_up()
        assert state.release is live
        assert holder.refused == following
        assert [target.item_id for target in state.overlays.takedowns] == [PINNED]
        swapped = threading.Event()
        holder.watch(lambda: number_of(holder.current()) == following and swapped.set())
        go.set()
        assert swapped.wait(60)
        assert holder.refused is None
    finally:
        go.set()
        holder.stop()


def test_whatever_goes_wrong_at_a_look_the_next_one_comes(
    tiny: TinyShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = holder_of(tiny)
    before = holder.catch_up()

    def broken(*_: object) -> None:
        raise IndexError("an index that points nowhere")

    with monkeypatch.context() as patch:
        patch.setattr("recsys.slates.refresh.read_pointer", broken)
        assert holder.catch_up() is before
        assert "points nowhere" in (holder.last_fault or "")
    take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
    assert holder.catch_up().overlays.takedowns
    assert holder.last_fault is None
