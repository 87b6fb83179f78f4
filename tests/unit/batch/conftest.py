"""Small data for the steps of a run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shop():
    """Training data from (shopper, item, day or None) or (shopper, item, day, kind) rows; every row its own order."""

    def build(rows, catalog=(), cutoff_day=None):
        table = interactions_table(
            {
                "user_id": [row[0] for row in rows],
                "item_id": [row[1] for row in rows],
                "timestamp": [None if row[2] is None else START + timedelta(days=row[2]) for row in rows],
                "kind": [row[3] if len(row) > 3 else "purchase" for row in rows],
                "order_id": [str(number) for number in range(len(rows))],
            }
        )
        cutoff = None if cutoff_day is None else START + timedelta(days=cutoff_day)
        return build_training_data(table, catalog, cutoff=cutoff)

    return build
