"""Makes the bundled shop from the data set "Online Retail".

    python -m recsys.data.bundled.make online-retail.parquet [FOLDER]

The source is a Parquet or CSV file with the columns of the workbook that the UCI Machine Learning Repository offers
(https://archive.ics.uci.edu/dataset/352/online+retail): save the workbook's sheet as CSV in UTF-8. The same source gives
the same bytes with the same version of pyarrow. What is changed, and under which licence, stands in ATTRIBUTION.md.
"""

from __future__ import annotations

import sys
from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from recsys.data.bundled.cleaning import Line, Purchase, merchandise, net_of_cancellations, purchases
from recsys.data.bundled.tags import tags_of
from recsys.data.bundled.titles import best_description, title_of
from recsys.data.schema import TIMESTAMP

CURRENCY = "GBP"
MONTHS_ON_SALE = 3
_COLUMNS = (
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
)


def main(arguments: Sequence[str]) -> int:
    """Write `items.parquet` and `interactions.parquet` into the folder given, by default this one."""
    if not 1 <= len(arguments) <= 2:
        sys.stderr.write("usage: python -m recsys.data.bundled.make SOURCE [FOLDER]\n")
        return 2
    folder = Path(arguments[1]) if len(arguments) == 2 else Path(__file__).parent
    lines = net_of_cancellations(merchandise(read_lines(Path(arguments[0]))))
    bought = purchases(lines)
    items = items_table(lines)
    write(items, folder / "items.parquet")
    write(interactions_table(bought), folder / "interactions.parquet")
    sys.stdout.write(f"{items.num_rows:,} items, {len(bought):,} interactions\n")
    return 0


def read_lines(source: Path) -> Iterator[Line]:
    """Invoice lines of `source`, in its order; a line without a description has the empty text."""
    table = _read_table(source).select(list(_COLUMNS))
    for batch in table.to_batches(max_chunksize=65_536):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            invoice, code, description, quantity, time, price, customer, country = row
            yield Line(
                invoice=str(invoice),
                code=str(code),
                description=description or "",
                quantity=int(quantity),
                time=time.replace(tzinfo=UTC),
                price=float(price),
                customer=None if customer is None else str(int(float(customer))),
                country=country,
            )


def items_table(lines: Sequence[Line]) -> pa.Table:
    """The catalog in our items format, one row for each code that was sold, sorted by code."""
    sold: defaultdict[str, list[Line]] = defaultdict(list)
    for line in lines:
        sold[line.code].append(line)
    newest = max(line.time for line in lines)
    members = Counter(code[:5] for code in sold)
    rows = [_item(code, sold[code], newest, members) for code in sorted(sold)]
    return pa.Table.from_pylist([row for row in rows if row["title"]], schema=_ITEMS)


def interactions_table(bought: Sequence[Purchase]) -> pa.Table:
    """The purchases in our interactions format, in order of time."""
    return pa.table(
        {
            "user_id": [one.customer for one in bought],
            "item_id": [one.code for one in bought],
            "timestamp": pa.array([one.time for one in bought], TIMESTAMP),
            "order_id": [one.order for one in bought],
            "quantity": pa.array([one.quantity for one in bought], pa.int32()),
            "value": pa.array([one.value for one in bought], pa.float64()),
            "market": [one.market for one in bought],
        }
    )


def write(table: pa.Table, path: Path) -> None:
    """Write `table` as small as Parquet goes; the same table gives the same bytes."""
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        row_group_size=1_048_576,
        data_page_size=8_388_608,
        dictionary_pagesize_limit=8_388_608,
        write_statistics=False,
        store_schema=False,
    )


_ITEMS = pa.schema(
    [
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("price", pa.float64()),
        ("currency", pa.string()),
        ("tags", pa.string()),
        ("markets", pa.string()),
        ("available", pa.bool_()),
        ("group_id", pa.string()),
        ("added_at", TIMESTAMP),
        ("last_sold_at", TIMESTAMP),
    ]
)


def _item(code: str, lines: Sequence[Line], newest: datetime, members: Counter[str]) -> dict[str, object]:
    description = best_description(Counter(line.description for line in lines))
    title = title_of(description) if description else None
    last = max(line.time for line in lines)
    return {
        "item_id": code,
        "title": title,
        "price": round(median(line.price for line in lines), 2),
        "currency": CURRENCY,
        "tags": "|".join(tags_of(title or "")),
        "markets": None,
        "available": last >= months_before(newest, MONTHS_ON_SALE),
        "group_id": code[:5] if members[code[:5]] > 1 else None,
        "added_at": min(line.time for line in lines),
        "last_sold_at": last,
    }


def months_before(moment: datetime, months: int) -> datetime:
    """The same day and time `months` earlier; a day that the month lacks becomes its last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def _read_table(source: Path) -> pa.Table:
    if source.suffix == ".parquet":
        return pq.read_table(source)
    text = dict.fromkeys(("InvoiceNo", "StockCode", "Description", "CustomerID", "Country"), pa.string())
    times = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M"]
    options = pacsv.ConvertOptions(
        column_types={**text, "InvoiceDate": pa.timestamp("us")},
        timestamp_parsers=times,
        strings_can_be_null=True,
    )
    return pacsv.read_csv(source, convert_options=options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
