"""The catalog as columns over item numbers: what selectors, markets and stock come to for all items at once.

Every item of the catalog has a number, from 0 on, that it keeps from revision to revision. Masks are arrays of
booleans over the numbers; the number `NOBODY` (-1) stands for an id that the catalog does not know.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.selectors import Selector

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int32]
T = TypeVar("T", bound=np.generic)
V = TypeVar("V")

NOBODY = -1
NEVER = np.iinfo(np.int64).min
"""Stands in `added` for an item without `added_at`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
_NONE: Numbers = np.empty(0, np.int32)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (moment - _EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """One revision of the catalog.

    Attributes:
        ids: the id of each number.
        numbers: the number of each id.
        items: the catalog row of each number.
        groups: the `group_id` of each number.
        stocked: whether it can be bought at all.
        everywhere: whether it is sold in every market.
        price: float64, NaN where there is none.
        added: int64, microseconds since 1970, `NEVER` where there is none.
        tagged, sold, grouped: the numbers under each tag, market and group, ascending.

    """

    ids: Sequence[ItemId]
    numbers: Mapping[ItemId, int]
    items: Sequence[Item]
    groups: Sequence[str | None]
    stocked: Mask
    everywhere: Mask
    price: NDArray[np.float64]
    added: NDArray[np.int64]
    tagged: Mapping[str, Numbers]
    sold: Mapping[str, Numbers]
    grouped: Mapping[str, Numbers]

    def __len__(self) -> int:
        return len(self.ids)

    def updated(self, entries: Iterable[Item]) -> Columns:
        """The next revision: some items put in or replaced; only what they touch is worked out again."""
        fresh = {item.item_id: item for item in entries}
        added = [item_id for item_id in fresh if item_id not in self.numbers]
        size = len(self.ids) + len(added)
        # The same dictionary says that the numbering is the same, so that what is derived from it can stay.
        numbers = {**self.numbers, **_from(len(self.ids), added)} if added else self.numbers
        after = {numbers[item_id]: item for item_id, item in fresh.items()}
        before = {number: self.items[number] for number in after if number < len(self.ids)}
        places, rows = np.fromiter(after, np.int64, len(after)), list(after.values())
        return Columns(
            ids=[*self.ids, *added],
            numbers=numbers,
            items=_with(self.items, size, after),
            groups=_with(self.groups, size, {number: item.group_id for number, item in after.items()}),
            stocked=_patched(self.stocked, size, places, [item.in_stock() for item in rows]),
            everywhere=_patched(self.everywhere, size, places, [not item.markets for item in rows]),
            price=_patched(self.price, size, places, [_price(item) for item in rows]),
            added=_patched(self.added, size, places, [_added(item) for item in rows]),
            tagged=_moved(self.tagged, before, after, "tags"),
            sold=_moved(self.sold, before, after, "markets"),
            grouped=_moved(self.grouped, before, after, "group_id"),
        )

    def mask_of(self, numbers: Iterable[int]) -> Mask:
        """A mask of some numbers; `NOBODY` among them is left out."""
        mask = np.zeros(len(self.ids), np.bool_)
        known = [number for number in numbers if number >= 0]
        mask[known] = True
        return mask

    def sold_in(self, market: str | None) -> Mask:
        """What is sold in a market, in stock or not; None filters nothing."""
        if market is None:
            return np.ones(len(self.ids), np.bool_)
        mask = self.everywhere.copy()
        mask[self.sold.get(market, _NONE)] = True
        return mask

    def held_apart_from_age(self, selector: Selector) -> Mask:
        """What a selector holds when its age part is left out."""
        mask = np.ones(len(self.ids), np.bool_)
        if selector.tags:
            mask = self._under(self.tagged, selector.tags)
        if selector.price_min is not None:
            mask &= self.price >= selector.price_min
        if selector.price_max is not None:
            mask &= self.price <= selector.price_max
        if selector.market is not None:
            mask &= self.sold_in(selector.market)
        if selector.group_id is not None:
            mask &= self._under(self.grouped, (selector.group_id,))
        return mask

    def _under(self, numbers: Mapping[str, Numbers], keys: Iterable[str]) -> Mask:
        """What stands under any of some keys."""
        mask = np.zeros(len(self.ids), np.bool_)
        for key in keys:
            mask[numbers.get(key, _NONE)] = True
        return mask

    def held(self, selector: Selector, at: datetime) -> Mask:
        """What a selector holds at a moment (UTC)."""
        mask = self.held_apart_from_age(selector)
        if selector.has_age:
            mask &= self.added != NEVER
            for days, younger in ((selector.min_age_days, False), (selector.max_age_days, True)):
                if days is not None:
                    old_enough = self.added <= microseconds(at) - days * _DAY
                    mask &= ~old_enough if younger else old_enough
        return mask

    def comings_of_age(self, selector: Selector, days: int) -> NDArray[np.int64]:
        """When items that a selector may hold reach an age in days: microseconds since 1970."""
        mask = self.held_apart_from_age(selector) & (self.added != NEVER)
        return np.asarray(self.added[mask] + days * _DAY)


def empty_columns() -> Columns:
    """The columns of a catalog without items."""
    nothing = np.empty(0, np.bool_)
    return Columns(
        [], {}, [], [], nothing, nothing, np.empty(0, np.float64), np.empty(0, np.int64), {}, {}, {}
    )


def _from(first: int, ids: Sequence[ItemId]) -> dict[ItemId, int]:
    return {item_id: first + place for place, item_id in enumerate(ids)}


def _with(known: Sequence[V], size: int, changes: Mapping[int, V]) -> list[V]:
    """A longer list with some places set; `changes` names every new place."""
    values = [*known, *(changes[number] for number in range(len(known), size))]
    for number, value in changes.items():
        values[number] = value
    return values


def _price(item: Item) -> float:
    return float("nan") if item.price is None else item.price


def _added(item: Item) -> int:
    return NEVER if item.added_at is None else microseconds(item.added_at)


def _patched(
    column: NDArray[T], size: int, places: NDArray[np.int64], values: Sequence[object]
) -> NDArray[T]:
    patched = np.zeros(size, column.dtype)
    patched[: len(column)] = column
    patched[places] = values
    return patched


def _moved(
    known: Mapping[str, Numbers], before: Mapping[int, Item], after: Mapping[int, Item], part: str
) -> Mapping[str, Numbers]:
    """The numbers under each key, where some items have moved from the keys of `before` to those of `after`."""
    gone, come = _by_key(before, part), _by_key(after, part)
    touched = {key for key in gone.keys() | come.keys() if gone.get(key) != come.get(key)}
    moved = dict(known)
    for key in touched:
        numbers = np.array(sorted(set(come.get(key, ()))), np.int32)
        if key in known:
            left = np.setdiff1d(known[key], np.array(gone.get(key, ()), np.int32))
            numbers = np.union1d(left, numbers).astype(np.int32)
        moved[key] = numbers
        if not len(numbers):
            del moved[key]
    return moved


def _by_key(items: Mapping[int, Item], part: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, item in items.items():
        value = getattr(item, part)
        for key in (value,) if isinstance(value, str) else value or ():
            found[key].append(number)
    return found
