"""Many targets (of vetoes, boosts or takedowns) compiled into one test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from recsys.domain.ids import ItemId
from recsys.domain.selectors import Selector, Target
from recsys.slates.catalog import CompiledCatalog


@dataclass(frozen=True, slots=True)
class CompiledTargets:
    """What some targets cover over one catalog: a set, and the selectors whose answer changes with time."""

    covered: frozenset[ItemId]
    aged: tuple[tuple[Selector, frozenset[ItemId]], ...]
    catalog: CompiledCatalog

    def __bool__(self) -> bool:
        return bool(self.covered) or bool(self.aged)

    def at(self, moment: datetime) -> Callable[[ItemId], bool]:
        """Whether an item is covered at a moment."""
        if not self.aged:
            return self.covered.__contains__

        def covers(item_id: ItemId) -> bool:
            return item_id in self.covered or self._by_age(item_id, moment)

        return covers

    def _by_age(self, item_id: ItemId, moment: datetime) -> bool:
        item = self.catalog.get(item_id)
        return item is not None and any(
            item_id in held and selector.matches_age(item, moment) for selector, held in self.aged
        )


def compile_targets(targets: Iterable[Target], catalog: CompiledCatalog) -> CompiledTargets:
    """Resolve targets over one catalog."""
    items: set[ItemId] = set()
    aged = []
    for target in targets:
        if target.item_id is not None:
            items.add(target.item_id)
        elif target.selector is not None and target.selector.has_age:
            aged.append((target.selector, catalog.held_apart_from_age(target.selector)))
        elif target.selector is not None:
            items |= catalog.held_apart_from_age(target.selector)
    return CompiledTargets(frozenset(items), tuple(aged), catalog)
