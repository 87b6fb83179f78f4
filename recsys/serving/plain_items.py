"""A plain page as JSON: what the compiled loop needs, gathered for it."""

from __future__ import annotations

from collections.abc import Sequence
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.domain.reasons import pin_reason, words_for
from recsys.domain.views import Kind
from recsys.serving.item_texts import quoted
from recsys.serving.page_text import (
    MOST_BYTES,
    Behind,
    Room,
    Said,
    Texts,
    script,
    sheet,
    unwritten,
    write_page,
)
from recsys.serving.pieces import Pieces
from recsys.slates.plain import MOST_SLOTS, PlainPage, Stage
from recsys.slates.plan import Held

_NAMED, _UNNAMED = words_for(Kind.NEW)
_FIRST_BYTES = 1 << 16


def words_of(
    held: Sequence[Held], market: str | None, *, tells_because: bool, before: str = "", after: str = ""
) -> Said:
    """The words of a page with some contenders in a market; `before` and `after` stand around its items."""
    pins = (part for each in held for part in _around_displaced(each, market))
    texts = [text.encode() for text in (before, after, _NAMED, _UNNAMED, *pins)]
    ends = np.cumsum(list(map(len, texts))).astype(np.int32)
    return Said(np.frombuffer(b"".join(texts), np.uint8), ends, tells_because)


def behind_of(stage: Stage) -> Behind:
    """What is behind the candidates of a stage."""
    _, scores, because, shares = stage.candidates
    return Behind(stage.ground.numbers, stage.people.candidate_starts, scores, because, shares)


class Writer:
    """Writes plain pages that have the same words."""

    def __init__(self, behind: Behind, pieces: Pieces, said: Said, seqs: NDArray[np.int64]) -> None:
        self._behind = behind
        self._pieces = pieces
        self._said = said
        self._seqs = seqs
        self._made: tuple[Texts, Any] | None = None

    def write(self, laid: PlainPage) -> tuple[memoryview, memoryview]:
        """The items of a page, without brackets, between the words around them, as UTF-8; and what was shown.

        Both lie where this thread will write the next page.
        """
        slots, _, row, _, space = laid
        table, lines, on = space.table, self._lines(), _sheet()
        text, shown = write_page(table, on.handle, row, slots, lines)
        while text <= 0:
            if text < 0:
                on = _sheet(-text)
            else:
                self._pieces.write(unwritten(table, row, slots, lines).tolist())
                lines = self._lines()
            text, shown = write_page(table, on.handle, row, slots, lines)
        return on.text[:text], on.packed[:shown]

    def _lines(self) -> Any:
        """The script with the pieces that are written now."""
        texts, made = self._pieces.texts, self._made
        if made is None or made[0] is not texts:
            made = self._made = texts, script(self._behind, texts, self._said, self._seqs)
        return made[1]


class _Sheet:
    """Room for a text of so many bytes."""

    def __init__(self, size: int) -> None:
        room = Room(
            np.empty(size, np.uint8),
            np.empty(MOST_BYTES * MOST_SLOTS, np.uint8),
            np.empty(MOST_SLOTS, np.int64),
        )
        self.text, self.packed = room.text.data, room.packed.data
        self.handle = sheet(room)


_own = local()


def _sheet(size: int = 0) -> _Sheet:
    """The sheet of this thread, made larger where a page needs more bytes."""
    found: _Sheet | None = getattr(_own, "sheet", None)
    if found is None or len(found.text) < size:
        found = _own.sheet = _Sheet(max(size, _FIRST_BYTES))
    return found


def _around_displaced(held: Held, market: str | None) -> tuple[str, str]:
    """What is said of a pin up to the item that it displaced, and from there on."""
    theme = held.theme
    before = (
        f',"source":"{"pin" if theme is None else "theme"}","rule_id":{quoted(held.pin.id)},"score":null,'
        f'"model_rank":null,"theme":{"null" if theme is None else quoted(theme.slug)},"displaced":'
    )
    return before, f',"reason":{{"text":{quoted(pin_reason(theme, market).text)},"because":[]}}'
