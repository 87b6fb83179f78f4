"""Compiling the loops before workers are forked: they share the outcome, and no request waits for it."""

from __future__ import annotations

import numpy as np

from recsys.serving.page_text import Behind, Room, Said, Texts, as_bytes, script, sheet, unwritten, write_page
from recsys.slates.affinity import affinities, closest
from recsys.slates.compiling import COMPILES, still
from recsys.slates.loops import Common, Contenders, Ground, People, lay_page, lay_page_of, standing
from recsys.slates.plain import Space


def compile_loops() -> None:
    """Run each loop once on arrays of the very kinds that requests bring; takes seconds only the first time."""
    if not COMPILES:
        return
    numbers, nothing = still(np.array([0, 1, -1], np.int32)), still(np.empty(0, np.int32))
    starts, vectors = still(np.array([0, 2])), np.zeros((1, 1), np.float32)
    ground = Ground(numbers, still(np.array([True, True, False])), nothing, 0)
    people = People(
        still(np.array([0, 1], np.int32)), starts, nothing, still(np.array([0, 0])), still(vectors)
    )
    none = np.empty(0, np.int32)
    contenders = Contenders(none, none, 0, none, np.empty((0, 5), np.int32), vectors[:, :0].copy(), none)
    space, stands = Space(0, 0), standing(Common(ground, people, contenders))
    lay_page(stands, space.table, 0, 1)
    lay_page_of(stands, space.table, 0, 1, np.empty(0, np.int64), nothing)
    singles = still(np.zeros(4, np.float32))
    behind = Behind(numbers, starts, singles[:2], still(np.full(4, -1, np.int32)), singles)
    texts = Texts(np.zeros(8, np.uint8), np.zeros(2, np.int64), np.zeros((2, 5), np.int32))
    said = Said(as_bytes(""), np.zeros(4, np.int32), tells_because=True)
    lines = script(behind, texts, said, np.zeros(2, np.int64))
    room = Room(np.zeros(9_999, np.uint8), np.zeros(9, np.uint8), np.zeros(1, np.int64))
    write_page(space.table, sheet(room), 0, 1, lines)
    unwritten(space.table, 0, 1, lines)
    affinities(vectors, vectors[0])
    closest(vectors, vectors[0], np.zeros(1, np.int64))
