"""A snapshot in a store is whole or is not served: put with the manifest last, and verified before it has its name."""

from __future__ import annotations

import shutil
import threading

import pytest
from support.object_storage import write_in

from recsys.domain.errors import Conflict, Unavailable
from recsys.object_store import ObjectStore
from recsys.snapshots import storing
from recsys.snapshots.errors import SnapshotDamaged, SnapshotUnfetched
from recsys.snapshots.fetching import Fetcher
from recsys.snapshots.layout import MANIFEST, STAMP
from recsys.snapshots.mapped import Snapshot


def files_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")}


@pytest.fixture
def replica(tmp_path):
    """Where another machine wants to have the snapshot."""
    return tmp_path / "elsewhere" / "run-1"


@pytest.fixture
def store(store_url, written):
    """A store with the snapshot in it."""
    found = ObjectStore(store_url)
    storing.put(found, written)
    return found


def test_what_is_fetched_is_what_was_put_and_is_verified(store, written, replica):
    storing.fetch(store, replica)
    found = files_of(replica)
    assert found.pop(STAMP)
    assert found == files_of(written)
    assert Snapshot.open(replica).run_id == "run-1"
    assert [path.name for path in replica.parent.iterdir() if path.is_dir()] == ["run-1"]


def cut_off(content):
    return content[:-40]


def flip_a_bit(content):
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


def lose(content):
    return None


@pytest.mark.parametrize(
    ("damage", "shard"),
    [
        (cut_off, "candidates_scores.npy"),
        (flip_a_bit, "item_bytes.npy"),
        (lose, "owned_items.npy"),
        (cut_off, MANIFEST),
    ],
)
def test_a_damaged_shard_is_told_and_leaves_nothing(store, replica, shard, damage):
    name = f"snapshots/run-1/{shard}"
    whole = write_in(store.url, name, damage(store.read(name)))
    with pytest.raises(SnapshotDamaged, match=r"snapshots/run-1 is damaged"):
        storing.fetch(store, replica)
    assert [path for path in replica.parent.iterdir() if path.is_dir()] == []
    ObjectStore(store.url).delete([name])
    local = replica.parent / "whole"
    local.write_bytes(whole)
    store.upload(local, name)
    storing.fetch(store, replica)
    assert Snapshot.open(replica).run_id == "run-1"


def test_a_shard_that_no_format_knows_is_no_path(store, replica, tmp_path):
    name = f"snapshots/run-1/{MANIFEST}"
    content = store.read(name)
    write_in(store.url, name, content.replace(b'"owned_items"', b'"../../../escaped"'))
    with pytest.raises(SnapshotDamaged):
        storing.fetch(store, replica)
    assert not list(tmp_path.rglob("*escaped*"))


def test_a_put_that_was_killed_before_its_end_is_no_snapshot(store_url, written, replica, monkeypatch):
    store = ObjectStore(store_url)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "create", killed)
        with pytest.raises(KeyboardInterrupt):
            storing.put(store, written)
    assert len(store.names("snapshots/run-1")) == len(list(written.glob("*.npy")))
    with pytest.raises(SnapshotDamaged, match=r"manifest\.json is missing"):
        storing.fetch(store, replica)
    storing.put(store, written)
    storing.fetch(store, replica)


def test_a_name_is_given_once(store, written):
    with pytest.raises(Conflict, match="run-1"):
        storing.put(store, written)


def test_of_many_who_create_a_file_one_succeeds(store_url):
    done: list[int] = []
    refused: list[int] = []
    stores = [ObjectStore(store_url) for _ in range(6)]
    together = threading.Barrier(len(stores))

    def create(number: int) -> None:
        together.wait()
        try:
            stores[number].create("a/b.json", b"%d" % number)
        except FileExistsError:
            refused.append(number)
        else:
            done.append(number)

    threads = [threading.Thread(target=create, args=(each,)) for each in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), len(refused)) == (1, 5)
    assert stores[0].read("a/b.json") == b"%d" % done[0]


def test_a_discarded_snapshot_is_gone_and_may_be_discarded_again(store, replica):
    assert storing.stored(store) == {"run-1"}
    storing.discard(store, "run-1")
    storing.discard(store, "run-1")
    assert storing.stored(store) == set()
    with pytest.raises(SnapshotDamaged, match="missing"):
        storing.fetch(store, replica)


def test_many_contents_are_read_at_once(store):
    names = store.names("snapshots/run-1")
    assert store.read_many(names) == {name: store.read(name) for name in names}
    assert store.read_many([]) == {}


def test_a_process_of_its_own_fetches_and_tells_what_is_wrong(store, replica):
    name = "snapshots/run-1/owned_items.npy"
    whole = write_in(store.url, name, b"")
    now = [0.0]
    fetcher = Fetcher(store.url, clock=lambda: now[0])
    with pytest.raises(SnapshotDamaged, match="owned_items"):
        fetcher(replica)
    write_in(store.url, name, whole)
    with pytest.raises(SnapshotDamaged, match="owned_items"):
        fetcher(replica)
    now[0] += 1.0
    fetcher(replica)
    assert Snapshot.open(replica).run_id == "run-1"
    fetcher.forget(replica.parent, {"run-1"})
    assert replica.exists()
    fetcher.forget(replica.parent, set())
    assert not replica.exists()


def test_what_was_not_fetched_is_never_forgotten(store, written, tmp_path):
    folder = tmp_path / "here" / "run-1"
    shutil.copytree(written, folder)
    Fetcher(store.url).forget(folder.parent, set())
    assert folder.exists()


@pytest.mark.usefixtures("_s3")
def test_a_store_that_refuses_is_told_in_one_sentence(replica):
    url = "s3://no-such-bucket-anywhere/x"
    with pytest.raises(Unavailable, match="no-such-bucket-anywhere"):
        ObjectStore(url).create("a", b"")
    with pytest.raises((SnapshotUnfetched, SnapshotDamaged)):
        Fetcher(url)(replica)
