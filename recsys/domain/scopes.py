"""Where a rule holds."""

from __future__ import annotations

from dataclasses import dataclass

from recsys.domain.errors import Invalid
from recsys.domain.ids import ItemId, UserId, check_id
from recsys.domain.selectors import Selector


@dataclass(frozen=True, slots=True)
class Scope:
    """Every part that is given must match; an empty scope holds everywhere."""

    surface: str | None = None
    row: str | None = None
    context_item: ItemId | None = None
    context_selector: Selector | None = None
    market: str | None = None
    segment: str | None = None
    user: UserId | None = None

    def __post_init__(self) -> None:
        if self.row is not None and self.surface is None:
            raise Invalid("scope.row", "a row belongs to a surface; name the surface too")
        if self.context_item is not None and self.context_selector is not None:
            raise Invalid("scope.context", "give either a context item or a context selector")
        for name in ("surface", "row", "context_item", "market", "segment", "user"):
            value = getattr(self, name)
            if value is not None:
                check_id(value, f"scope.{name}")

    @property
    def personal(self) -> bool:
        """Whether it depends on who the shopper is."""
        return self.segment is not None or self.user is not None

    def specificity(self) -> tuple[bool, ...]:
        """Comparable: user, segment, context item, context selector, market, row, surface, in this order."""
        return (
            self.user is not None,
            self.segment is not None,
            self.context_item is not None,
            self.context_selector is not None,
            self.market is not None,
            self.row is not None,
            self.surface is not None,
        )


EVERYWHERE = Scope()
