"""What the compiled loops write is what is put together in Python, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.arrays import Arrays
from support.strategies import KEY, crowded_scenes, oddly_titled, pinned_scenes, plain_scene, scenes

from recsys.serving import varints
from recsys.serving.item_fields import ITEM_FIELDS
from recsys.serving.item_texts import ItemTexts, items_as_json
from recsys.serving.page_text import (
    MOST_BYTES,
    Behind,
    Room,
    Texts,
    as_bytes,
    pack_shown,
    script,
    sheet,
    write_page,
)
from recsys.serving.pieces import MOST_FIELD_SETS, Pieces, PiecesByFields
from recsys.serving.plain_items import Writer, behind_of, words_of
from recsys.slates.columns import empty_columns
from recsys.slates.plain import Space, Stage

any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes).map(
    lambda scene: scene.asking(
        context=(),
        items=(),
        exclude=frozenset(),
        tags=frozenset(),
        price_min=None,
        price_max=None,
        personalised=True,
    )
)
fields = st.lists(st.sampled_from(sorted(ITEM_FIELDS)), unique=True, max_size=3).map(tuple)


@given(any_scene.map(oddly_titled), fields, st.booleans())
def test_a_plain_page_reads_as_the_one_that_is_put_together_in_python(scene, fields, tells_because):
    arrays, request = Arrays.of(scene), scene.request
    found = arrays.scenes.of(request)
    stage = Stage.of(found)
    disliked = {found.shelf.columns.numbers[each] for each in scene.candidates.disliked}
    page = stage and stage.lay(found.acting(request.shopper, KEY), 0, disliked, request.limit)
    if page is not None:
        columns = found.shelf.columns
        said = words_of(page.cast.held, request.market, tells_because=tells_because, before="(", after=")")
        behind, seqs = behind_of(stage), np.arange(len(columns))
        pieces = Pieces(columns, fields)
        expected = items_as_json(
            arrays.laid(scene), ItemTexts(columns), request.market, fields, tells_because=tells_because
        )
        writer = Writer(behind, pieces, said, seqs)
        for _ in range(2):
            text, shown = writer.write(page)
            assert text.tobytes().decode() == f"({expected})"
            assert len(varints.unpack(shown.tobytes())) == page.slots


@pytest.mark.parametrize("value", [0.1234565, 0.9999999, 0.0000005, 0.0000004, 1 / 3, 1.0, 0.0, 12.5])
def test_numbers_have_the_digits_that_decimal_rounding_gives(value):
    single = np.array([value, value], np.float32)
    ids = np.array([0], np.int32)
    texts = Texts(as_bytes("x"), np.array([1]), np.zeros((1, 5), np.int32))
    said = words_of((), None, tells_because=False)
    behind = Behind(
        np.append(ids, np.int32(-1)), np.array([0, 1]), single, np.array([-1, -1], np.int32), single
    )
    space, room = Space(0, 0), Room(np.zeros(999, np.uint8), np.zeros(9, np.uint8), np.zeros(1, np.int64))
    space.room.page[0] = 0, 0, -1
    lines = script(behind, texts, said, np.zeros(1, np.int64))
    end, _ = write_page(space.table, sheet(room), 0, 1, lines)
    assert f'"score":{float(single[0]):.6f},"model_rank":1' in room.text[:end].tobytes().decode()
    short = room._replace(text=np.zeros(9, np.uint8))
    assert write_page(space.table, sheet(short), 0, 1, lines)[0] <= -end


@given(st.sets(st.integers(0, 2**31 - 1), min_size=1, max_size=100), st.data())
def test_what_was_shown_is_packed_as_the_cursor_packs_it(seqs, data):
    order = data.draw(st.permutations(sorted(seqs)))
    pinned = data.draw(st.sets(st.sampled_from(order)))
    page = np.array([[n, -1 if seq in pinned else n, -1] for n, seq in enumerate(order)], np.int32)
    packed, before = [], 0
    for seq in sorted(seqs):
        packed.append((seq - before) << 1 | (seq in pinned))
        before = seq
    room = np.zeros(MOST_BYTES * len(page), np.uint8)
    end = pack_shown(page, np.array(order, np.int64), np.zeros(len(page), np.int64), room)
    assert room[:end].tobytes() == varints.pack(packed)


def test_pieces_that_need_more_room_leave_those_who_read_the_old_ones_alone(monkeypatch):
    monkeypatch.setattr("recsys.serving.pieces._FIRST_BYTES", 64)
    columns = Arrays.of(oddly_titled(plain_scene())).scenes.shelf.columns
    pieces = Pieces(columns, ("title",))
    pieces.write([0])
    before = pieces.texts
    pieces.write(range(len(columns)))
    there = np.flatnonzero(before.at)
    assert len(there) < len(columns) == np.count_nonzero(pieces.texts.at)
    assert all(before.at[there] + before.ends[there, -1] <= len(before.written))


def test_choices_of_fields_are_kept_as_far_as_there_is_room_and_anew_for_another_catalog():
    kept, columns = PiecesByFields(), empty_columns()
    names = sorted(ITEM_FIELDS)
    sets = [(name,) for name in names[:MOST_FIELD_SETS]]
    assert len({id(kept.of(columns, each)) for each in sets}) == MOST_FIELD_SETS
    assert kept.of(columns, sets[0]) is kept.of(columns, sets[0])
    assert kept.of(columns, tuple(names)) is None
    assert kept.of(columns.updated([]), tuple(names)) is not None
