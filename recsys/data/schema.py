"""The columns of an interaction, as they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa

from recsys.data.kinds import DEFAULT_KIND

TIMESTAMP: Final = pa.timestamp("us", tz="UTC")
#: Text columns of `INTERACTIONS`, which readers see dictionary-encoded because they repeat so much.
TEXT_COLUMNS: Final = ("user_id", "item_id", "kind", "order_id", "market")
#: The columns by which two rows are the same row.
IDENTITY: Final = ("user_id", "item_id", "kind", "timestamp", "order_id")

INTERACTIONS: Final = pa.schema(
    [
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("item_id", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("timestamp", TIMESTAMP),
        pa.field("order_id", pa.string()),
        pa.field("quantity", pa.float64()),
        pa.field("value", pa.float64()),
        pa.field("weight", pa.float64()),
        pa.field("market", pa.string()),
    ]
)


def interactions_table(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """Table of interactions from plain columns, in the stored schema.

    `user_id` and `item_id` are required; a missing `kind` column, or a `None` in it, is a purchase; every other
    missing column is null. Timestamps are aware datetimes.
    Raises `pyarrow.ArrowInvalid` when the values do not fit: outside input goes through `read_interactions`.
    """
    rows = len(columns["user_id"])
    kinds = columns.get("kind", (None,) * rows)
    whole: dict[str, Sequence[object]] = {**columns, "kind": [kind or DEFAULT_KIND for kind in kinds]}
    arrays = [pa.array(whole.get(field.name, (None,) * rows), field.type) for field in INTERACTIONS]
    return pa.Table.from_arrays(arrays, schema=INTERACTIONS)


def as_interactions(table: pa.Table) -> pa.Table:
    """`table` with exactly the stored columns and types; columns that it lacks become null."""
    rows = table.num_rows
    present = set(table.column_names)
    arrays = [
        table[field.name].cast(field.type) if field.name in present else pa.nulls(rows, field.type)
        for field in INTERACTIONS
    ]
    return pa.Table.from_arrays(arrays, schema=INTERACTIONS)


def encoded_schema(names: Sequence[str]) -> pa.Schema:
    """Schema of `names` as readers see it: text dictionary-encoded with 32-bit codes."""
    text = pa.dictionary(pa.int32(), pa.string())
    return pa.schema(
        [pa.field(name, text if name in TEXT_COLUMNS else INTERACTIONS.field(name).type) for name in names]
    )
