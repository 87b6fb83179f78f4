"""The catalog."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.storage.tables import ItemRow

_AT_ONCE = 500
_WORD = re.compile(r"\w+")
_FIELDS = Item.__slots__
_COLUMNS = tuple(getattr(ItemRow, name) for name in _FIELDS)


@dataclass(frozen=True, slots=True)
class Upserted:
    """What putting items in their place came to; `revision` is the catalog's afterwards."""

    added: int
    changed: int
    unchanged: int
    revision: int

    @property
    def touched(self) -> int:
        """How many rows differ from before."""
        return self.added + self.changed


class ItemRepository:
    """Reads and writes catalog rows; none is ever deleted, they become unavailable."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, item_ids: Collection[str]) -> dict[str, Item]:
        """The items of those ids that the catalog has."""
        return {item.item_id: item for _, item in self._rows(item_ids)}

    def sort(self, items: Iterable[Item]) -> tuple[list[Item], list[tuple[int, Item]], int]:
        """Items new to the catalog, items that differ from it (with their `seq`), and how many do not."""
        wanted = {item.item_id: item for item in items}
        known = {item.item_id: (seq, item) for seq, item in self._rows(list(wanted))}
        new = [item for item_id, item in wanted.items() if item_id not in known]
        changed = [
            (known[item_id][0], item)
            for item_id, item in wanted.items()
            if item_id in known and known[item_id][1] != item
        ]
        return new, changed, len(wanted) - len(new) - len(changed)

    def write(
        self, new: Sequence[Item], changed: Sequence[tuple[int, Item]], *, revision: int, at: datetime
    ) -> None:
        """Add and overwrite rows, all marked with `revision`."""
        if new:
            self._session.execute(insert(ItemRow), [_values(item, revision, at) for item in new])
        if changed:
            rows = [{"seq": seq, **_values(item, revision, at)} for seq, item in changed]
            self._session.execute(update(ItemRow), rows)

    def count(self) -> int:
        """How many items the catalog has."""
        return self._session.scalar(select(func.count()).select_from(ItemRow)) or 0

    def texts(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Id, title and tags of all items, in the byte order of the ids."""
        columns = select(ItemRow.item_id, ItemRow.title, ItemRow.tags).order_by(ItemRow.item_id)
        return [(item_id, title, tuple(tags)) for item_id, title, tags in self._session.execute(columns)]

    def _rows(self, item_ids: Collection[str]) -> Iterator[tuple[int, Item]]:
        wanted = list(item_ids)
        statement = select(ItemRow.seq, *_COLUMNS).where(
            ItemRow.item_id.in_(bindparam("wanted", expanding=True))
        )
        for start in range(0, len(wanted), _AT_ONCE):
            found = self._session.execute(statement, {"wanted": wanted[start : start + _AT_ONCE]})
            yield from ((row[0], _item(row[1:])) for row in found)


def read_items(connection: Connection, since_revision: int) -> Iterator[tuple[int, Item]]:
    """(seq, item) of every row written after `since_revision`, streamed in the order of `seq`."""
    statement = (
        select(ItemRow.seq, *_COLUMNS)
        .where(ItemRow.revision > since_revision)
        .order_by(ItemRow.seq)
        .execution_options(yield_per=2_000)
    )
    return ((row[0], _item(row[1:])) for row in connection.execute(statement))


def search_words(text: str) -> list[str]:
    """The words of a text as search compares them: without case and accents."""
    if text.isascii():
        return _WORD.findall(text.lower())
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def _values(item: Item, revision: int, at: datetime) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in _FIELDS}
    values["attributes"] = dict(item.attributes)
    # Read by desks that are older than the search in memory; a later migration may drop it.
    words = " ".join([*search_words(item.title), *search_words(item.item_id)])
    return {**values, "words": f" {words}", "revision": revision, "updated_at": at}


def _item(row: Any) -> Item:
    values = dict(zip(_FIELDS, row, strict=True))
    values["item_id"] = ItemId(values["item_id"])
    values["tags"], values["markets"] = tuple(values["tags"]), tuple(values["markets"])
    return Item(**values)
