"""The index in memory finds what reading every item word by word finds, whatever came and changed before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.slates.catalog import CompiledCatalog
from recsys.storage.items import search_words

WORDS = st.sampled_from(["red", "reed", "re", "mug", "Müg", "über", "a_b", "7", "tea-tin", "\U0010ffff", ""])
TITLES = st.lists(WORDS, max_size=3).map(" ".join)
TAGS = st.lists(st.sampled_from(["red", "glass", "new in"]), max_size=2, unique=True).map(tuple)
BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 12), TITLES, TAGS), min_size=1, max_size=6), min_size=1, max_size=6
)
ASKED = st.sampled_from(
    ["r", "re", "RED", "mu", "mug re", "tea", "tin", "i1", "new", "u", "7", "_", "", "%", "red red"]
)


def read_word_by_word(items, text):
    beginnings = search_words(text)
    if not beginnings:
        return set()
    return {
        item.item_id
        for item in items
        if all(
            any(
                word.startswith(beginning)
                for word in search_words(f"{item.title} {item.item_id} {' '.join(item.tags)}")
            )
            for beginning in beginnings
        )
    }


@given(BATCHES, ASKED)
def test_after_any_updates_the_index_finds_what_reading_all_items_finds(batches, text):
    catalog = CompiledCatalog(0)
    assert catalog.words.having(text, 0).sum() == 0
    for revision, batch in enumerate(batches, start=1):
        rows = [(number, Item(ItemId(f"i{number}"), title, tags=tags)) for number, title, tags in batch]
        catalog = catalog.updated(revision, rows)
        columns = catalog.columns
        found = np.flatnonzero(catalog.words.having(text, len(columns)))
        ids = {columns.ids[number] for number in found}
        assert ids == read_word_by_word(catalog.items.values(), text)


@given(st.lists(st.integers(1, 9), max_size=30))
def test_however_many_updates_came_the_segments_stay_few(sizes):
    catalog, made = CompiledCatalog(0), 0
    assert len(catalog.words.segments) == 1
    for revision, size in enumerate(sizes, start=1):
        rows = [(made + n, Item(ItemId(f"i{made + n}"), "A thing")) for n in range(size)]
        made += size
        catalog = catalog.updated(revision, rows)
    lengths = [len(segment.numbers) for segment in catalog.words.segments]
    assert all(longer >= 2 * shorter for longer, shorter in pairwise(lengths))


def test_a_new_price_or_stock_makes_no_segment():
    catalog = CompiledCatalog(1, [(1, Item(ItemId("a"), "Lamp")), (2, Item(ItemId("b"), "Mug"))])
    words = catalog.words
    following = catalog.updated(2, [(1, Item(ItemId("a"), "Lamp", price=2.0, available=False))])
    assert following.words is words
