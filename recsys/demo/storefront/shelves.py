"""What the shop front asks the endpoint for, and what it shows when there is no answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import structlog

from recsys.client import Client, Event, Item, Problem, Slate, Theme, Unreachable
from recsys.demo.storefront.visitor import Visitor

FIELDS = ["title", "price", "currency", "image_url"]
UNKNOWN = {400, 404}
"""Answers that say that there is no such thing; the endpoint is well."""
T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shelf:
    """A titled row of a page; `recommendation_id` goes along with what the shopper does."""

    name: str
    kind: str
    title: str
    items: Sequence[Item]
    recommendation_id: str


@dataclass(slots=True)
class Shelves:
    """The rows for one visitor, at one request; `away` once an answer did not come.

    `personalised` is whether what is known of the visitor shaped a page.
    """

    client: Client
    visitor: Visitor
    away: bool = False
    personalised: bool = False

    def page(self, surface: str, context: Sequence[str] = ()) -> list[Shelf]:
        """The rows of a surface, beside the items of the context."""
        found = self._asked(
            lambda: self.client.page(surface, context_item=context, fields=FIELDS, **self.visitor.ask)
        )
        if found is None:
            return []
        self.personalised = found.personalised
        return [_shelf(row) for row in found.rows if row.items]

    def similar(self, item_id: str, shown: Sequence[Shelf], limit: int = 6) -> Shelf | None:
        """More like one item, without what stands on the page already."""
        found = self._asked(lambda: self.client.similar(item_id, fields=FIELDS, limit=40))
        seen = {item.item_id for shelf in shown for item in shelf.items}
        items = [] if found is None else [item for item in found.items if item.item_id not in seen]
        kept = [item for item in items if item.source == "model"][:limit]
        if found is None or not kept:
            return None
        return Shelf("similar", "similar", "More like this", kept, found.recommendation_id)

    def themes(self) -> list[Theme]:
        """The collections that may be shown."""
        found = self._asked(lambda: self.client.themes(**self.visitor.names))
        return [theme for theme in found or [] if theme.size]

    def theme(self, slug: str) -> Slate | None:
        """One collection; None when there is none or no answer. See `away`."""
        return self._asked(lambda: self.client.theme(slug, fields=FIELDS, limit=60, **self.visitor.names))

    def tell(self, *events: Event) -> bool:
        """Tell what the visitor did; whether all of it is kept. Suggestions may go on when nothing can be kept."""
        if self.away:
            return False
        try:
            fates = self.client.tell(events)
        except Problem as error:
            log.warning("the endpoint keeps no events", error=str(error))
            return False
        except Unreachable as error:
            self._lost(error)
            return False
        return all(each.fate != "refused" for each in fates)

    def _asked(self, ask: Callable[[], T]) -> T | None:
        if self.away:
            return None
        try:
            return ask()
        except Problem as error:
            if error.status not in UNKNOWN:
                self._lost(error)
        except Unreachable as error:
            self._lost(error)
        return None

    def _lost(self, error: Exception) -> None:
        self.away = True
        log.warning("the endpoint gives no answer", error=str(error))


def _shelf(row: Slate) -> Shelf:
    return Shelf(row.row, row.kind, row.title, row.items, row.recommendation_id)
