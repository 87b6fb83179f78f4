"""One snapshot over one catalog: what the snapshot says, in the catalog's item numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.domain.ids import ItemId
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.columns import NOBODY, Columns, Numbers
from recsys.slates.popularity import Popularity
from recsys.snapshots.mapped import Snapshot

Floats = NDArray[np.float64]

_NOTHING: tuple[Numbers, Floats] = np.empty(0, np.int32), np.empty(0, np.float64)


@dataclass(slots=True)
class Kept:
    """What is worked out when first asked for, and stays as long as the numbering does."""

    by_id: Numbers | None = None
    id_order: Numbers | None = None
    popular: dict[str | None, tuple[Numbers, Floats]] = field(default_factory=dict)
    places: Numbers | None = None
    vectors: tuple[Numbers, NDArray[np.float32]] | None = None


class Shelf:
    """Reads a snapshot (None before the first run) in the numbers of a catalog's columns.

    Args:
        before: the shelf of an earlier revision of the same catalog, from which what stays the same is taken over.

    """

    def __init__(
        self,
        catalog: CompiledCatalog,
        snapshot: Snapshot | None,
        popularity: Popularity | None,
        before: Shelf | None = None,
    ) -> None:
        self.catalog = catalog
        self.columns: Columns = catalog.columns
        self.snapshot = snapshot
        self.popularity = popularity
        same = before is not None and before.numbered_like(catalog, snapshot)
        self.kept: Kept = before.kept if before is not None and same else Kept()
        self.numbers: Numbers = before.numbers if before is not None and same else self._translated()

        # A memoryview gives a plain integer in half the time of an array.
        self.number_of: Callable[[int], int] = self.numbers.data.__getitem__

    def numbered_like(self, catalog: CompiledCatalog, snapshot: Snapshot | None) -> bool:
        """Whether a catalog and a snapshot have the items, and so the numbers, that these have."""
        return snapshot is self.snapshot and catalog.columns.numbers is self.columns.numbers

    def _translated(self) -> Numbers:
        """The number of each item of the snapshot; one place more, so that -1 stays `NOBODY`."""
        ids = () if self.snapshot is None else self.snapshot.item_ids
        known = self.columns.numbers
        found = [known.get(ItemId(each), NOBODY) for each in ids]
        return np.array([*found, NOBODY], np.int32)

    @property
    def by_id(self) -> Numbers:
        """All numbers, in the order of the items' ids."""
        if self.kept.by_id is None:
            numbers = self.columns.numbers
            self.kept.by_id = np.array([numbers[item_id] for item_id in self.catalog.ids()], np.int32)
        return self.kept.by_id

    @property
    def id_order(self) -> Numbers:
        """The place of each number in `by_id`: what breaks ties."""
        if self.kept.id_order is None:
            order = np.empty(len(self.columns), np.int32)
            order[self.by_id] = np.arange(len(self.columns), dtype=np.int32)
            self.kept.id_order = order
        return self.kept.id_order

    def popular(self, market: str | None) -> tuple[Numbers, Floats]:
        """Popular items that the catalog knows and their popularity (float64), best first, ties by id."""
        if self.snapshot is None or (market is not None and market not in self.snapshot.markets):
            return _NOTHING
        found = self.kept.popular.get(market)
        if found is None:
            places, scores = self.snapshot.popular(market)
            numbers = self.numbers[places]
            known = numbers >= 0
            numbers, score = numbers[known], scores[known].astype(np.float64)
            order = np.lexsort((self.id_order[numbers], -score))
            found = self.kept.popular[market] = numbers[order], score[order]
        return found

    @property
    def popularity_places(self) -> Numbers:
        """The place of each number when all are ordered by popularity, then by id."""
        if self.kept.places is None:
            popular, _scores = self.popular(None)
            places = self.id_order + np.int32(len(popular))
            places[popular] = np.arange(len(popular), dtype=np.int32)
            self.kept.places = places
        return self.kept.places

    @property
    def vectors(self) -> tuple[Numbers, NDArray[np.float32]]:
        """The row of each number among the snapshot's item vectors, -1 without a vector; and the length of each row."""
        if self.kept.vectors is None:
            rows = np.full(len(self.columns), -1, np.int32)
            lengths = np.empty(0, np.float32)
            if self.snapshot is not None:
                lengths = np.linalg.norm(self.snapshot.item_vectors, axis=1).astype(np.float32)
                known = np.flatnonzero((self.numbers[:-1] >= 0) & (lengths > 0)).astype(np.int32)
                rows[self.numbers[known]] = known
            self.kept.vectors = rows, lengths
        return self.kept.vectors
