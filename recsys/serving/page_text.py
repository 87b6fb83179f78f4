"""A page of a plain request as JSON, written by a compiled loop: `item_texts.items_as_json` says the same, and is the law.

What an item says of itself is encoded once and lies in one long array of bytes; the loop copies pieces of it, and
writes numbers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.slates.columns import Numbers
from recsys.slates.compiling import compiled, handle, within
from recsys.slates.loops import Page

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

ID, HEAD, TITLE, BEHIND, CLOSING = range(5)
"""Pieces of an item: its id as JSON; what it begins with on a page, up to its position; its title as it stands inside a
JSON text; what it begins with behind a candidate, up to its share; what closes it on a page, with its fields."""

_MILLION = 1_000_000
_MOST_DIGITS = 20


def as_bytes(text: str) -> Bytes:
    """A text as an array of its UTF-8."""
    return np.frombuffer(text.encode(), np.uint8)


_SCORE = as_bytes(',"source":"model","rule_id":null,"score":')
_RANK = as_bytes(',"model_rank":')
_REASON = as_bytes(',"theme":null,"displaced":null,"reason":{"text":"')
_AND = as_bytes(" and ")
_BECAUSE = as_bytes('","because":[')
_DONE = as_bytes("]}")
_NULL = as_bytes("null")
_FIXED = sum(map(len, (_SCORE, _RANK, _REASON, _AND, _BECAUSE, _DONE, _NULL))) + 4 * _MOST_DIGITS
_FIXED_OF_ONE = _MOST_DIGITS + 2
MOST_BYTES = 5
"""Of one number of 32 bits, packed in groups of seven."""


class Texts(NamedTuple):
    """The pieces of items: `at` is where an item begins, 0 where it was not written yet; `ends` [n, 5] count from there."""

    written: Bytes
    at: NDArray[np.int64]
    ends: NDArray[np.int32]


class Behind(NamedTuple):
    """Everybody's candidates: scores [n], and what is behind them and how much, two each [2 n], as in `RankedLists`.

    `numbers` are the item number of each place in the snapshot; a shopper's candidates begin at `starts[row]`.
    """

    numbers: Numbers
    starts: NDArray[np.int64]
    scores: Floats
    because: Numbers
    shares: Floats


BEFORE, AFTER, NAMED, UNNAMED, PINS = range(5)
"""Words of a page: what stands before its items and behind them; how a reason with titles begins, what is said without;
and from `PINS` on what stands before and after `displaced` of each contender, two by two."""


class Said(NamedTuple):
    """Words end to end, and where each ends: int32 [n], see `BEFORE`."""

    words: Bytes
    ends: NDArray[np.int32]
    tells_because: bool


Script = handle(__name__, "Script", ("behind", "texts", "said", "seqs"))
"""All that pages with the same words are written from, as `write_page` takes it."""


@compiled
def script(behind: Behind, texts: Texts, said: Said, seqs: NDArray[np.int64]) -> Any:
    """The candidates, the pieces of the catalog's items, the words, and the catalog's small number of each item number."""
    return Script(behind, texts, said, seqs)


class Room(NamedTuple):
    """Where a page is written, again and again: the text, what was shown, packed, and room to sort that, int64 [n]."""

    text: Bytes
    packed: Bytes
    marked: NDArray[np.int64]


Sheet = handle(__name__, "Sheet", ("room",))
"""A room as `write_page` takes it."""


@compiled
def sheet(room: Room) -> Any:
    """The room as one thing."""
    return Sheet(room)


@compiled
def write_page(laid: Any, on: Any, row: int, count: int, lines: Any) -> tuple[int, int]:
    """Write the items of a page between the words around them, and what it showed, packed as `cursor.encode_cursor` does it.

    Gives where both end. The first is 0 where an item's pieces are not written yet, and where the room is too small it is
    below 0 by as much as is needed.

    Args:
        laid: where the page was laid, see `loops.table`.
        on: where to write, see `sheet`.
        row: the shopper's in the snapshot.
        count: how many slots the page has.
        lines: what to write, see `script`.

    """
    page, room = laid.room.page[:count], on.room
    behind, texts, said = lines.behind, lines.texts, lines.said
    first = behind.starts[row]
    most = _most(page, behind, first, texts, said)
    if most < 0 or most > len(room.text):
        return (0 if most < 0 else -most), 0
    return _write(page, behind, first, texts, said, room.text), pack_shown(
        page, lines.seqs, room.marked, room.packed
    )


@compiled
def unwritten(laid: Any, row: int, count: int, lines: Any) -> Numbers:
    """The numbers that a page needs and whose pieces are not written yet; some may come twice."""
    found, behind = np.empty(3 * count, np.int32), lines.behind
    n = _gather(laid.room.page[:count], behind, behind.starts[row], lines.texts, found)
    return found[:n]


@within
def _write(page: Page, behind: Behind, first: int, texts: Texts, said: Said, out: Bytes) -> int:
    """The page; gives where it ends."""
    end = _words_of(out, 0, said, BEFORE)
    for slot in range(len(page)):
        number, place, there = page[slot, 0], page[slot, 1], page[slot, 2]
        if slot:
            out[end] = 44  # a comma
            end += 1
        end = _whole(out, _piece(out, end, texts, number, HEAD), slot + 1)
        if place < 0:
            end = _pin(out, end, texts, said, -1 - place, there)
        else:
            end = _candidate(out, end, behind, first, place, texts, said)
        end = _piece(out, end, texts, number, CLOSING)
    return _words_of(out, end, said, AFTER)


@within
def pack_shown(page: Page, seqs: NDArray[np.int64], marked: NDArray[np.int64], packed: Bytes) -> int:
    """The small numbers of a page's items, ascending, as doubled differences that are odd where a pin placed the item."""
    for n in range(len(page)):
        value = 2 * seqs[page[n, 0]] + (page[n, 1] < 0)
        at = n
        while at and marked[at - 1] > value:
            marked[at] = marked[at - 1]
            at -= 1
        marked[at] = value
    end = 0
    before = 0
    for n in range(len(page)):
        rest = int(marked[n]) - before
        before = int(marked[n]) & ~1
        while rest > 0x7F:
            packed[end] = rest & 0x7F | 0x80
            rest >>= 7
            end += 1
        packed[end] = rest
        end += 1
    return end


@within
def _gather(page: Page, behind: Behind, first: int, texts: Texts, found: Numbers) -> int:
    """What `unwritten` gives, with the room for it; gives how many there are."""
    n = 0
    for slot in range(len(page)):
        number, place, there = page[slot, 0], page[slot, 1], page[slot, 2]
        n = _note(found, n, number, texts)
        if place < 0:
            n = _note(found, n, there, texts)
        else:
            at = 2 * (first + place)
            n = _note(found, n, behind.numbers[behind.because[at]], texts)
            n = _note(found, n, behind.numbers[behind.because[at + 1]], texts)
    return n


@within
def _note(found: Numbers, n: int, number: int, texts: Texts) -> int:
    """Take note of a number whose pieces are not written yet, where there is room for it."""
    if number >= 0 and not texts.at[number]:
        if n < len(found):
            found[n] = number
        return n + 1
    return n


@within
def _most(page: Page, behind: Behind, first: int, texts: Texts, said: Said) -> int:
    """How many bytes the text has at most; -1 where pieces are not written yet."""
    if _gather(page, behind, first, texts, page[0, :0]):
        return -1
    most = len(said.words)
    reasons = max(_size(said, NAMED), _size(said, UNNAMED))
    for slot in range(len(page)):
        number, place, there = page[slot, 0], page[slot, 1], page[slot, 2]
        most += _FIXED + texts.ends[number, CLOSING] + reasons
        if there >= 0:
            most += texts.ends[there, ID]
        if place >= 0:
            at = 2 * (first + place)
            for behind_it in (at, at + 1):
                each = behind.numbers[behind.because[behind_it]]
                if each >= 0:
                    most += _FIXED_OF_ONE + texts.ends[each, BEHIND]
    return most


@within
def _candidate(out: Bytes, end: int, behind: Behind, first: int, place: int, texts: Texts, said: Said) -> int:
    """Where a candidate comes from, and why."""
    at = first + place
    end = _six_digits(out, _put(out, end, _SCORE), behind.scores[at])
    end = _whole(out, _put(out, end, _RANK), place + 1)
    end = _put(out, end, _REASON)
    one, two = behind.numbers[behind.because[2 * at]], behind.numbers[behind.because[2 * at + 1]]
    end = _words(out, end, one, two, texts, said)
    end = _put(out, end, _BECAUSE)
    if said.tells_because:
        if one >= 0:
            end = _share(out, end, texts, one, behind.shares[2 * at])
        if one >= 0 and two >= 0:
            out[end] = 44
            end += 1
        if two >= 0:
            end = _share(out, end, texts, two, behind.shares[2 * at + 1])
    return _put(out, end, _DONE)


@within
def _words(out: Bytes, end: int, first: int, second: int, texts: Texts, said: Said) -> int:
    """A reason in words: with the titles behind it where there are any."""
    one = first if first >= 0 else second
    alone = first < 0 or second < 0
    if not _size(said, NAMED) or one < 0 or (alone and _length(texts, one, TITLE) == 0):
        return _words_of(out, end, said, UNNAMED)
    end = _piece(out, _words_of(out, end, said, NAMED), texts, one, TITLE)
    return end if alone else _piece(out, _put(out, end, _AND), texts, second, TITLE)


@within
def _share(out: Bytes, end: int, texts: Texts, number: int, share: float) -> int:
    """An item behind a candidate."""
    end = _six_digits(out, _piece(out, end, texts, number, BEHIND), share)
    out[end] = 125  # the closing brace
    return end + 1


@within
def _pin(out: Bytes, end: int, texts: Texts, said: Said, pin: int, there: int) -> int:
    """Which rule placed an item, what it displaced, and why."""
    end = _words_of(out, end, said, PINS + 2 * pin)
    end = _piece(out, end, texts, there, ID) if there >= 0 else _put(out, end, _NULL)
    return _words_of(out, end, said, PINS + 2 * pin + 1)


@within
def _words_of(out: Bytes, end: int, said: Said, which: int) -> int:
    """Copy some words."""
    last = said.ends[which]
    return _copy(out, end, said.words, last - _size(said, which), last)


@within
def _size(said: Said, which: int) -> int:
    """How long some words are."""
    return int(said.ends[which] - (said.ends[which - 1] if which else 0))


@within
def _length(texts: Texts, number: int, piece: int) -> int:
    return int(texts.ends[number, piece] - (texts.ends[number, piece - 1] if piece else 0))


@within
def _piece(out: Bytes, end: int, texts: Texts, number: int, piece: int) -> int:
    """Copy one piece of an item."""
    begin = texts.at[number]
    last = begin + texts.ends[number, piece]
    if piece:
        begin += texts.ends[number, piece - 1]
    return _copy(out, end, texts.written, begin, last)


@within
def _put(out: Bytes, end: int, text: Bytes) -> int:
    """Copy a whole text."""
    return _copy(out, end, text, 0, len(text))


@within
def _copy(out: Bytes, end: int, source: Bytes, begin: int, last: int) -> int:
    """Copy what stands from `begin` to `last`; gives where the next one begins in `out`."""
    # Without a sign nothing is counted from the end of an array, and the loop is quicker.
    to, start = np.uintp(end), np.uintp(begin)
    for at in range(np.uintp(last - begin)):
        out[to + at] = source[start + at]
    return end + last - begin


@within
def _whole(out: Bytes, end: int, number: int) -> int:
    """Write a whole number, 0 or more."""
    digits, rest = 1, number // 10
    while rest:
        digits, rest = digits + 1, rest // 10
    for at in range(end + digits - 1, end - 1, -1):
        out[at] = 48 + number % 10
        number //= 10
    return end + digits


@within
def _six_digits(out: Bytes, end: int, value: float) -> int:
    """Write a number of 0 or more with six digits after the point.

    A million times a single-precision number is exact in double precision, so this rounds as decimal rounding does.
    """
    millionths = int(np.rint(np.float64(value) * _MILLION))
    end = _whole(out, end, millionths // _MILLION)
    out[end] = 46  # the point
    rest = millionths % _MILLION
    for at in range(end + 6, end, -1):
        out[at] = 48 + rest % 10
        rest //= 10
    return end + 7
