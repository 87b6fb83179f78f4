"""Writing what the fitted models say into a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys.batch.candidates import Block, Lists, lists, shopper_blocks
from recsys.batch.fit import FittedModels
from recsys.batch.fold_rows import fold_lists, gram
from recsys.batch.neighbours import neighbour_blocks
from recsys.batch.sold import units_sold
from recsys.batch.trending import trending_lists
from recsys.data.training import TrainingData
from recsys.models.base import TopK
from recsys.models.content import ItemText
from recsys.models.popular import Popularity
from recsys.models.progress import Progress
from recsys.snapshots.identity import hash_columns, hash_order, key_fingerprint
from recsys.snapshots.layout import FOLD, FORMAT, MAX_POPULAR, SOLD, TRENDING, Manifest, VectorSpace
from recsys.snapshots.write import SnapshotWriter

Blocks = Callable[[TrainingData, FittedModels, NDArray[np.int64]], Iterator[Block]]


@dataclass(frozen=True, slots=True)
class Label:
    """What a snapshot is called and under which key it hides its shoppers."""

    run_id: str
    created_at: datetime
    identity_key: bytes


def write_snapshot(
    folder: Path,
    label: Label,
    data: TrainingData,
    models: FittedModels,
    progress: Progress,
    *,
    catalog: Sequence[ItemText] = (),
    blocks: Blocks = shopper_blocks,
) -> NDArray[np.int64]:
    """Write the whole snapshot; gives the number of candidates of every shopper, in the snapshot's order.

    `catalog`: what is known of items in words, for neighbours of those that nobody has bought yet.
    `blocks`: who ranks for the shoppers.
    """
    high, low = hash_columns(label.identity_key, data.users.ids)
    order = hash_order(high, low)
    with SnapshotWriter(folder, models.als.settings.factors) as writer:
        writer.append("shopper_high", high[order])
        writer.append("shopper_low", low[order])
        counts = _write_shoppers(writer, data, models, blocks(data, models, order), progress)
        _write_items(writer, data, models, catalog, progress)
        writer.finish(_manifest(label, data, models))
    return counts


def _write_shoppers(
    writer: SnapshotWriter,
    data: TrainingData,
    models: FittedModels,
    blocks: Iterator[Block],
    progress: Progress,
) -> NDArray[np.int64]:
    progress.step("Ranking for every shopper", len(data.users))
    counts = [np.zeros(0, np.int64)]
    for block in blocks:
        owned = data.owned[block.rows]
        writer.append("shopper_market", data.user_market[block.rows])
        writer.append("shopper_vectors", models.als.shopper_vectors[block.rows])
        writer.append_lists("owned", np.diff(owned.indptr), {"items": owned.indices})
        for name, each in (("candidates", block.candidates), ("repeats", block.repeats)):
            writer.append_lists(name, each.lengths, each.parts)
        counts.append(block.candidates.lengths)
        progress.advance(len(block.rows))
    return np.concatenate(counts)


def _write_items(
    writer: SnapshotWriter,
    data: TrainingData,
    models: FittedModels,
    catalog: Sequence[ItemText],
    progress: Progress,
) -> None:
    progress.step("Writing items", len(data.items))
    writer.append_item_ids(data.items.ids)
    writer.append("item_vectors", models.als.item_vectors)
    for near in neighbour_blocks(data, models.item_knn, catalog):
        writer.append_lists("neighbours", near.lengths, near.parts)
        progress.advance(len(near.lengths))
    for place in _popular(models.popular.popularity, len(data.markets)):
        writer.append_lists("popular", place.lengths, place.parts)
    for said in fold_lists(data, models):
        writer.append_lists(FOLD, said.lengths, said.parts)
    writer.append("fold_gram", gram(models))
    writer.append(SOLD, units_sold(data))
    for place in trending_lists(data):
        writer.append_lists(TRENDING, place.lengths, place.parts)


def _popular(known: Popularity, n_markets: int) -> Iterator[Lists]:
    """Most popular items overall, all of them, then of each market only those that were bought there."""
    yield _most_popular(np.flatnonzero(known.overall > 0), known.overall, len(known.overall))
    for market in range(n_markets):
        there = np.sort(known.in_market[market].indices)
        yield _most_popular(there, known.shares(np.array([market]))[0], MAX_POPULAR)


def _most_popular(items: NDArray[np.integer], shares: NDArray[np.float64], most: int) -> Lists:
    best = items[np.argsort(-shares[items], kind="stable")][:most]
    return lists(TopK(best[None].astype(np.int32), shares[best][None].astype(np.float32)))


def _manifest(label: Label, data: TrainingData, models: FittedModels) -> Manifest:
    settings = models.als.settings
    return Manifest(
        format=FORMAT,
        run_id=label.run_id,
        model=models.winner.name,
        created_at=label.created_at.isoformat(),
        cutoff=data.cutoff.isoformat() if data.cutoff else None,
        n_shoppers=len(data.users),
        n_items=len(data.items),
        markets=data.markets,
        identity=key_fingerprint(label.identity_key),
        vectors=VectorSpace(settings.factors, settings.alpha, settings.regularization),
        arrays={},
    )
