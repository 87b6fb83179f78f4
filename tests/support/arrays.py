"""A scene of the plain kind as arrays: the snapshot and the catalog that would say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from recsys.domain.ids import ItemId
from recsys.domain.nobody import Nobody
from recsys.domain.slates import Slate
from recsys.domain.views import CandidatesView, Kind
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.folding import Folded, fold_in
from recsys.slates.lean import Laid, Shopper, lay
from recsys.slates.popularity import Popularity
from recsys.slates.readable import slate_of
from recsys.slates.rules import RuleIndex
from recsys.slates.scenes import Scenes
from recsys.slates.shelf import Shelf
from recsys.slates.shopper import ShopperView
from recsys.snapshots.layout import FORMAT, Manifest, NeighbourKind, VectorSpace
from recsys.snapshots.mapped import Snapshot
from support.plain import PlainCandidates
from support.strategies import AT, ITEMS, KEY, STRANGER, Scene

MANIFEST = Manifest(
    format=FORMAT,
    run_id="run-1",
    model="als",
    created_at=AT.isoformat(),
    cutoff=None,
    n_shoppers=1,
    n_items=len(ITEMS) + 1,
    markets=("FR",),
    identity="",
    vectors=VectorSpace(2, 1.0, 1.0),
    arrays={},
)
KNOWN = tuple(sorted((*ITEMS, STRANGER)))
"""What the snapshot knows: with an item that has left the catalog since."""


class Told(NamedTuple):
    """What a shopper did since the training: what was bought, and what tells of the taste of one unseen in it."""

    bought: frozenset[ItemId] = frozenset()
    recent: tuple[ItemId, ...] = ()


NOTHING_TOLD = Told()


@dataclass(frozen=True)
class Arrays:
    """The scene in arrays; its one shopper has row 0."""

    snapshot: Snapshot | None
    scenes: Scenes

    @classmethod
    def of(cls, scene: Scene) -> Arrays:
        """The arrays of a plain scene."""
        return cls._over(scene, snapshot_of(scene))

    @classmethod
    def without_snapshot(cls, scene: Scene) -> Arrays:
        """The same before the first run."""
        return cls._over(scene, None)

    @classmethod
    def _over(cls, scene: Scene, snapshot: Snapshot | None) -> Arrays:
        # Not in the order of ids, so that nothing can lean on numbers being so.
        items = sorted(scene.catalog.items.values(), key=lambda item: item.item_id[::-1])
        shelf = Shelf(
            CompiledCatalog(1, enumerate(items)), snapshot, None if snapshot is None else Popularity(snapshot)
        )
        return cls(snapshot, Scenes(RuleIndex(scene.rules, KEY), shelf, scene.catalog.takedowns))

    def following(self, catalog: CompiledCatalog) -> Arrays:
        """The same release over a later catalog, warmed up."""
        before = self.scenes
        shelf = Shelf(catalog, self.snapshot, before.shelf.popularity, before.shelf)
        later = Scenes(before.index, shelf, before.takedowns)
        later.warm(before, AT)
        return Arrays(self.snapshot, later)

    def lean(self, scene: Scene, *, known: bool = True, told: Told = NOTHING_TOLD) -> Slate:
        """The lean answer to the scene's request; `known` is whether the shopper was seen in training."""
        return slate_of(self.laid(scene, known=known, told=told), scene.request.market)

    def laid(self, scene: Scene, *, known: bool = True, told: Told = NOTHING_TOLD) -> Laid:
        """The same in item numbers."""
        found = self.scenes.of(scene.request)
        acting = found.acting(scene.request.shopper, KEY)
        who = Shopper(
            0 if known else None, scene.candidates.disliked, told.bought, self._folded(told, known=known)
        )
        return lay(found, acting, who, scene.request)

    def view(self, scene: Scene, *, known: bool = True, told: Told = NOTHING_TOLD) -> CandidatesView:
        """The same snapshot as the plain merge reads it."""
        disliked = scene.candidates.disliked
        if self.snapshot is None:
            return Nobody(owned=told.bought, disliked=disliked)
        return ShopperView(
            self.snapshot,
            Popularity(self.snapshot),
            0 if known else None,
            scene.request.context,
            disliked,
            told.bought,
            self._folded(told, known=known),
        )

    def _folded(self, told: Told, *, known: bool) -> Folded | None:
        """What the recent items say of a shopper who was not seen in training."""
        return None if known or self.snapshot is None else fold_in(self.snapshot, told.recent, Kind.LOOKED)


def snapshot_of(scene: Scene) -> Snapshot:
    """A snapshot of one shopper that says what the scene's candidates say."""
    candidates: PlainCandidates = scene.candidates
    index = {item_id: place for place, item_id in enumerate(KNOWN)}
    context = [each for each in dict.fromkeys(scene.request.context) if each in index]
    near = {each: candidates.beside() for each in context}
    arrays = {
        **_lists("candidates", [_ranked(candidates.own)], index, candidates),
        **_lists("repeats", [_ranked(candidates.again)], index, candidates),
        **_lists(
            "neighbours",
            [[(c.item_id, c.score) for c in near.get(each, ())] for each in KNOWN],
            index,
        ),
        "neighbours_kinds": np.array(
            [
                NeighbourKind.SIMILAR if c.kind == "similar" else NeighbourKind.BOUGHT
                for each in KNOWN
                for c in near.get(each, ())
            ],
            np.int8,
        ),
        **_lists("popular", [_ranked(candidates.popular_in.get(m, {})) for m in (None, "FR")], index),
        "owned_indptr": np.array([0, len(candidates.owned)]),
        "owned_items": np.array(sorted(index[each] for each in candidates.owned), np.int32),
        "shopper_market": np.array([-1], np.int16),
        "shopper_vectors": np.array([[float(candidates.vector is not None), 0.0]], np.float32),
    }
    vector = candidates.vector or {}
    item_vectors = np.array([[vector.get(each, 0.0), 0.0] for each in KNOWN], np.float32)
    raw = [item_id.encode() for item_id in KNOWN]
    names = {
        "item_bytes": np.frombuffer(b"".join(raw), np.uint8),
        "item_offsets": np.cumsum([0, *map(len, raw)]),
        "item_vectors": item_vectors,
        "shopper_high": np.array([1], np.uint64),
        "shopper_low": np.array([1], np.uint64),
    }
    return Snapshot.of(MANIFEST, {**arrays, **names})


def _ranked(scores: Mapping[ItemId, float]) -> list[tuple[ItemId, float]]:
    return sorted(scores.items(), key=lambda each: (-each[1], each[0]))


def _lists(
    name: str,
    rows: Sequence[Sequence[tuple[ItemId, float]]],
    index: Mapping[ItemId, int],
    reasons: PlainCandidates | None = None,
) -> dict[str, np.ndarray]:
    flat = [each for row in rows for each in row]
    lists = {
        f"{name}_indptr": np.cumsum([0, *map(len, rows)]),
        f"{name}_items": np.array([index[item_id] for item_id, _ in flat], np.int32),
        f"{name}_scores": np.array([score for _, score in flat], np.float32),
    }
    if reasons is not None:
        behind = [[*reasons.reasons.get(item_id, ()), (None, 0.0), (None, 0.0)][:2] for item_id, _ in flat]
        because = [[-1 if item is None else index[item] for item, _ in each] for each in behind]
        lists[f"{name}_because"] = np.array(because, np.int32).reshape(-1, 2)
        lists[f"{name}_shares"] = np.array([[s for _, s in e] for e in behind], np.float32).reshape(-1, 2)
    return lists
