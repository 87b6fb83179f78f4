"""What was written is what is read, for known and unknown shoppers, items and markets."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from recsys.snapshots.errors import SnapshotUnverified, WrongIdentityKey
from recsys.snapshots.identity import shopper_hash
from recsys.snapshots.layout import MANIFEST, NeighbourKind
from recsys.snapshots.mapped import Snapshot
from recsys.snapshots.verify import verify


@pytest.fixture
def snapshot(folder):
    verify(folder)
    return Snapshot.open(folder)


def row(snapshot, key, user_id):
    return snapshot.shopper(shopper_hash(key, user_id))


def test_it_says_what_it_is(snapshot):
    assert (snapshot.run_id, snapshot.model, snapshot.n_shoppers) == ("run-1", "als", 3)
    assert snapshot.created_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert snapshot.cutoff == datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    assert snapshot.item_ids == ("apple", "blåbær", "cherry", "date")
    assert snapshot.item_index == {"apple": 0, "blåbær": 1, "cherry": 2, "date": 3}
    assert snapshot.markets == ("DE", "FR")


def test_every_shopper_finds_their_own_lists(snapshot, key):
    ann, bob, zoe = (row(snapshot, key, name) for name in ("ann", "bob", "zoë"))
    assert sorted((ann, bob, zoe)) == [0, 1, 2]
    assert snapshot.candidates(ann).items.tolist() == [2, 3]
    assert snapshot.candidates(ann).scores.tolist() == pytest.approx([0.9, 0.5])
    assert snapshot.candidates(ann).because.tolist() == [[0, -1], [0, -1]]
    assert snapshot.candidates(ann).shares.tolist() == [[0.5, 0], [0.5, 0]]
    assert snapshot.repeats(zoe).items.tolist() == [3, 0]
    assert snapshot.repeats(zoe).because.tolist() == [[0, -1], [3, -1]]
    assert snapshot.owned(zoe).tolist() == [0, 3]
    assert [snapshot.home_market(each) for each in (ann, bob, zoe)] == ["FR", None, "DE"]
    assert snapshot.shopper_vector(zoe).tolist() == [3, 4]


def test_a_shopper_without_anything_has_empty_lists_and_no_vector(snapshot, key):
    bob = row(snapshot, key, "bob")
    assert len(snapshot.candidates(bob).items) == len(snapshot.owned(bob)) == 0
    assert snapshot.candidates(bob).because.shape == (0, 2)
    assert snapshot.shopper_vector(bob) is None


def test_nobody_is_found_by_an_unknown_id_or_another_key(snapshot, key):
    assert row(snapshot, key, "dan") is None
    assert snapshot.shopper(bytes(16)) is None
    assert snapshot.shopper(b"\xff" * 16) is None
    assert row(snapshot, b"x" * 32, "ann") is None


def test_a_wrong_key_is_told_plainly(snapshot, key):
    snapshot.check_key(key)
    with pytest.raises(WrongIdentityKey, match="RECSYS_SECRET_KEY"):
        snapshot.check_key(b"x" * 32)


def test_items_have_neighbours_and_places_in_popularity(snapshot):
    assert snapshot.neighbours(0)[0].tolist() == [2, 3]
    assert snapshot.neighbours(2)[1].tolist() == pytest.approx([0.8])
    assert snapshot.neighbours(0).kinds.tolist() == [NeighbourKind.TOGETHER, NeighbourKind.SIMILAR]
    assert snapshot.neighbours(1)[0].tolist() == []
    assert snapshot.popular(None)[0].tolist() == [0, 2, 3]
    assert snapshot.popular("DE")[0].tolist() == []
    assert snapshot.popular("FR")[0].tolist() == [3, 0]
    assert snapshot.popular("nowhere")[0].tolist() == []
    assert snapshot.popular("nowhere")[0].dtype == np.int32


def test_nothing_read_can_be_written_to(snapshot):
    for array in (snapshot.item_vectors, snapshot.neighbours(0)[0], snapshot.candidates(0).scores):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_only_a_verified_snapshot_opens(folder):
    with pytest.raises(SnapshotUnverified, match="not been verified"):
        Snapshot.open(folder)


def test_a_stamp_for_another_manifest_does_not_count(folder):
    verify(folder)
    manifest = folder / MANIFEST
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    with pytest.raises(SnapshotUnverified, match="has changed"):
        Snapshot.open(folder)


def test_no_shoppers_id_stands_in_any_file(folder):
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"ann" not in content
    assert "zoë".encode() not in content
    assert "blåbær".encode() in content
