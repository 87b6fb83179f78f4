"""Sets of items named by what they are, not one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, check_id

MAX_AGE_DAYS = 100_000


@dataclass(frozen=True, slots=True)
class Selector:
    """Items that satisfy every part given; of several tags, any one is enough.

    Prices are in the item's own currency, inclusive. Ages are whole days between the item's
    `added_at` and the request's time: `min_age_days` <= age < `max_age_days`. A part that asks
    for a field which the item lacks does not match.
    """

    tags: tuple[str, ...] = ()
    price_min: float | None = None
    price_max: float | None = None
    min_age_days: int | None = None
    max_age_days: int | None = None
    market: str | None = None
    group_id: str | None = None

    def __post_init__(self) -> None:
        if not any(getattr(self, part) not in {None, ()} for part in self.__slots__):
            raise Invalid("selector", "names nothing; give a tag, price, age, market or group")
        _check_range("price", self.price_min, self.price_max)
        _check_range("age_days", self.min_age_days, self.max_age_days)
        if max(self.min_age_days or 0, self.max_age_days or 0) > MAX_AGE_DAYS:
            raise Invalid("selector.age_days", f"give at most {MAX_AGE_DAYS} days")
        for tag in self.tags:
            check_id(tag, "selector.tags")

    @property
    def has_age(self) -> bool:
        """Whether the answer depends on the request's time."""
        return self.min_age_days is not None or self.max_age_days is not None

    def matches(self, item: Item, at: datetime) -> bool:
        """Whether `item` is in the set at the moment `at` (UTC)."""
        return self.matches_apart_from_age(item) and self.matches_age(item, at)

    def matches_apart_from_age(self, item: Item) -> bool:
        """The part of the answer that does not change with time."""
        return (
            (not self.tags or any(tag in item.tags for tag in self.tags))
            and _within(item.price, self.price_min, self.price_max)
            and (self.market is None or item.sold_in(self.market))
            and (self.group_id is None or item.group_id == self.group_id)
        )

    def matches_age(self, item: Item, at: datetime) -> bool:
        """The part of the answer that changes with time."""
        if not self.has_age:
            return True
        if item.added_at is None:
            return False
        age = at - item.added_at
        return (self.min_age_days is None or age >= timedelta(days=self.min_age_days)) and (
            self.max_age_days is None or age < timedelta(days=self.max_age_days)
        )


@dataclass(frozen=True, slots=True)
class Target:
    """What a veto, boost or takedown acts on: one item, or a selector. Exactly one of the two."""

    item_id: ItemId | None = None
    selector: Selector | None = None

    def __post_init__(self) -> None:
        if (self.item_id is None) == (self.selector is None):
            raise Invalid("target", "give either an item or a selector")
        if self.item_id is not None:
            check_id(self.item_id, "target.item_id")

    def matches(self, item: Item, at: datetime) -> bool:
        """Whether the target covers `item` at the moment `at` (UTC)."""
        if self.selector is None:
            return item.item_id == self.item_id
        return self.selector.matches(item, at)


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _check_range(name: str, low: float | None, high: float | None) -> None:
    for bound in (low, high):
        if bound is not None and not 0 <= bound < float("inf"):
            raise Invalid(f"selector.{name}", "give a number of 0 or more")
    if low is not None and high is not None and low > high:
        raise Invalid(f"selector.{name}", f"the lower bound {low} is above the upper bound {high}")
