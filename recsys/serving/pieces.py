"""The pieces of items that pages are put together from, encoded when first needed and kept in one array of bytes."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock

import numpy as np

from recsys.domain.catalog import Item
from recsys.serving.item_texts import as_json, closing_of
from recsys.serving.page_text import Texts
from recsys.slates.columns import Columns

_FIRST_BYTES = 1 << 16
_PIECES = 5
MOST_FIELD_SETS = 8
"""So many choices of fields are kept; whoever asks for another one is answered the general way."""


class Pieces:
    """The pieces of one catalog revision's items for one choice of fields.

    `texts` is replaced as a whole when there is no more room, so that who has it reads on undisturbed.
    """

    def __init__(self, columns: Columns, fields: tuple[str, ...]) -> None:
        self._items = columns.items
        self._fields = fields
        self._lock = Lock()
        # The first byte stays empty: an item that begins at 0 is one not written yet. Zeroes take no memory until written.
        self._end = 1
        size = len(columns)
        self.texts = Texts(
            np.zeros(_FIRST_BYTES, np.uint8), np.zeros(size, np.int64), np.zeros((size, _PIECES), np.int32)
        )

    def write(self, numbers: Iterable[int]) -> None:
        """Encode the items of some numbers; those that are there already are left alone."""
        with self._lock:
            for number in numbers:
                if not self.texts.at[number]:
                    self._write(number)

    def _write(self, number: int) -> None:
        pieces = _pieces(self._items[number], self._fields)
        whole = b"".join(pieces)
        if self._end + len(whole) > len(self.texts.written):
            self._grow(len(whole))
        written, at, ends = self.texts
        written[self._end : self._end + len(whole)] = np.frombuffer(whole, np.uint8)
        ends[number] = np.cumsum([len(each) for each in pieces])
        at[number] = self._end
        self._end += len(whole)

    def _grow(self, needed: int) -> None:
        # Who reads the old bytes must not find items that only the new ones have.
        written = np.zeros(2 * len(self.texts.written) + needed, np.uint8)
        written[: self._end] = self.texts.written[: self._end]
        self.texts = Texts(written, self.texts.at.copy(), self.texts.ends.copy())


class PiecesByFields:
    """The pieces of the catalog last asked for, by choice of fields."""

    def __init__(self) -> None:
        self._kept: tuple[Columns | None, dict[tuple[str, ...], Pieces]] = None, {}

    def of(self, columns: Columns, fields: tuple[str, ...]) -> Pieces | None:
        """The pieces of a catalog; None for one choice of fields too many."""
        known, by_fields = self._kept
        if known is not columns:
            by_fields = {}
            self._kept = columns, by_fields
        found = by_fields.get(fields)
        if found is None and len(by_fields) < MOST_FIELD_SETS:
            found = by_fields[fields] = Pieces(columns, fields)
        return found


def _pieces(item: Item, fields: tuple[str, ...]) -> list[bytes]:
    """In the order of `page_text`: id, head, title, behind, closing."""
    item_id, title = as_json(item.item_id), as_json(item.title)
    return [
        each.encode()
        for each in (
            item_id,
            f'{{"item_id":{item_id},"position":',
            title[1:-1],
            f'{{"item_id":{item_id},"title":{title},"share":',
            closing_of(item, fields),
        )
    ]
