"""A small snapshot, made from a seed: everything that a real run writes, without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from recsys.snapshots.identity import hash_columns, hash_order, key_fingerprint
from recsys.snapshots.layout import FORMAT, Manifest, VectorSpace
from recsys.snapshots.verify import verify
from recsys.snapshots.write import SnapshotWriter

FACTORS = 4
NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class TinyRun:
    """What the snapshot is to hold: the items, the shoppers with what they own, and their markets ("" unknown).

    `depth` is how many candidates each shopper has at most.
    """

    run_id: str
    items: Sequence[str]
    owned: Mapping[str, Sequence[str]]
    markets: Mapping[str, str] = field(default_factory=dict)
    seed: int = 1
    created_at: datetime = datetime(2026, 11, 20, 6, tzinfo=UTC)
    depth: int = 200


def write_tiny_snapshot(root: Path, run: TinyRun, identity_key: bytes) -> Path:
    """Write and verify the snapshot in a folder of `root` named by the run; the folder."""
    items = sorted(run.items, key=str.encode)
    random = np.random.default_rng(run.seed)
    shoppers = list(run.owned)
    vectors = random.normal(size=(len(shoppers), FACTORS))
    item_vectors = random.normal(size=(len(items), FACTORS))
    known = sorted({market for market in run.markets.values() if market})
    high, low = hash_columns(identity_key, shoppers)
    order = hash_order(high, low)
    with SnapshotWriter(root / run.run_id, FACTORS) as writer:
        writer.append("shopper_high", high[order])
        writer.append("shopper_low", low[order])
        places = [known.index(run.markets[each]) if run.markets.get(each) else -1 for each in shoppers]
        writer.append("shopper_market", np.array(places, np.int16)[order])
        writer.append("shopper_vectors", vectors[order])
        for row in order:
            owned = sorted(items.index(each) for each in run.owned[shoppers[row]])
            _write_shopper(writer, owned, item_vectors @ vectors[row], run.depth)
        _write_items(writer, items, item_vectors)
        for _ in range(len(known) + 1):
            _append(writer, "popular", random.permutation(len(items)))
            _append(writer, "trending", random.permutation(len(items))[:15])
        return _finish(writer, run, identity_key, len(items), known)


def _write_shopper(writer: SnapshotWriter, owned: list[int], liking: np.ndarray, depth: int) -> None:
    writer.append_lists("owned", np.array([len(owned)]), {"items": np.array(owned, np.int32)})
    best = np.argsort(-liking, kind="stable")
    because = [*owned, -1, -1][:2]
    for name, ranked in (
        ("candidates", [each for each in best if each not in owned][:depth]),
        ("repeats", [each for each in best if each in owned]),
    ):
        reasons = np.tile(np.array(because, np.int32), (len(ranked), 1))
        shares = np.where(reasons >= 0, 0.4, 0.0)
        _append(writer, name, np.array(ranked, np.int32), {"because": reasons, "shares": shares})


def _write_items(writer: SnapshotWriter, items: Sequence[str], vectors: np.ndarray) -> None:
    writer.append_item_ids(items)
    writer.append("item_vectors", vectors)
    writer.append("sold_weeks", np.outer(np.arange(len(items)) % 10, np.array([4, 3, 2, 1])))
    for item, likeness in enumerate(vectors @ vectors.T):
        near = [each for each in np.argsort(-likeness, kind="stable") if each != item][:NEIGHBOURS]
        _append(writer, "neighbours", np.array(near, np.int32), {"kinds": np.zeros(len(near), np.int8)})


def _append(
    writer: SnapshotWriter, name: str, items: np.ndarray, parts: Mapping[str, np.ndarray] = {}
) -> None:
    """One list, best first, with falling scores."""
    scores = 0.9 * 0.97 ** np.arange(len(items))
    writer.append_lists(name, np.array([len(items)]), {"items": items, "scores": scores, **parts})


def _finish(
    writer: SnapshotWriter, run: TinyRun, identity_key: bytes, n_items: int, markets: Sequence[str]
) -> Path:
    claims = Manifest(
        format=FORMAT,
        run_id=run.run_id,
        model="als",
        created_at=run.created_at.isoformat(),
        cutoff=run.created_at.isoformat(),
        n_shoppers=len(run.owned),
        n_items=n_items,
        markets=tuple(markets),
        identity=key_fingerprint(identity_key),
        vectors=VectorSpace(FACTORS, 1.0, 1.0),
        arrays={},
    )
    folder = writer.finish(claims)
    verify(folder)
    return folder
