"""Which items of the catalog have words that begin as somebody types: in memory, by item numbers.

The index is a row of segments. Each speaks for some items; a later one overrides what an earlier one says of the
same item. A change of the catalog adds a small segment, and small segments are made into one, so that a change costs
what changed and a question costs a handful of binary searches and a mask over the items.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.domain.catalog import Item
from recsys.slates.columns import Mask, Numbers
from recsys.storage.items import search_words

_AFTER_ALL = "\U0010ffff"
"""Stands after every letter: a word followed by it is where the words that begin with it end."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """The words of some items.

    Attributes:
        numbers: the items that it speaks for, ascending.
        words: all their words, sorted, each once.
        starts: where in `places` the items of each word begin; one more at the end.
        places: positions in `numbers`, by word.

    """

    numbers: Numbers
    words: Sequence[str]
    starts: NDArray[np.int64]
    places: Numbers

    def having(self, beginnings: Iterable[str]) -> Mask:
        """Of the segment's items, those that have a word for every beginning."""
        found = np.ones(len(self.numbers), np.bool_)
        for beginning in beginnings:
            first = bisect_left(self.words, beginning)
            last = bisect_left(self.words, beginning + _AFTER_ALL, first)
            one = np.zeros(len(self.numbers), np.bool_)
            one[self.places[self.starts[first] : self.starts[last]]] = True
            found &= one
        return found


class WordIndex:
    """The words of title, id and tags of every item. Immutable."""

    def __init__(self, segments: Sequence[Segment] = ()) -> None:
        self._segments = tuple(segments)

    @classmethod
    def of(cls, items: Sequence[Item]) -> WordIndex:
        """The index of a whole catalog, by item numbers."""
        return cls([_segment(np.arange(len(items), dtype=np.int32), items)])

    @property
    def segments(self) -> Sequence[Segment]:
        """The segments, the latest last; each at least twice as long as the next."""
        return self._segments

    def updated(self, numbers: Iterable[int], items: Sequence[Item]) -> WordIndex:
        """The index after items came or their words changed; `items` is the whole catalog by number."""
        changed = np.array(sorted(numbers), np.int32)
        if not len(changed):
            return self
        earlier = list(self._segments)
        while earlier and len(earlier[-1].numbers) < 2 * len(changed):
            changed = np.union1d(changed, earlier.pop().numbers).astype(np.int32)
        return WordIndex([*earlier, _segment(changed, items)])

    def having(self, text: str, size: int) -> Mask:
        """Which of `size` items have, for each word of `text`, a word that begins with it; none for no word."""
        beginnings = search_words(text)
        found = np.zeros(size, np.bool_)
        if beginnings:
            for segment in self._segments:
                found[segment.numbers] = segment.having(beginnings)
        return found


def words_differ(before: Item, after: Item) -> bool:
    """Whether what is searched of an item has changed; its price and stock often do, and are not."""
    return before.title != after.title or before.tags != after.tags


def _segment(numbers: Numbers, items: Sequence[Item]) -> Segment:
    known: dict[str, int] = {}
    words, places = array("i"), array("i")
    for place, number in enumerate(numbers.tolist()):
        for word in _words_of(items[number]):
            words.append(known.setdefault(word, len(known)))
            places.append(place)
    in_order = sorted(known)
    rank = np.empty(len(known), np.int32)
    rank[[known[word] for word in in_order]] = np.arange(len(known), dtype=np.int32)
    ranked = rank[np.frombuffer(words, np.int32)] if words else np.empty(0, np.int32)
    by_word = np.argsort(ranked, kind="stable")
    starts = np.searchsorted(ranked[by_word], np.arange(len(known) + 1)).astype(np.int64)
    laid = np.frombuffer(places, np.int32)[by_word] if places else np.empty(0, np.int32)
    return Segment(numbers, in_order, starts, laid)


def _words_of(item: Item) -> set[str]:
    return set(search_words(" ".join((item.title, item.item_id, *item.tags))))
