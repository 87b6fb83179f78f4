"""A small snapshot written by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from support.object_storage import folder_url, new_bucket

from recsys.object_store import ObjectStore
from recsys.snapshots import storing
from recsys.snapshots.identity import hash_columns, hash_order, key_fingerprint
from recsys.snapshots.layout import FORMAT, STAMP, Manifest, VectorSpace
from recsys.snapshots.write import SnapshotWriter

KEY = b"k" * 32
USERS = ("ann", "bob", "zoë")
ITEMS = ("apple", "blåbær", "cherry", "date")


@pytest.fixture
def key():
    return KEY


@pytest.fixture(scope="session")
def claims():
    return Manifest(
        format=FORMAT,
        run_id="run-1",
        model="als",
        created_at="2026-11-21T10:00:00+00:00",
        cutoff="2026-11-20T23:59:00+00:00",
        n_shoppers=len(USERS),
        n_items=len(ITEMS),
        markets=("DE", "FR"),
        identity=key_fingerprint(KEY),
        vectors=VectorSpace(2, 2.0, 1.0),
        arrays={},
    )


def _shoppers(writer):
    high, low = hash_columns(KEY, USERS)
    order = hash_order(high, low)
    writer.append("shopper_high", high[order])
    writer.append("shopper_low", low[order])
    writer.append("shopper_market", np.array([1, -1, 0])[order])
    writer.append("shopper_vectors", np.array([[1, 2], [0, 0], [3, 4]])[order])
    # Ann owns apple; bob nothing; zoë apple and date. One shopper at a time, as blocks come.
    for row in order:
        owned = [[0], [], [0, 3]][row]
        writer.append_lists("owned", np.array([len(owned)]), {"items": np.array(owned, np.int32)})
        new = [([2, 3], [0.9, 0.5], [[0, -1]] * 2), ([], [], []), ([2], [0.7], [[3, 0]])][row]
        again = [([0], [0.4], [[-1, -1]]), ([], [], []), ([3, 0], [0.6, 0.1], [[0, -1], [3, -1]])][row]
        for name, (items, scores, reasons) in (("candidates", new), ("repeats", again)):
            because = np.array(reasons, np.int32).reshape(-1, 2)
            parts = {"items": np.array(items), "scores": np.array(scores), "because": because}
            writer.append_lists(name, np.array([len(items)]), parts | {"shares": (because >= 0) * 0.5})


def _items(writer):
    writer.append_item_ids(ITEMS)
    writer.append("item_vectors", np.array([[1, 0], [0, 0], [0, 1], [1, 1]]))
    near = {"items": np.array([2, 3, 0]), "scores": np.array([0.9, 0.2, 0.8]), "kinds": np.array([1, 2, 0])}
    writer.append_lists("neighbours", np.array([2, 0, 1, 0]), near)
    popular = {"items": np.array([0, 2, 3, 3, 0]), "scores": np.array([0.9, 0.5, 0.4, 0.9, 0.3])}
    writer.append_lists("popular", np.array([3, 0, 2]), popular)


@pytest.fixture(scope="session")
def write(claims):
    """Write the snapshot to a folder."""

    def do(folder):
        with SnapshotWriter(folder, 2) as writer:
            _shoppers(writer)
            _items(writer)
            return writer.finish(claims)

    return do


@pytest.fixture(scope="session")
def written(write, tmp_path_factory):
    """The snapshot, written once; tests get copies of it."""
    return write(tmp_path_factory.mktemp("snapshots") / "run-1")


@pytest.fixture(scope="session")
def arrived(written, tmp_path_factory, _s3):
    """The folder that was written, and what arrived from a shared folder and from S3, each without its stamp."""
    found = {"written": written}
    for name, url in (("folder", folder_url(tmp_path_factory.mktemp("shared"))), ("s3", new_bucket())):
        store = ObjectStore(url)
        storing.put(store, written)
        found[name] = tmp_path_factory.mktemp(name) / "run-1"
        storing.fetch(store, found[name])
        (found[name] / STAMP).unlink()
    return found


@pytest.fixture(params=["written", "folder", "s3"])
def folder(request, arrived, tmp_path):
    """The snapshot, written here or come from a store, and not yet verified."""
    return Path(shutil.copytree(arrived[request.param], tmp_path / "run-1"))
