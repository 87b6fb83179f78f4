"""The items of a plain page as JSON: what the compiled loop needs, gathered for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.domain.reasons import pin_reason, words_for
from recsys.domain.views import Kind
from recsys.serving.item_texts import quoted
from recsys.serving.page_text import Behind, Bytes, Said, as_bytes, unwritten, write_page
from recsys.serving.pieces import Pieces
from recsys.slates.plain import PlainPage, Stage
from recsys.slates.plan import Held

_NAMED, _UNNAMED = map(as_bytes, words_for(Kind.NEW))


class WordsOfPins(NamedTuple):
    """What stands before and after `displaced` for each pin, end to end, and where each of both ends: int32 [2 h]."""

    words: Bytes
    ends: NDArray[np.int32]


def words_of_pins(held: Sequence[Held], market: str | None) -> WordsOfPins:
    """The words of some pins in a market."""
    texts = [text.encode() for each in held for text in _around_displaced(each, market)]
    ends = np.cumsum([0, *map(len, texts)])[1:].astype(np.int32)
    return WordsOfPins(np.frombuffer(b"".join(texts), np.uint8), ends)


def plain_items(
    laid: PlainPage, stage: Stage, pieces: Pieces, of_pins: WordsOfPins, *, tells_because: bool
) -> Bytes:
    """The items of a page, without brackets around them, as UTF-8."""
    _, scores, because, shares = stage.candidates
    first, numbers = laid.first, stage.ground.numbers
    behind = Behind(scores[first:], because[2 * first :], shares[2 * first :])
    said = Said(_NAMED, _UNNAMED, of_pins.words, of_pins.ends, tells_because)
    text = write_page(laid.page, numbers, behind, pieces.texts, said)
    if not len(text):
        pieces.write(unwritten(laid.page, numbers, behind.because, pieces.texts).tolist())
        text = write_page(laid.page, numbers, behind, pieces.texts, said)
    return text


def _around_displaced(held: Held, market: str | None) -> tuple[str, str]:
    """What is said of a pin up to the item that it displaced, and from there on."""
    theme = held.theme
    before = (
        f',"source":"{"pin" if theme is None else "theme"}","rule_id":{quoted(held.pin.id)},"score":null,'
        f'"model_rank":null,"theme":{"null" if theme is None else quoted(theme.slug)},"displaced":'
    )
    return before, f',"reason":{{"text":{quoted(pin_reason(theme, market).text)},"because":[]}}'
