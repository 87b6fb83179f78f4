"""What an editor needs to judge an item by: how it sells, how much is left, what it earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from recsys.domain.catalog import Item
from recsys.slates.state import CompiledRelease

PERCENT = 100


@dataclass(frozen=True, slots=True)
class Facts:
    """Figures beside an item.

    Attributes:
        weeks: units sold in each of the last weeks before `until`, the latest first; empty where no run counted them.
        until: the moment up to which the run knows sales.
        margin: the share of the price that is left after the item's cost; None where the catalog does not say.

    """

    weeks: Sequence[int] = ()
    until: datetime | None = None
    margin: float | None = None

    @property
    def sold(self) -> int | None:
        """Units sold in these weeks together."""
        return sum(self.weeks) if self.weeks else None

    @property
    def tallest(self) -> int:
        """The best of the weeks; at least 1, to divide by."""
        return max(1, *self.weeks) if self.weeks else 1


def facts_of(item: Item, release: CompiledRelease | None) -> Facts:
    """The figures of an item: sales from the run that is live, the rest from the catalog."""
    snapshot = release.snapshot if release is not None else None
    weeks = snapshot.sold(item.item_id) if snapshot is not None else ()
    return Facts(weeks, snapshot.cutoff if snapshot is not None else None, margin_of(item))


def margin_of(item: Item) -> float | None:
    """The margin by the catalog's attribute `margin` (a share, or per cent), else by `cost` and the price."""
    margin = _number(item, "margin")
    if margin is not None:
        return margin / PERCENT if abs(margin) > 1 else margin
    cost = _number(item, "cost")
    if cost is None or not item.price or item.price <= 0:
        return None
    return (item.price - cost) / item.price


def _number(item: Item, name: str) -> float | None:
    value = item.attributes.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def runs_low(item: Item, facts: Facts) -> bool:
    """Whether what is left would not last another week like the latest."""
    return item.stock is not None and bool(facts.weeks) and item.stock < facts.weeks[0]
