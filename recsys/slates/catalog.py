"""The catalog compiled for answering: by id, by tag, what is sold where, what a selector holds."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.selectors import Selector
from recsys.slates.columns import Columns, Mask, Numbers, empty_columns
from recsys.slates.word_index import WordIndex, words_differ

ELSEWHERE = "\x00elsewhere"
"""Stands for every market that no item names; no market can be called so, because ids hold no control characters."""


class CompiledCatalog:
    """One revision of the catalog. Immutable; what is derived from it is worked out once, when first asked.

    Items also carry a small integer (`seq`), stable for good, by which cursors name them.
    """

    def __init__(self, revision: int, entries: Iterable[tuple[int, Item]] = ()) -> None:
        self.revision = revision
        self._items: dict[ItemId, Item] = {}
        self._seqs: dict[ItemId, int] = {}
        self._by_seq: dict[int, ItemId] = {}
        self._sellable: dict[str | None, frozenset[ItemId]] = {}
        self._held: dict[Selector, frozenset[ItemId]] = {}
        self._sorted: tuple[ItemId, ...] | None = None
        self._arrived: Sequence[tuple[datetime, ItemId]] | None = None
        self._tags: Mapping[str, int] | None = None
        self._markets: frozenset[str] | None = None
        self._columns: Columns | None = None
        self._seqs_by_number: Sequence[int] | None = None
        self._seq_numbers: NDArray[np.int64] | None = None
        self._group_codes: Numbers | None = None
        self._words: WordIndex | None = None
        self._take(entries)

    def updated(self, revision: int, entries: Iterable[tuple[int, Item]]) -> CompiledCatalog:
        """The next revision: this one with some items put in or replaced."""
        following = CompiledCatalog(revision)
        following._items = dict(self._items)
        following._seqs = dict(self._seqs)
        following._by_seq = dict(self._by_seq)
        taken = list(entries)
        following._take(taken)
        if self._columns is not None:
            following._columns = self._columns.updated(item for _, item in taken)
            if self._words is not None:
                following._words = self._reworded(self._words, following._columns, taken)
        following._seqs_by_number = following._seqs_after(self._seqs_by_number)
        return following

    def _take(self, entries: Iterable[tuple[int, Item]]) -> None:
        for seq, item in entries:
            self._items[item.item_id] = item
            self._seqs[item.item_id] = seq
            self._by_seq[seq] = item.item_id

    def __len__(self) -> int:
        return len(self._items)

    def get(self, item_id: ItemId) -> Item | None:
        """The item, or None."""
        return self._items.get(item_id)

    @property
    def columns(self) -> Columns:
        """The catalog by item numbers; of a later revision, worked out from the one before."""
        if self._columns is None:
            self._columns = empty_columns().updated(self._items.values())
        return self._columns

    @property
    def words(self) -> WordIndex:
        """What is searched by words; of a later revision, worked out from the one before."""
        if self._words is None:
            self._words = WordIndex.of(self.columns.items)
        return self._words

    def _reworded(self, words: WordIndex, columns: Columns, taken: Sequence[tuple[int, Item]]) -> WordIndex:
        last = {item.item_id: item for _, item in taken}
        changed = [
            columns.numbers[item_id]
            for item_id, item in last.items()
            if (known := self._items.get(item_id)) is None or words_differ(known, item)
        ]
        return words.updated(changed, columns.items)

    def seq_of(self, item_id: ItemId) -> int | None:
        """The item's small integer, or None."""
        return self._seqs.get(item_id)

    @property
    def seqs(self) -> Sequence[int]:
        """The small integer of every item number of the columns."""
        if self._seqs_by_number is None:
            self._seqs_by_number = [self._seqs[each] for each in self.columns.ids]
        return self._seqs_by_number

    @property
    def seq_numbers(self) -> NDArray[np.int64]:
        """The same as an array."""
        if self._seq_numbers is None:
            self._seq_numbers = np.array(self.seqs, np.int64)
        return self._seq_numbers

    @property
    def group_codes(self) -> Numbers:
        """The group of every item number of the columns as a small integer, -1 for none: int32."""
        if self._group_codes is None:
            codes = np.full(len(self.columns), -1, np.int32)
            for code, numbers in enumerate(self.columns.grouped.values()):
                codes[numbers] = code
            self._group_codes = codes
        return self._group_codes

    def _seqs_after(self, before: Sequence[int] | None) -> Sequence[int] | None:
        """The same, from those of the revision before: items keep theirs, and new ones come last."""
        if before is None or len(before) == len(self.columns):
            return before
        return [*before, *(self._seqs[each] for each in self.columns.ids[len(before) :])]

    def item_by_seq(self, seq: int) -> ItemId | None:
        """The item with that small integer, or None."""
        return self._by_seq.get(seq)

    @property
    def items(self) -> Mapping[ItemId, Item]:
        """All items by id."""
        return MappingProxyType(self._items)

    def ids(self) -> Sequence[ItemId]:
        """All ids, sorted."""
        if self._sorted is None:
            self._sorted = tuple(sorted(self._items))
        return self._sorted

    def arrivals(self, at: datetime, most: int) -> Sequence[ItemId]:
        """The items that were added up to a moment, the newest first, ties by id; those without a date never."""
        if self._arrived is None:
            dated = ((item.added_at, item_id) for item_id, item in self._items.items() if item.added_at)
            self._arrived = sorted(dated, key=lambda each: (-each[0].timestamp(), each[1]))
        first = bisect_left(self._arrived, -at.timestamp(), key=lambda each: -each[0].timestamp())
        return [item_id for _, item_id in self._arrived[first : first + most]]

    def sellable_in(self, market: str | None) -> frozenset[ItemId]:
        """What can be bought in `market` (None: anywhere) right now."""
        market = self.market_key(market)
        found = self._sellable.get(market)
        if found is None:
            found = self._named(self.columns.stocked & self.columns.sold_in(market))
            self._sellable[market] = found
        return found

    def market_key(self, market: str | None) -> str | None:
        """One name for all markets that no item names, so that what is kept a market cannot grow with requests."""
        return market if market is None or market in self.known_markets else ELSEWHERE

    @property
    def known_markets(self) -> frozenset[str]:
        """Every market that some item names."""
        if self._markets is None:
            self._markets = frozenset(self.columns.sold)
        return self._markets

    def held_apart_from_age(self, selector: Selector) -> frozenset[ItemId]:
        """The items that a selector holds when its age part is left out."""
        found = self._held.get(selector)
        if found is None:
            found = self._named(self.columns.held_apart_from_age(selector))
            self._held[selector] = found
        return found

    def _named(self, mask: Mask) -> frozenset[ItemId]:
        ids = self.columns.ids
        return frozenset(ids[number] for number in np.flatnonzero(mask).tolist())

    def members(self, selector: Selector, at: datetime) -> Sequence[ItemId]:
        """The items that a selector holds at a moment, sorted by id."""
        held = self.held_apart_from_age(selector)
        if not selector.has_age:
            return sorted(held)
        return sorted(item_id for item_id in held if selector.matches_age(self._items[item_id], at))

    def tags(self) -> Mapping[str, int]:
        """Every tag with the number of items that carry it, the most frequent first."""
        if self._tags is None:
            counts = Counter(tag for item in self._items.values() for tag in item.tags)
            self._tags = MappingProxyType(dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))))
        return self._tags

    @property
    def markets(self) -> Sequence[str]:
        """Every market that some item names, sorted."""
        return sorted(self.known_markets)
