"""Which answer an item was found in, and that it was shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from recsys.client import Event
from recsys.demo.storefront.shelves import Shelf
from recsys.demo.storefront.shop import me, shelves

Kind = Literal["impression", "view", "click", "add_to_cart", "dislike", "undislike"]
MOST_SLOTS = 500
LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Hint:
    """The answer and the slot that a link or a form speaks of; both None for neither."""

    recommendation_id: str | None
    position: int | None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Hint:
        """Read `from` and `at`; what cannot be used counts as not given."""
        answer, slot = given.get("from", ""), given.get("at", "")
        if not (answer and len(answer) <= LONGEST_ID and slot.isascii() and slot.isdigit()):
            return cls(None, None)
        number = int(slot[:4])
        return cls(answer, number) if 1 <= number <= MOST_SLOTS else cls(None, None)


NOWHERE = Hint(None, None)


def did(kind: Kind, item_id: str, hint: Hint = NOWHERE) -> Event:
    """What the visitor did just now."""
    return Event(
        type=kind,
        item_id=item_id,
        user_id=me().user_id,
        session_id=me().asserted_session,
        recommendation_id=hint.recommendation_id,
        position=hint.position,
    )


def tell_impressions(rows: Sequence[Shelf]) -> None:
    """Tell that the items of these rows were shown."""
    shown = [
        did("impression", item.item_id, Hint(row.recommendation_id, item.position))
        for row in rows
        for item in row.items
    ]
    if shown:
        shelves().tell(*shown)
