"""Finding items of the catalog: by words, filters and likeness, what can be bought first, the popular ones first.

All of it is worked out over the columns in memory, so that it costs the same on every database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId
from recsys.slates.columns import Columns, Mask, Numbers
from recsys.slates.shelf import Shelf
from recsys.slates.state import LiveState

LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; every part that is given must hold.

    Attributes:
        text: each word must begin a word of title, id or tags.
        tags: any of them.
        price_min, price_max: inclusive; an item without a price is left out by either.
        available: only what can be bought now.
        like: the more like these items, by the vectors of the live run, the earlier; without text, tags or prices, all
            items are looked at. Items without a vector are left out.
        without: not these.

    """

    text: str = ""
    tags: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    available: bool = False
    like: tuple[ItemId, ...] = ()
    without: frozenset[ItemId] = frozenset()

    def __post_init__(self) -> None:
        low, high = self.price_min, self.price_max
        if low is not None and high is not None and low > high:
            raise Invalid("price_max", "is below the lower price; give a higher one")

    @property
    def asks(self) -> bool:
        """Whether anything is looked for; `available` and `without` alone only leave out."""
        priced = self.price_min is not None or self.price_max is not None
        return bool(self.text.strip() or self.tags or priced or self.like)


def find(state: LiveState, wanted: Wanted, limit: int) -> list[Item]:
    """At most `limit` items; one whose id is the text comes first of all."""
    if not wanted.asks or limit < 1:
        return []
    shelf = state.shelf
    columns = shelf.columns
    mask = _mask(state, columns, wanted)
    numbers = np.flatnonzero(mask).astype(np.int32)
    best = _alike(shelf, wanted.like, numbers, limit) if wanted.like else _popular(shelf, numbers, limit)
    return [columns.items[number] for number in _exact_first(columns, wanted, mask, best, limit)]


def _mask(state: LiveState, columns: Columns, wanted: Wanted) -> Mask:
    size = len(columns)
    text = wanted.text.strip()[:LONGEST_TEXT]
    mask = state.catalog.words.having(text, size) if text else np.ones(size, np.bool_)
    if wanted.tags:
        tagged = np.zeros(size, np.bool_)
        for tag in wanted.tags:
            tagged[columns.tagged.get(tag, np.empty(0, np.int32))] = True
        mask &= tagged
    if wanted.price_min is not None:
        mask &= columns.price >= wanted.price_min
    if wanted.price_max is not None:
        mask &= columns.price <= wanted.price_max
    if wanted.available:
        mask &= columns.stocked
    left_out = (columns.numbers.get(item_id, -1) for item_id in (*wanted.without, *wanted.like))
    mask[[number for number in left_out if number >= 0]] = False
    return mask


def _popular(shelf: Shelf, numbers: Numbers, limit: int) -> Numbers:
    """What can be bought first, the popular ones first, then by id."""
    stocked = shelf.columns.stocked[numbers]
    best = _first(shelf.popularity_places, numbers[stocked], limit)
    if len(best) < limit:
        rest = _first(shelf.popularity_places, numbers[~stocked], limit - len(best))
        best = np.concatenate([best, rest])
    return best


def _first(places: NDArray[np.int32], numbers: Numbers, limit: int) -> Numbers:
    """The first `limit` of some numbers by their places."""
    keys = places[numbers]
    if len(numbers) > limit:
        nearest = np.argpartition(keys, limit - 1)[:limit]
        numbers, keys = numbers[nearest], keys[nearest]
    return numbers[np.argsort(keys)]


def _alike(shelf: Shelf, like: Sequence[ItemId], numbers: Numbers, limit: int) -> Numbers:
    """The most alike first, by the cosine to the middle of the vectors of `like`; ties by popularity and id."""
    rows, lengths = shelf.vectors
    wished = [rows[number] for each in like if (number := shelf.columns.numbers.get(each)) is not None]
    wished = sorted({int(row) for row in wished if row >= 0})
    if shelf.snapshot is None or not wished:
        return np.empty(0, np.int32)
    vectors = shelf.snapshot.item_vectors
    middle = np.mean(vectors[wished] / lengths[wished, None], axis=0)
    numbers = numbers[rows[numbers] >= 0]
    of = rows[numbers]
    likeness = (vectors @ middle)[of] / lengths[of]
    if len(numbers) > limit:
        # Of the many, only those that can be among the first are put in order.
        near = likeness >= np.partition(likeness, len(numbers) - limit)[len(numbers) - limit]
        numbers, likeness = numbers[near], likeness[near]
    order = np.lexsort((shelf.popularity_places[numbers], -likeness))
    return numbers[order[:limit]]


def _exact_first(columns: Columns, wanted: Wanted, mask: Mask, best: Numbers, limit: int) -> Sequence[int]:
    exact = columns.numbers.get(ItemId(wanted.text.strip()), -1)
    found: list[int] = best.tolist()
    if exact < 0 or not mask[exact]:
        return found
    return [exact, *(number for number in found if number != exact)][:limit]
