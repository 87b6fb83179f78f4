"""Compiling the loops before workers are forked: they share the outcome, and no request waits for it."""

from __future__ import annotations

import numpy as np

from recsys.serving.page_text import Behind, Said, Texts, as_bytes, unwritten, write_page
from recsys.serving.shown import pack_shown
from recsys.slates.affinity import affinities, closest
from recsys.slates.compiling import COMPILES, still
from recsys.slates.loops import Ground, Own, lay_page


def compile_loops() -> None:
    """Run each loop once on arrays of the very kinds that requests bring; takes seconds only the first time."""
    if not COMPILES:
        return
    numbers = still(np.array([0, 1, -1], np.int32))
    nothing = still(np.empty(0, np.int32))
    ground = Ground(numbers, still(np.array([True, True, False])), nothing, 0)
    own = Own(still(np.array([0, 1], np.int32)), nothing, nothing)
    page = lay_page(ground, own, np.empty((0, 2), np.int32), 1)[:1]
    singles = still(np.zeros(4, np.float32))
    behind = Behind(singles[:2], still(np.full(4, -1, np.int32)), singles)
    texts = Texts(np.zeros(8, np.uint8), np.zeros(2, np.int64), np.zeros((2, 5), np.int32))
    words = as_bytes("")
    said = Said(words, words, words, np.empty(0, np.int32), tells_because=True)
    write_page(page, numbers, behind, texts, said)
    unwritten(page, numbers, behind.because, texts)
    vectors = np.zeros((1, 1), np.float32)
    affinities(vectors, vectors[0])
    closest(vectors, vectors[0], np.zeros(1, np.int64))
    pack_shown(page, np.zeros(2, np.int64))
