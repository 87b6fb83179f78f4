from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.dedupe import Digests, digests_of, first_occurrences
from recsys.data.schema import IDENTITY, INTERACTIONS

halves = st.integers(0, 2**64 - 1) | st.integers(0, 3) | st.integers(2**64 - 3, 2**64 - 1)
pairs = st.lists(st.tuples(halves, halves), max_size=60)
texts = st.sampled_from(["", "a", "b", "ab", "ü"])
rows = st.lists(
    st.tuples(texts, texts, texts, st.none() | st.integers(0, 3), st.none() | texts), min_size=1, max_size=12
)


def digests(values):
    return Digests(
        np.array([high for high, _ in values], np.uint64), np.array([low for _, low in values], np.uint64)
    )


@given(pairs)
def test_only_the_first_of_equal_digests_is_new(values):
    expected = [value not in values[:index] for index, value in enumerate(values)]
    assert first_occurrences(digests(values)).tolist() == expected


@given(rows)
def test_rows_have_equal_digests_when_and_only_when_they_agree(values):
    fields = pa.schema([INTERACTIONS.field(name) for name in IDENTITY])
    table = pa.Table.from_pylist([dict(zip(IDENTITY, value, strict=True)) for value in values], schema=fields)
    found = digests_of(table)
    seen = list(zip(found.high.tolist(), found.low.tolist(), strict=True))
    for value, one in zip(values, seen, strict=True):
        assert [other == value for other in values] == [other == one for other in seen]


@given(rows, st.integers(0, 12))
def test_digests_do_not_depend_on_how_rows_are_cut_or_encoded(values, cut):
    fields = pa.schema([INTERACTIONS.field(name) for name in IDENTITY])
    table = pa.Table.from_pylist([dict(zip(IDENTITY, value, strict=True)) for value in values], schema=fields)
    encoded = table.set_column(0, "user_id", table["user_id"].dictionary_encode())
    whole = digests_of(table)
    parts = Digests.joined([digests_of(encoded.slice(0, cut)), digests_of(table.slice(cut))], len(values))
    assert whole.high.tolist() == parts.high.tolist()
    assert whole.low.tolist() == parts.low.tolist()
