from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.id_map import IdMap

texts = st.lists(st.text(st.characters(exclude_categories=("Cs",))))


@given(texts)
def test_ids_are_unique_and_in_the_order_of_their_bytes(ids):
    assert list(IdMap.of(ids).ids) == sorted(set(ids), key=str.encode)


@given(texts, texts)
def test_an_index_leads_back_to_its_id_and_an_unknown_id_to_none(ids, others):
    known = IdMap.of(ids)
    indices = known.to_index(ids)
    assert indices.dtype == np.int32
    assert known.to_ids(indices.tolist()) == ids
    assert [index == -1 for index in known.to_index(others)] == [other not in ids for other in others]


def test_one_id_is_looked_up_by_itself():
    known = IdMap.of(["b", "a"])
    assert (known.index("b"), known.index("c"), known[1], len(known), "a" in known, "c" in known) == (
        1,
        -1,
        "b",
        2,
        True,
        False,
    )
