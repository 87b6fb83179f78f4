"""A snapshot's popularity as lists and mappings of item ids, made once for each market that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from recsys.domain.ids import ItemId
from recsys.snapshots.mapped import Floats, Int32s, Snapshot

Read = Callable[[str | None], tuple[Int32s, Floats]]


class Popularity:
    """Popular items of one snapshot, overall and per market; `read` gives another list of the same form instead."""

    def __init__(self, snapshot: Snapshot, read: Read | None = None) -> None:
        self._snapshot = snapshot
        self._read = read or snapshot.popular
        self._lists: dict[str | None, Sequence[tuple[ItemId, float]]] = {}
        self._maps: dict[str | None, Mapping[ItemId, float]] = {}

    def popular(self, market: str | None) -> Sequence[tuple[ItemId, float]]:
        """Items with their popularity in (0, 1], best first, ties by id."""
        if market is not None and market not in self._snapshot.markets:
            return ()
        found = self._lists.get(market)
        if found is None:
            items, scores = self._read(market)
            ids = cast("Sequence[ItemId]", self._snapshot.item_ids)
            pairs = ((ids[item], score) for item, score in zip(items.tolist(), scores.tolist(), strict=True))
            found = self._lists[market] = sorted(pairs, key=lambda each: (-each[1], each[0]))
        return found

    def popularity(self, market: str | None) -> Mapping[ItemId, float]:
        """The same by item."""
        found = self._maps.get(market)
        if found is None:
            found = dict(self.popular(market))
            if market is None or market in self._snapshot.markets:
                self._maps[market] = found
        return found
