"""Hashed ids: each shopper is found, nobody else is, and the key decides."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recsys.snapshots.identity import (
    HashTable,
    hash_columns,
    hash_order,
    key_fingerprint,
    shopper_hash,
)

KEY = b"0123456789abcdef" * 2
IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


def columns(key, ids):
    high, low = hash_columns(key, ids)
    order = hash_order(high, low)
    return high[order], low[order], order


@given(ids=st.lists(IDS, unique=True, max_size=30), stranger=IDS)
def test_every_id_is_found_at_its_row_and_no_other(ids, stranger):
    high, low, order = columns(KEY, ids)
    for row, index in enumerate(order.tolist()):
        assert HashTable(high, low).find(shopper_hash(KEY, ids[index])) == row
    if stranger not in ids:
        assert HashTable(high, low).find(shopper_hash(KEY, stranger)) is None


def test_ids_that_share_the_first_half_of_their_hash_are_told_apart():
    high = np.array([1, 5, 5, 5, 9], np.uint64)
    low = np.array([0, 2, 4, 2**64 - 1, 0], np.uint64)
    for row in range(5):
        hashed = int(high[row]).to_bytes(8, "big") + int(low[row]).to_bytes(8, "big")
        assert HashTable(high, low).find(hashed) == row
    assert HashTable(high, low).find((5).to_bytes(8, "big") + (3).to_bytes(8, "big")) is None


def test_the_hash_is_sixteen_bytes_and_stays_what_it_was():
    # Snapshots on disk rely on this value.
    assert shopper_hash(KEY, "17850").hex() == "4cf16d4bb3a42189e1c270d1d2b6ec2e"
    assert len(shopper_hash(KEY, "17850")) == 16


def test_another_key_gives_other_hashes_and_another_fingerprint():
    assert shopper_hash(KEY, "17850") != shopper_hash(b"other", "17850")
    assert key_fingerprint(KEY) != key_fingerprint(b"other")
    assert key_fingerprint(KEY) == key_fingerprint(bytes(KEY))


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), max_size=200), st.integers(0, 2**64 - 1))
def test_hashes_are_found_however_unevenly_they_are_spread(highs, stranger):
    high = np.array(sorted(highs), np.uint64)
    low = np.arange(len(high), dtype=np.uint64)
    table = HashTable(high, low)
    for row, value in enumerate(high.tolist()):
        assert table.find(value.to_bytes(8, "big") + row.to_bytes(8, "big")) == row
        assert table.find(value.to_bytes(8, "big") + (1000).to_bytes(8, "big")) is None
    if stranger not in highs:
        assert table.find(stranger.to_bytes(8, "big") + bytes(8)) is None
