"""The text that is put together says what the answer says field by field."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.arrays import Arrays
from support.strategies import crowded_scenes, oddly_titled, pinned_scenes, scenes

from recsys.serving.answers import placed_items
from recsys.serving.item_fields import ITEM_FIELDS
from recsys.serving.item_texts import ItemTexts, TextsByCatalog, items_as_json
from recsys.slates.columns import empty_columns
from recsys.slates.readable import slate_of

any_scene = st.one_of(scenes, pinned_scenes, crowded_scenes)
fields = st.lists(st.sampled_from(sorted(ITEM_FIELDS)), unique=True, max_size=3).map(tuple)


@given(any_scene.map(oddly_titled), fields, st.booleans(), st.booleans())
def test_an_answer_is_the_same_put_together_and_field_by_field(scene, fields, tells_because, known):
    arrays = Arrays.of(scene)
    laid, market = arrays.laid(scene, known=known), scene.request.market
    catalog = arrays.scenes.shelf.catalog
    text = items_as_json(laid, ItemTexts(catalog.columns), market, fields, tells_because=tells_because)
    placed = slate_of(laid, market).items
    expected = msgspec.to_builtins(placed_items(placed, catalog, fields, tells_because=tells_because))
    assert json.loads(f"[{text}]") == json.loads(msgspec.json.encode(expected))


@pytest.mark.parametrize("score", [0.1234565, 0.9999999, 0.0000004, 1 / 3])
def test_six_digits_are_the_digits_that_rounding_gives(score):
    assert json.loads(f"{score:.6f}") == round(score, 6)


def test_texts_are_made_once_for_a_revision_and_anew_for_the_next():
    kept, columns = TextsByCatalog(), empty_columns()
    assert kept.of(columns) is kept.of(columns)
    assert kept.of(columns.updated([])) is not kept.of(columns)
