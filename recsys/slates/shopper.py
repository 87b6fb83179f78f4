"""What a snapshot and the overlays know for one request's shopper: the merge's `CandidatesView`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np

from recsys.domain.ids import ItemId
from recsys.domain.views import Candidate, Kind
from recsys.slates.affinity import affinities
from recsys.slates.beside import Neighbour, beside
from recsys.slates.folding import Folded
from recsys.slates.popularity import Popularity
from recsys.snapshots.mapped import Floats, Ranked, Snapshot

NOTHING: frozenset[ItemId] = frozenset()


@dataclass(frozen=True)
class ShopperView:
    """One shopper (a snapshot row, or None when unseen in training) beside some context items.

    `folded` is what the items of one unseen in training say.
    """

    snapshot: Snapshot
    popularities: Popularity
    row: int | None
    context: tuple[ItemId, ...] = ()
    disliked: AbstractSet[ItemId] = field(default=NOTHING)
    bought: AbstractSet[ItemId] = field(default=NOTHING)
    folded: Folded | None = None

    @property
    def kind(self) -> Kind:
        """Why the shopper's own candidates are proposed."""
        return Kind.NEW if self.folded is None else self.folded.kind

    @cached_property
    def owned(self) -> AbstractSet[ItemId]:
        """What the shopper has bought: as far as the snapshot knows, and since."""
        if self.row is None:
            return self.bought
        ids = self.snapshot.item_ids
        return self.bought | {ItemId(ids[item]) for item in self.snapshot.owned(self.row).tolist()}

    def new(self) -> Sequence[Candidate]:
        """The shopper's own candidates."""
        return self._candidates(self._new, self.kind)

    def repeats(self) -> Sequence[Candidate]:
        """What the shopper may buy again."""
        return self._candidates(self._repeats, Kind.REPEAT)

    def beside(self) -> Sequence[Candidate]:
        """The neighbours of the context items by mean score over the context items."""
        return self._beside[0]

    def because(self, candidate: Candidate) -> Sequence[tuple[ItemId, float]]:
        """The items behind a candidate, with their shares of its score."""
        if not candidate.kind.personal:
            return self._beside[1].get(candidate.item_id, ())
        ranked = self._repeats if candidate.kind is Kind.REPEAT else self._new
        if ranked is None:
            return ()
        found = np.flatnonzero(ranked.items == self.snapshot.item_index[candidate.item_id])
        place = int(found[0])
        pairs = zip(ranked.because[place].tolist(), ranked.shares[place].tolist(), strict=True)
        return [(ItemId(self.snapshot.item_ids[item]), share) for item, share in pairs if item >= 0]

    def contributors(self) -> Sequence[ItemId]:
        """The shopper's items that stand behind the candidates, those behind most of them first; then other repeats."""
        ranked, ids = self._new, self.snapshot.item_ids
        weights = np.zeros(len(ids))
        if ranked is not None:
            given = ranked.because >= 0
            np.add.at(weights, ranked.because[given], (ranked.shares * ranked.scores[:, None])[given])
        found = np.flatnonzero(weights > 0)
        best = [ItemId(ids[item]) for item in found[np.lexsort((found, -weights[found]))].tolist()]
        return list(dict.fromkeys([*best, *(each.item_id for each in self.repeats())]))

    def affinity(self, items: Sequence[ItemId]) -> Sequence[float | None] | None:
        """Dot products of the shopper's vector with the items' vectors."""
        vector = self._vector
        if vector is None:
            return None
        index = self.snapshot.item_index
        places = np.fromiter((index.get(each, -1) for each in items), np.int64, len(items))
        vectors = self.snapshot.item_vectors[np.maximum(places, 0)]
        has_vector = (places >= 0) & vectors.any(axis=1)
        scores = affinities(vectors, vector).tolist()
        return [score if has else None for score, has in zip(scores, has_vector.tolist(), strict=True)]

    def popular(self, market: str | None) -> Sequence[tuple[ItemId, float]]:
        """Popular items, best first."""
        return self.popularities.popular(market)

    def popularity(self, market: str | None) -> Mapping[ItemId, float]:
        """Popularity by item."""
        return self.popularities.popularity(market)

    @cached_property
    def _vector(self) -> Floats | None:
        if self.row is not None:
            return self.snapshot.shopper_vector(self.row)
        return None if self.folded is None else self.folded.vector

    @cached_property
    def _new(self) -> Ranked | None:
        if self.row is not None:
            return self.snapshot.candidates(self.row)
        return None if self.folded is None else self.folded.ranked

    @cached_property
    def _repeats(self) -> Ranked | None:
        return None if self.row is None else self.snapshot.repeats(self.row)

    def _candidates(self, ranked: Ranked | None, kind: Kind) -> Sequence[Candidate]:
        if ranked is None:
            return ()
        ids = self.snapshot.item_ids
        pairs = zip(ranked.items.tolist(), ranked.scores.tolist(), strict=True)
        return [Candidate(ItemId(ids[item]), score, kind) for item, score in pairs]

    @cached_property
    def _beside(self) -> tuple[list[Candidate], dict[ItemId, list[tuple[ItemId, float]]]]:
        """Candidates beside the context, and for each the context items behind it with their shares."""
        found = beside(self.snapshot, self.context)
        ids = cast("Sequence[ItemId]", self.snapshot.item_ids)
        because = {ids[each.item]: [(ids[item], share) for item, share in each.because] for each in found}
        return [Candidate(ids[each.item], each.score, _kind(each)) for each in found], because


def _kind(neighbour: Neighbour) -> Kind:
    return Kind.SIMILAR if neighbour.similar else Kind.BESIDE
