"""A home goes on serving what an older version wrote."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from recsys.snapshots.errors import SnapshotDamaged
from recsys.snapshots.layout import KINDS, MANIFEST, NeighbourKind, array_path, file_sha256
from recsys.snapshots.mapped import Snapshot
from recsys.snapshots.verify import verify


@pytest.fixture
def first_format(folder):
    """The snapshot as format 1 wrote it: without the kinds of neighbours."""
    array_path(folder, KINDS).unlink()
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    del manifest["arrays"][KINDS]
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest | {"format": 1}))
    return folder


def test_a_snapshot_of_format_1_is_verified_and_opens(first_format):
    verify(first_format)
    snapshot = Snapshot.open(first_format)
    assert snapshot.run_id == "run-1"
    assert snapshot.neighbours(0).items.tolist() == [2, 3]


def test_all_neighbours_of_format_1_come_from_purchases(first_format):
    verify(first_format)
    snapshot = Snapshot.open(first_format)
    assert snapshot.neighbours(0).kinds.tolist() == [NeighbourKind.BOUGHT, NeighbourKind.BOUGHT]
    assert snapshot.neighbours(1).kinds.tolist() == []


def test_a_stamp_from_before_the_upgrade_still_counts(first_format):
    verify(first_format)
    # Opening alone, as a worker does after an upgrade.
    assert Snapshot.open(first_format).neighbours(2).scores.tolist() == pytest.approx([0.8])


def test_format_1_with_kinds_does_not_fit_its_manifest(folder):
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest | {"format": 1}))
    with pytest.raises(SnapshotDamaged, match=rf"{KINDS}\.npy does not belong there"):
        verify(folder)


def test_format_2_without_kinds_is_damaged(first_format):
    manifest = msgspec.json.decode((first_format / MANIFEST).read_bytes())
    (first_format / MANIFEST).write_bytes(msgspec.json.encode(manifest | {"format": 2}))
    with pytest.raises(SnapshotDamaged, match=rf"{KINDS}\.npy is missing"):
        verify(first_format)


def test_a_snapshot_without_trending_lists_is_whole(folder):
    assert not array_path(folder, "trending_indptr").exists()
    verify(folder)
    items, scores = Snapshot.open(folder).trending(None)
    assert items.tolist() == scores.tolist() == []


def test_a_part_of_an_optional_group_is_damage(folder):
    np.save(array_path(folder, "trending_items"), np.zeros(0, np.int32))
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    manifest["arrays"]["trending_items"] = manifest["arrays"]["popular_items"]
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))
    with pytest.raises(SnapshotDamaged, match=r"trending_\w+\.npy is missing"):
        verify(folder)


def test_an_optional_array_of_a_format_that_knew_none_does_not_belong_there(first_format):
    np.save(array_path(first_format, "trending_items"), np.zeros(0, np.int32))
    with pytest.raises(SnapshotDamaged, match=r"trending_items\.npy does not belong there"):
        verify(first_format)


def with_fold(folder, key, value):
    """The snapshot with lists of what items say, one value of which is replaced."""
    arrays = {
        "fold_indptr": np.array([0, 1, 2, 2, 2]),
        "fold_items": np.array([1, 0], np.int32),
        "fold_scores": np.array([0.5, -0.25], np.float32),
        "fold_gram": np.eye(2),
    }
    arrays[key][0] = value
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    for name, array in arrays.items():
        path = array_path(folder, name)
        np.save(path, array)
        manifest["arrays"][name] = {
            "dtype": array.dtype.str, "shape": array.shape, "bytes": path.stat().st_size, "sha256": file_sha256(path),
        }  # fmt: skip
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def test_what_items_say_is_read_back(folder):
    with_fold(folder, "fold_indptr", 0)
    verify(folder)
    snapshot = Snapshot.open(folder)
    assert snapshot.folds
    assert [each.tolist() for each in snapshot.fold(1)] == [[0], [-0.25]]
    assert snapshot.gram.tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("fold_indptr", 1, "offsets"),
        ("fold_items", 4, "points outside"),
        ("fold_scores", np.nan, "no number"),
        ("fold_gram", np.inf, "no number"),
    ],
)
def test_what_items_say_is_checked_on_arrival(folder, key, value, fault):
    with_fold(folder, key, value)
    with pytest.raises(SnapshotDamaged, match=fault):
        verify(folder)
