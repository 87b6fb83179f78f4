"""A home goes on serving what an older version wrote."""

from __future__ import annotations

import msgspec
import pytest

from recsys.snapshots.errors import SnapshotDamaged
from recsys.snapshots.layout import KINDS, MANIFEST, NeighbourKind, array_path
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
