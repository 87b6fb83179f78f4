"""Small data for models."""

from __future__ import annotations

import pytest

from recsys.data.schema import interactions_table
from recsys.data.training import build_training_data


@pytest.fixture
def purchases():
    """Training data from (shopper, item) or (shopper, item, market) purchases without times."""

    def build(rows, catalog=(), **columns):
        table = interactions_table(
            {
                "user_id": [row[0] for row in rows],
                "item_id": [row[1] for row in rows],
                "market": [row[2] if len(row) > 2 else None for row in rows],
                **columns,
            }
        )
        return build_training_data(table, catalog)

    return build
