from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys.data.items import read_items
from recsys.data.report import Report
from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid

EVERY_COLUMN = (
    "item_id,title,price,currency,tags,markets,available,group_id,image_url,url,added_at,stock,colour\n"
    "85123A,White Holder,2.95,gbp,heart| home |heart,France|Spain,no,85123,/pictures/1.png,"
    "https://shop.example/1,2026-01-02,7,white\n"
)


def items_of(path, report=None, **options):
    return [
        item
        for batch in read_items(path, Report() if report is None else report, **options)
        for item in batch
    ]


def test_reads_every_column_and_keeps_further_ones_as_attributes(write):
    assert items_of(write("x.csv", EVERY_COLUMN)) == [
        Item(
            item_id="85123A",
            title="White Holder",
            price=2.95,
            currency="GBP",
            tags=("heart", "home"),
            markets=("France", "Spain"),
            available=False,
            group_id="85123",
            image_url="/pictures/1.png",
            url="https://shop.example/1",
            added_at=datetime(2026, 1, 2, tzinfo=UTC),
            stock=7,
            attributes={"colour": "white"},
        )
    ]


def test_id_and_title_are_enough(write):
    assert items_of(write("x.csv", "item_id,title\n1,One\n")) == [Item("1", "One")]


def test_an_empty_field_is_the_default(write):
    path = write("x.csv", "item_id,title,price,tags,markets,available,stock,colour\n1,One,,,,,,\n")
    assert items_of(path) == [Item("1", "One")]


def test_titles_lose_odd_white_space_and_keep_everything_else(write):
    (item,) = items_of(write("x.csv", 'item_id,title\n1,"  Crème\n  brûlée  ☕ "\n'))
    assert item.title == "Crème brûlée ☕"


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("title", "", "is missing"),
        ("title", "   ", "is empty; give a text"),
        ("title", "x" * 4_001, "is longer than 4,000 characters; shorten it"),
        ("price", "-1", '"-1" is negative; use 0 or more'),
        ("price", "free", '"free" is not a number; write it like 12.5'),
        ("currency", "pounds", '"pounds" is not a currency; use three letters such as EUR'),
        ("available", "maybe", '"maybe" is neither true nor false'),
        ("tags", "a|" + "b" * 129, "is 129 bytes long; an id has at most 128 bytes"),
        ("stock", "1.5", '"1.5" is not a whole number'),
        ("stock", "-3", '"-3" is negative; use 0 or more'),
        ("added_at", "yesterday", '"yesterday" is not a time; write it like 2026-03-31T14:05:00Z'),
        (
            "url",
            "javascript:alert(1)",
            '"javascript:alert(1)" is not an address; begin it with https:// or /',
        ),
        (
            "image_url",
            "//elsewhere.example",
            '"//elsewhere.example" is not an address; begin it with https:// or /',
        ),
        ("colour", "red\x07", "holds a control character; remove it"),
    ],
)
def test_a_bad_value_is_refused_by_line_field_and_reason(write, column, value, reason):
    row = json.dumps({"item_id": "2", "title": "Two", column: value})
    path = write(
        "x.jsonl", '{"item_id": "1", "title": "One"}\n' + row + '\n{"item_id": "3", "title": "Three"}\n'
    )
    report = Report()
    assert [item.item_id for item in items_of(path, report)] == ["1", "3"]
    assert [(bad.line, bad.field, bad.reason) for bad in report.details] == [(2, column, reason)]


def test_an_id_that_stands_twice_is_refused_the_second_time_even_batches_later(write):
    report = Report()
    path = write("x.csv", "item_id,title\n1,One\n2,Two\n3,Three\n1,Uno\n")
    assert [item.title for item in items_of(path, report, batch_rows=2)] == ["One", "Two", "Three"]
    assert str(report.details[0]) == "line 5: item_id stands on line 2 already; keep one of the two"


def test_json_attributes_keep_their_types_and_lists_are_lists(write):
    row = {
        "item_id": 7,
        "title": "Seven",
        "tags": ["a", "b"],
        "available": False,
        "weight": 1.5,
        "n": 3,
        "new": True,
    }
    (item,) = items_of(write("x.jsonl", json.dumps(row) + "\n"))
    assert (item.item_id, item.tags, item.available) == ("7", ("a", "b"), False)
    assert item.attributes == {"weight": 1.5, "n": 3, "new": True}


def test_a_nested_attribute_is_refused(write):
    report = Report()
    items_of(write("x.jsonl", '{"item_id": "1", "title": "One", "size": {"cm": 3}}\n'), report)
    assert [str(bad) for bad in report.details] == ["line 1: size must be text, a number or true/false"]


def test_parquet_attributes_keep_their_types_and_times_become_text(tmp_path):
    table = pa.table(
        {
            "item_id": ["1"],
            "title": ["One"],
            "tags": pa.array([["a", "b"]]),
            "price": pa.array([Decimal("2.50")]),
            "sold": pa.array([datetime(2026, 1, 2, 3, 4, tzinfo=UTC)]),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    (item,) = items_of(tmp_path / "x.parquet")
    assert (item.tags, item.price, item.attributes) == (("a", "b"), 2.5, {"sold": "2026-01-02T03:04:00Z"})


def test_shift_moves_the_first_and_the_last_sale(write):
    path = write(
        "x.csv", "item_id,title,added_at,last_sold_at\n1,One,2026-01-02,2026-01-05T10:00Z\n2,Two,,never\n"
    )
    one, two = items_of(path, shift=timedelta(days=10))
    assert one.added_at == datetime(2026, 1, 12, tzinfo=UTC)
    assert one.attributes == {"last_sold_at": "2026-01-15T10:00:00Z"}
    assert (two.added_at, two.attributes) == (None, {"last_sold_at": "never"})


def test_strict_refuses_the_whole_file_for_one_bad_row(write):
    with pytest.raises(Invalid, match="nothing was imported"):
        items_of(write("x.csv", "item_id,title\n1,One\n2,\n"), strict=True)


def test_a_catalog_without_titles_is_refused(write):
    with pytest.raises(Invalid) as caught:
        items_of(write("x.csv", "item_id,name\n1,One\n"))
    assert caught.value.field == "title"
