"""What a page showed, packed for its cursor in a compiled loop: `cursor.encode_cursor` says the same, and is the law."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.serving.page_text import Bytes
from recsys.slates.compiling import compiled
from recsys.slates.loops import Page

_MOST_BYTES = 5
"""Of one number of 32 bits, packed in groups of seven."""


@compiled
def pack_shown(page: Page, seqs: NDArray[np.int64]) -> Bytes:
    """The small numbers of a page's items, ascending, as doubled differences that are odd where a pin placed the item.

    Args:
        page: as `loops.lay_page` gives it.
        seqs: the small number of every item number.

    """
    marked = np.empty(len(page), np.int64)
    for n in range(len(page)):
        value = 2 * seqs[page[n, 0]] + (page[n, 1] < 0)
        at = n
        while at and marked[at - 1] > value:
            marked[at] = marked[at - 1]
            at -= 1
        marked[at] = value
    packed = np.empty(_MOST_BYTES * len(page), np.uint8)
    end = 0
    before = 0
    for value in marked:
        rest = int(value) - before
        before = int(value) & ~1
        while rest > 0x7F:
            packed[end] = rest & 0x7F | 0x80
            rest >>= 7
            end += 1
        packed[end] = rest
        end += 1
    return packed[:end]
