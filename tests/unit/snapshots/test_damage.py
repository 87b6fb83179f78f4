"""Whatever is wrong with a snapshot is found before it is served, and said."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from recsys.snapshots.errors import SnapshotDamaged
from recsys.snapshots.layout import (
    ARRAYS,
    MANIFEST,
    STAMP,
    Manifest,
    array_path,
    file_sha256,
)
from recsys.snapshots.mapped import Snapshot
from recsys.snapshots.verify import verify


def replace(folder, name, change):
    """Change an array and let the manifest agree, as a faulty writer would have it."""
    path = array_path(folder, name)
    array = np.array(np.load(path))
    path.unlink()
    np.save(path, change(array))
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes())
    manifest["arrays"][name] |= {"bytes": path.stat().st_size, "sha256": file_sha256(path)}
    (folder / MANIFEST).write_bytes(msgspec.json.encode(manifest))


def with_value(position, value):
    def change(array):
        array[position] = value
        return array

    return change


def test_a_whole_snapshot_passes_and_is_stamped(folder):
    assert verify(folder) == verify(folder)
    assert (folder / STAMP).exists()


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_a_single_flipped_bit_is_found(folder, name):
    path = array_path(folder, name)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(SnapshotDamaged, match="checksum"):
        verify(folder)


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_a_file_that_was_cut_short_or_lost_is_found(folder, name):
    path = array_path(folder, name)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SnapshotDamaged, match="checksum"):
        verify(folder)
    path.unlink()
    with pytest.raises(SnapshotDamaged, match="missing"):
        verify(folder)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("candidates_scores", with_value(0, 1.0), "outside"),
        ("candidates_scores", with_value(0, 0.0), "outside"),
        ("repeats_scores", with_value(0, np.nan), "outside"),
        ("popular_scores", with_value(2, 0.8), "best first"),
        ("candidates_items", with_value(0, 4), "outside the items"),
        ("owned_items", with_value(0, -1), "outside the items"),
        ("candidates_because", with_value((0, 0), 9), "outside the items"),
        ("candidates_shares", with_value((0, 0), 1.5), "0 to 1"),
        ("candidates_indptr", with_value(-1, 2), "offsets"),
        ("neighbours_indptr", with_value(1, 3), "offsets"),
        ("neighbours_kinds", with_value(0, 3), "unknown kind"),
        ("neighbours_kinds", with_value(0, -1), "unknown kind"),
        ("neighbours_kinds", lambda array: array[:-1].copy(), "differ in length"),
        ("item_offsets", with_value(1, 6), "sorted and unique"),
        ("shopper_high", lambda array: array[::-1].copy(), "sorted"),
        ("shopper_market", with_value(0, 2), "markets"),
        ("item_vectors", with_value((0, 0), np.inf), "no number"),
        ("item_vectors", lambda array: array.astype(np.float64), "float64"),
        ("shopper_vectors", lambda array: array[:, :1].copy(), "shopper_vectors"),
        ("shopper_low", lambda array: array[:-1].copy(), "shopper_low"),
        ("candidates_scores", lambda array: array[:-1].copy(), "differ in length"),
        ("repeats_shares", lambda array: array[:-1].copy(), "differ in length"),
    ],
)
def test_what_a_faulty_writer_could_leave_is_found(folder, name, change, says):
    replace(folder, name, change)
    with pytest.raises(SnapshotDamaged, match=says):
        verify(folder)
    assert not (folder / STAMP).exists()


def test_objects_are_never_unpickled(folder):
    replace(folder, "owned_items", lambda _: np.array([print], dtype=object))
    with pytest.raises(SnapshotDamaged):
        verify(folder)


def test_a_stamp_does_not_outlive_the_damage(folder):
    verify(folder)
    replace(folder, "owned_items", with_value(0, 99))
    with pytest.raises(SnapshotDamaged):
        verify(folder)
    assert not (folder / STAMP).exists()


def test_a_file_that_does_not_belong_there_is_found(folder):
    (folder / "extra.npy").write_bytes(b"")
    with pytest.raises(SnapshotDamaged, match=r"extra\.npy"):
        verify(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}'])
def test_a_manifest_that_does_not_read_is_told(folder, content):
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(SnapshotDamaged, match="does not read"):
        verify(folder)


def test_a_newer_format_is_told(folder):
    manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    (folder / MANIFEST).write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, format=9)))
    with pytest.raises(SnapshotDamaged, match="format is 9"):
        verify(folder)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    for read in (verify, Snapshot.open):
        with pytest.raises(SnapshotDamaged, match="cannot be read"):
            read(tmp_path / "nothing")


def test_an_array_lost_after_verifying_is_told_on_opening(folder):
    verify(folder)
    array_path(folder, "owned_items").unlink()
    with pytest.raises(SnapshotDamaged, match="cannot be mapped"):
        Snapshot.open(folder)
