"""What each item sold in the last weeks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from recsys.batch.sold import units_sold
from recsys.data.schema import INTERACTIONS
from recsys.data.training import build_training_data

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def sold(*rows, catalog=("a", "b")):
    """Units by item of (item, days ago or None, quantity, kind); the newest interaction is the cut-off."""
    columns = {name: [] for name in INTERACTIONS.names}
    for item, days, quantity, kind in rows:
        row = {
            "user_id": f"u-{item}-{days}-{quantity}", "item_id": item, "kind": kind, "quantity": quantity,
            "timestamp": None if days is None else NOW - timedelta(days=days),
        }  # fmt: skip
        for name, values in columns.items():
            values.append(row.get(name))
    data = build_training_data(pa.table(columns, schema=INTERACTIONS), catalog)
    return {item: units_sold(data)[column].tolist() for column, item in enumerate(data.items.ids)}


def test_units_are_counted_by_week_before_the_cut_off_the_latest_first():
    found = sold(
        ("a", 0, 3, "purchase"), ("a", 6.9, 2, "purchase"), ("a", 7, 5, "purchase"), ("a", 27.9, 1, "purchase"),
        ("a", 28, 9, "purchase"),
    )  # fmt: skip
    assert found == {"a": [5, 5, 0, 1], "b": [0, 0, 0, 0]}


def test_a_purchase_without_a_quantity_is_one_unit():
    assert sold(("a", 0, None, "purchase"))["a"] == [1, 0, 0, 0]


def test_only_purchases_at_a_known_time_count_and_what_came_back_does_not():
    found = sold(
        ("a", 0, 1, "purchase"), ("a", 1, 4, "view"), ("a", None, 4, "purchase"), ("a", 1, -2, "purchase")
    )
    assert found["a"] == [1, 0, 0, 0]


def test_without_any_time_nothing_is_counted():
    assert sold(("a", None, 4, "purchase"))["a"] == [0, 0, 0, 0]
