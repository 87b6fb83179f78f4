from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from math import log2

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.kinds import KINDS
from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data, latest_dislikes, restrict, to_datetime, to_microseconds
from recsys.data.weighting import UNKNOWN_TIME, Weighting

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FLAT = Weighting(half_life_days=1e12)


def data_of(rows, catalog=(), **options):
    return build_training_data(table_of(rows), catalog, **options)


def table_of(rows):
    names = ("user_id", "item_id", "kind", "timestamp", "order_id", "weight", "market")
    return interactions_table({name: [row.get(name) for row in rows] for name in names})


def row(user, item, kind="purchase", time=None, **more):
    return {"user_id": user, "item_id": item, "kind": kind, "timestamp": time, **more}


def weight(data, user, item):
    return float(data.weights[data.users.index(user), data.items.index(item)])


def test_items_are_those_of_the_catalog_and_of_the_interactions_sorted_by_bytes():
    data = data_of([row("u", "é"), row("u", "b")], ["a", "Z", "b"])
    assert data.items.ids == ("Z", "a", "b", "é")
    assert data.weights.shape == data.owned.shape == (1, 4)


def test_shoppers_whose_rows_were_filtered_out_are_not_there(store):
    store.append([table_of([row("u", "a", time=NOON), row("v", "b", time=NOON, market="France")])])
    table = store.read()
    data = build_training_data(table.filter(pc.equal(table["item_id"].cast(pa.string()), "a")), [])
    assert (data.users.ids, data.items.ids, data.markets) == (("u",), ("a",), ())


def test_without_interactions_there_are_still_the_items():
    data = data_of([], ["a"])
    assert (data.weights.shape, data.weights.nnz, data.cutoff, data.markets) == ((0, 1), 0, None, ())
    assert len(data.events) == len(data.last_bought) == 0


def test_without_anything_there_is_nothing():
    assert data_of([]).weights.shape == (0, 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("view", 0.1), ("click", 0.2), ("add_to_cart", 0.5), ("purchase", 1.0), ("like", 1.5)],
)
def test_a_single_fresh_interaction_counts_the_base_of_its_kind(kind, expected):
    assert weight(data_of([row("u", "a", kind, NOON)]), "u", "a") == pytest.approx(expected)


def test_further_interactions_of_a_kind_count_less_and_less():
    rows = [row("u", "a", "purchase", None, order_id=str(order)) for order in range(3)]
    assert weight(data_of(rows), "u", "a") == pytest.approx(log2(1 + 3))


def test_kinds_add_up():
    rows = [row("u", "a", "view"), row("u", "a", "view"), row("u", "a", "like")]
    assert weight(data_of(rows), "u", "a") == pytest.approx(0.1 * log2(3) + 1.5)


def test_an_interaction_of_one_half_life_counts_half():
    rows = [row("u", "a", time=NOON - 180 * DAY), row("u", "b", time=NOON), row("u", "c")]
    data = data_of(rows)
    assert data.cutoff == NOON
    assert weight(data, "u", "a") == pytest.approx(log2(1.5))
    assert weight(data, "u", "b") == weight(data, "u", "c") == pytest.approx(1.0)


def test_ages_are_measured_at_the_cutoff_given_and_what_is_later_does_not_count_more():
    rows = [row("u", "a", time=NOON), row("u", "b", time=NOON + 400 * DAY)]
    data = data_of(rows, cutoff=NOON + 180 * DAY)
    assert (weight(data, "u", "a"), weight(data, "u", "b")) == pytest.approx((log2(1.5), 1.0))


def test_a_weight_of_its_own_multiplies_the_count_and_zero_leaves_no_trace():
    data = data_of([row("u", "a", weight=3.0), row("u", "b", weight=0.0)])
    assert weight(data, "u", "a") == pytest.approx(2.0)
    assert data.weights.nnz == 1


def test_a_disliked_pair_is_in_no_matrix_of_taste_whatever_else_happened():
    rows = [
        row("u", "a", "purchase", NOON),
        row("u", "a", "dislike", NOON - DAY),
        row("u", "b", "view", NOON),
    ]
    data = data_of(rows)
    assert (data.weights.nnz, weight(data, "u", "a")) == (1, 0.0)
    assert bool(data.owned[0, data.items.index("a")])


def test_a_later_like_takes_a_dislike_back():
    rows = [row("u", "a", "dislike", NOON), row("u", "a", "like", NOON + DAY)]
    assert weight(data_of(rows), "u", "a") == pytest.approx(1.5)
    assert latest_dislikes(table_of(rows)) == []


@pytest.mark.parametrize(
    ("opinions", "disliked"),
    [
        ([("like", NOON), ("dislike", NOON + DAY)], True),
        ([("dislike", NOON + DAY), ("like", NOON)], True),
        ([("dislike", NOON), ("like", NOON)], True),
        ([("like", None), ("dislike", None)], True),
        ([("dislike", None), ("like", NOON)], False),
        ([("like", NOON)], False),
        ([("purchase", NOON)], False),
    ],
)
def test_the_latest_opinion_counts_and_at_equal_times_the_dislike(opinions, disliked):
    table = table_of([row("u", "a", kind, time) for kind, time in opinions])
    assert latest_dislikes(table) == ([("u", "a")] if disliked else [])


def test_dislikes_are_listed_by_shopper_and_item():
    rows = [
        row("v", "a", "dislike"),
        row("u", "b", "dislike"),
        row("u", "a", "dislike"),
        row("u", "c", "view"),
    ]
    assert latest_dislikes(table_of(rows)) == [("u", "a"), ("u", "b"), ("v", "a")]


def test_owned_items_know_when_and_how_often_they_were_bought():
    rows = [
        row("u", "a", time=NOON, order_id="1"),
        row("u", "a", time=NOON + DAY, order_id="2"),
        row("u", "a", time=NOON + DAY + DAY / 2, order_id="2"),
        row("u", "b", time=NOON),
        row("u", "b", time=NOON + DAY),
        row("u", "c"),
        row("u", "d", "view", NOON),
    ]
    data = data_of(rows)
    bought = [data.items[column] for column in data.owned.indices]
    times = [to_datetime(int(time)) for time in data.last_bought]
    assert list(zip(bought, times, data.times_bought.tolist(), strict=True)) == [
        ("a", NOON + DAY + DAY / 2, 2),
        ("b", NOON + DAY, 2),
        ("c", None, 1),
    ]


def test_the_home_market_is_the_latest_one_given():
    rows = [
        row("u", "a", time=NOON, market="France"),
        row("u", "a", time=NOON - DAY, market="Spain"),
        row("u", "a", time=NOON + DAY),
        row("v", "a", market="Spain"),
        row("w", "a", time=NOON),
    ]
    data = data_of(rows)
    assert data.markets == ("France", "Spain")
    assert data.user_market.tolist() == [0, 1, -1]
    assert data.user_market.dtype == np.int16


def test_restricting_to_earlier_events_gives_what_those_events_alone_would_give():
    rows = [row("u", "a", time=NOON), row("u", "b", time=NOON + DAY), row("v", "c", time=NOON + 2 * DAY)]
    whole = data_of(rows)
    early = restrict(whole, whole.events.timestamp < to_microseconds(NOON + 2 * DAY))
    alone = data_of(rows[:2], catalog=["c"])
    assert (early.users, early.items, early.cutoff) == (whole.users, whole.items, NOON + DAY)
    assert early.weights[0].toarray().tolist() == alone.weights[0].toarray().tolist()
    assert early.weights[1].nnz == 0
    assert whole.weights.nnz == 3


def test_events_keep_orders_together():
    rows = [
        row("u", "a", order_id="x"),
        row("u", "b", order_id="y"),
        row("u", "c", order_id="x"),
        row("u", "d"),
    ]
    order = data_of(rows).events.order.tolist()
    assert order[0] == order[2] != order[1]
    assert order[3] == -1


def test_arrays_have_the_types_that_are_promised():
    data = data_of([row("u", "a", time=NOON)])
    events = data.events
    assert data.weights.dtype == np.float32
    assert data.owned.dtype == np.bool_
    assert [array.dtype.name for array in (data.last_bought, data.times_bought)] == ["int64", "int32"]
    assert [array.dtype.name for array in (events.user, events.item, events.kind, events.timestamp)] == [
        "int32",
        "int32",
        "int8",
        "int64",
    ]


events = st.builds(
    row,
    st.sampled_from("uvw"),
    st.sampled_from("abc"),
    st.sampled_from(KINDS),
    st.none() | st.integers(0, 400).map(lambda hours: NOON + timedelta(hours=hours)),
    weight=st.none() | st.sampled_from([0.0, 0.5, 2.0]),
)


def plain_weights(rows, weighting):
    """The documented formula, a row at a time."""
    newest = max((one["timestamp"] for one in rows if one["timestamp"]), default=None)
    counts, opinions = defaultdict(float), {}
    for one in rows:
        pair, time = (one["user_id"], one["item_id"]), one["timestamp"]
        age = (newest - time) / DAY if time else 0.0
        given = 1.0 if one["weight"] is None else one["weight"]
        counts[pair, one["kind"]] += given * 2 ** (-age / weighting.half_life_days)
        if one["kind"] in {"like", "dislike"}:
            moment = to_microseconds(time) if time else UNKNOWN_TIME
            opinions[pair] = max(
                opinions.get(pair, (UNKNOWN_TIME, False)), (moment, one["kind"] == "dislike")
            )
    totals = defaultdict(float)
    for (pair, kind), count in counts.items():
        totals[pair] += getattr(weighting, kind, 0.0) * log2(1 + count)
    return {
        pair: total for pair, total in totals.items() if total > 0 and not opinions.get(pair, (0, False))[1]
    }


@settings(max_examples=200)
@given(st.lists(events, max_size=25))
def test_weights_follow_the_documented_formula(rows):
    weighting = Weighting(half_life_days=5.0)
    data = data_of(rows, weighting=weighting)
    matrix = data.weights.tocoo()
    found = {
        (data.users[u], data.items[i]): w for u, i, w in zip(matrix.row, matrix.col, matrix.data, strict=True)
    }
    assert found == pytest.approx(plain_weights(rows, weighting), rel=1e-5)
    assert (matrix.data > 0).all()


@settings(max_examples=100)
@given(st.lists(events, max_size=25), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows, generator):
    shuffled = rows.copy()
    generator.shuffle(shuffled)
    one, other = data_of(rows), data_of(shuffled)
    assert one.users.ids == other.users.ids
    assert one.weights.toarray() == pytest.approx(other.weights.toarray(), rel=1e-5)
    assert (one.owned != other.owned).nnz == 0
    assert one.last_bought.tolist() == other.last_bought.tolist()
    assert latest_dislikes(table_of(rows)) == latest_dislikes(table_of(shuffled))
