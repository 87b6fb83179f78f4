"""Dislikes: the latest opinion counts."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from recsys.data.dislikes import disliked
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data, latest_dislikes

OPINIONS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["tea", "cup", "jam"]),
        st.sampled_from([None, 1, 2, 3]),
        st.sampled_from(["like", "dislike", "purchase", "view"]),
    ),
    max_size=25,
)


def pairs(data):
    found = disliked(data).tocoo()
    return {(data.users[user], data.items[item]) for user, item in zip(found.row, found.col, strict=True)}


def test_an_opinion_that_was_taken_back_is_none(shop):
    rows = [("ann", "tea", 1, "dislike"), ("ann", "tea", 2, "like"), ("ann", "cup", 1, "like")]
    assert pairs(shop(rows)) == set()
    assert pairs(shop([*rows, ("ann", "cup", 3, "dislike")])) == {("ann", "cup")}


def test_at_equal_times_the_dislike_counts(shop):
    assert pairs(shop([("ann", "tea", 1, "dislike"), ("ann", "tea", 1, "like")])) == {("ann", "tea")}


@given(rows=OPINIONS)
def test_training_and_the_live_overlay_agree_on_dislikes(rows):
    table = interactions_table(
        {
            "user_id": [row[0] for row in rows],
            "item_id": [row[1] for row in rows],
            "timestamp": [None if row[2] is None else datetime(2026, 1, row[2], tzinfo=UTC) for row in rows],
            "kind": [row[3] for row in rows],
        }
    )
    assert pairs(build_training_data(table, ())) == set(latest_dislikes(table))
