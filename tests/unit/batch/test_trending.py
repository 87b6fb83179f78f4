"""What trends: what sells more now than the time before let expect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from recsys.batch.trending import trending_lists
from recsys.data.schema import INTERACTIONS
from recsys.data.training import build_training_data

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def data_of(rows, catalog=("a", "b", "c", "d")):
    """Training data of (user, item, days ago or None, market) with a last purchase now."""
    columns = {name: [] for name in INTERACTIONS.names}
    for user, item, days, market in [*rows, ("last", "d", 0, None)]:
        row = {
            "user_id": user, "item_id": item, "kind": "purchase", "market": market,
            "timestamp": None if days is None else NOW - timedelta(days=days),
        }  # fmt: skip
        for name, values in columns.items():
            values.append(row.get(name))
    return build_training_data(pa.table(columns, schema=INTERACTIONS), catalog)


def names(data):
    return [[data.items.ids[item] for item in each.parts["items"]] for each in trending_lists(data)]


def bought(item, buyers, days, market=None):
    return [(f"{item}-{days}-{n}", item, days, market) for n in range(buyers)]


def test_what_sells_more_than_before_is_listed_and_what_sells_as_ever_is_not():
    rows = [*bought("a", 10, 3), *bought("b", 10, 3), *bought("b", 60, 30), *bought("c", 60, 30)]
    assert names(data_of(rows)) == [["a"]]


def test_the_larger_surprise_comes_first():
    rows = [*bought("a", 6, 3), *bought("b", 12, 3), *bought("c", 40, 30)]
    assert names(data_of(rows)) == [["b", "a"]]


def test_one_shopper_who_buys_often_is_one_shopper():
    rows = [("ann", "a", days, None) for days in range(1, 12)] + bought("b", 3, 2)
    assert names(data_of(rows)) == [["b"]]


def test_each_market_has_its_own_trends():
    rows = [*bought("a", 8, 3, "FR"), *bought("b", 8, 3, "GB"), *bought("c", 20, 40, "GB")]
    everywhere, france, britain = names(data_of(rows))
    assert set(everywhere) == {"a", "b"}
    assert (france, britain) == (["a"], ["b"])


@pytest.mark.parametrize("rows", [[("ann", "a", None, None)], bought("a", 9, 99), bought("a", 2, 1)])
def test_nothing_trends_without_times_long_ago_or_for_two(rows):
    assert names(data_of(rows)) == [[]]


def test_scores_are_within_0_and_1_best_first():
    rows = [*bought("a", 6, 3), *bought("b", 12, 3)]
    (everywhere,) = trending_lists(data_of(rows))
    scores = everywhere.parts["scores"].tolist()
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score < 1 for score in scores)
