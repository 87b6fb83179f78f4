from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data.interactions import read_interactions
from recsys.data.report import MOST_DETAILS, Report
from recsys.data.schema import INTERACTIONS
from recsys.data.sources import LONGEST_LINE
from recsys.domain.errors import Invalid

HEADER = "user_id,item_id,kind,timestamp,order_id,quantity,value,weight,market\n"


def rows_of(path, report=None, **options):
    tables = list(read_interactions(path, Report() if report is None else report, **options))
    assert all(table.schema.equals(INTERACTIONS) for table in tables)
    return [row for table in tables for row in table.to_pylist()]


def refusals(path, **options):
    report = Report()
    rows = rows_of(path, report, **options)
    return rows, [(bad.line, bad.field, bad.reason) for bad in report.details]


def test_reads_every_column_of_a_csv_file(write):
    path = write("x.csv", HEADER + "u,i,like,2026-03-31T14:05:00+02:00,o,2,9.5,0.5,France\n")
    assert rows_of(path) == [
        {
            "user_id": "u",
            "item_id": "i",
            "kind": "like",
            "timestamp": datetime(2026, 3, 31, 12, 5, tzinfo=UTC),
            "order_id": "o",
            "quantity": 2.0,
            "value": 9.5,
            "weight": 0.5,
            "market": "France",
        }
    ]


def test_two_columns_are_enough_and_the_kind_is_then_a_purchase(write):
    (row,) = rows_of(write("x.csv", "item_id,user_id\ni,u\n"))
    assert (row["user_id"], row["item_id"], row["kind"]) == ("u", "i", "purchase")
    assert {row[name] for name in INTERACTIONS.names[3:]} == {None}


def test_an_empty_field_is_a_missing_value(write):
    (row,) = rows_of(write("x.csv", HEADER + "u,i,,,,,,,\n"))
    assert row["kind"] == "purchase"
    assert row["timestamp"] is None
    assert row["quantity"] is None


@pytest.mark.parametrize(
    "name", ["x.csv", "x.csv.gz", "X.CSV", "x.parquet", "x.jsonl", "x.jsonl.gz", "x.ndjson"]
)
def test_every_format_gives_the_same_rows(write, name):
    columns = {
        "user_id": ["ü", "v"],
        "item_id": ["1", "2"],
        "quantity": [1.5, 2.0],
        "kind": ["view", "click"],
    }
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    path = write(name, "user_id,item_id,quantity,kind\nü,1,1.5,view\nv,2,2,click\n")
    if "json" in name:
        path = write(name, "".join(json.dumps(row) + "\n" for row in rows))
    elif name.endswith(".parquet"):
        pq.write_table(pa.table(columns), path)
    assert [{key: row[key] for key in columns} for row in rows_of(path)] == rows


def test_columns_that_are_not_known_are_noted(write):
    report = Report()
    rows_of(write("x.csv", "user_id,colour,item_id\nu,red,i\n"), report)
    assert report.ignored == ("colour",)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-31T14:05:00Z", datetime(2026, 3, 31, 14, 5, tzinfo=UTC)),
        ("2026-03-31t14:05:00z", datetime(2026, 3, 31, 14, 5, tzinfo=UTC)),
        ("2026-03-31 14:05:00", datetime(2026, 3, 31, 14, 5, tzinfo=UTC)),
        ("2026-03-31T14:05", datetime(2026, 3, 31, 14, 5, tzinfo=UTC)),
        ("2026-03-31", datetime(2026, 3, 31, tzinfo=UTC)),
        ("2026-03-31T14:05:00.25-05:30", datetime(2026, 3, 31, 19, 35, 0, 250_000, tzinfo=UTC)),
        ("2026-03-31T14:05:00+0200", datetime(2026, 3, 31, 12, 5, tzinfo=UTC)),
        ("2026-03-31T14:05:00.123456789Z", datetime(2026, 3, 31, 14, 5, 0, 123_456, tzinfo=UTC)),
        ("", None),
    ],
)
def test_times_come_in_many_forms_and_without_an_offset_they_are_utc(write, text, moment):
    (row,) = rows_of(write("x.csv", f"user_id,item_id,timestamp\nu,i,{text}\n"))
    assert row["timestamp"] == moment


BAD_VALUES = [
    ("user_id", "", "is missing"),
    ("item_id", "", "is missing"),
    ("user_id", "u" * 129, "is 129 bytes long; an id has at most 128 bytes"),
    ("user_id", "é" * 65, "is 130 bytes long; an id has at most 128 bytes"),
    ("item_id", "a\tb", "holds a control character; remove it"),
    ("order_id", "a\x85b", "holds a control character; remove it"),
    (
        "kind",
        "bought",
        '"bought" is not known; use one of view, click, add_to_cart, purchase, like, dislike',
    ),
    ("timestamp", "1711893900", '"1711893900" is not a time; write it like 2026-03-31T14:05:00Z'),
    ("timestamp", "31.03.2026", '"31.03.2026" is not a time; write it like 2026-03-31T14:05:00Z'),
    ("timestamp", "20260331", '"20260331" is not a time; write it like 2026-03-31T14:05:00Z'),
    ("timestamp", "2026-02-30", '"2026-02-30" does not exist in the calendar or on the clock'),
    (
        "timestamp",
        "2026-03-31T25:00",
        '"2026-03-31T25:00" does not exist in the calendar or on the clock',
    ),
    (
        "timestamp",
        "1900-01-01",
        '"1900-01-01" lies before 1970; leave it empty when the time is not known',
    ),
    (
        "timestamp",
        "0001-01-01T00:00+05:00",
        '"0001-01-01T00:00+05:00" is out of range; use the years 1970 to 9999',
    ),
    ("quantity", "-1", '"-1" is negative; use 0 or more'),
    ("quantity", "nan", '"nan" is not a number; write it like 12.5'),
    ("quantity", "1_000", '"1_000" is not a number; write it like 12.5'),
    ("quantity", "1e999", '"1e999" is not a finite number; write it like 12.5, or leave it empty'),
    ("weight", "-0.5", '"-0.5" is negative; use 0 or more'),
    ("weight", "inf", '"inf" is not a number; write it like 12.5'),
    ("value", "£5", '"£5" is not a number; write it like 12.5'),
    ("value", "12,5", '"12,5" is not a number; write it like 12.5'),
    ("market", "m" * 200, "is 200 bytes long; an id has at most 128 bytes"),
]


@pytest.mark.parametrize(("column", "value", "reason"), BAD_VALUES)
def test_a_bad_value_is_refused_by_line_field_and_reason_and_the_good_rows_are_kept(
    write, column, value, reason
):
    text = io.StringIO()
    writer = csv.DictWriter(text, HEADER.strip().split(","), lineterminator="\n")
    writer.writeheader()
    writer.writerow({"user_id": "u", "item_id": "1"})
    writer.writerow({"user_id": "u", "item_id": "2", column: value})
    writer.writerow({"user_id": "u", "item_id": "3"})
    rows, bad = refusals(write("x.csv", text.getvalue()))
    assert [row["item_id"] for row in rows] == ["1", "3"]
    assert bad == [(3, column, reason)]


def test_a_row_with_two_mistakes_counts_once(write):
    report = Report()
    rows_of(write("x.csv", "user_id,item_id,kind,quantity\n,i,nonsense,-1\n"), report)
    assert (report.good, report.bad, len(report.details)) == (0, 1, 1)


def test_line_numbers_count_lines_inside_quotes_and_blank_lines(write):
    text = 'user_id,item_id,note\r\nu,1,"two\r\nlines"\r\n\r\nu,,x\r\nu,2,y\r\nu,,z\r\n'
    rows, bad = refusals(write("x.csv", text))
    assert [row["item_id"] for row in rows] == ["1", "2"]
    assert [line for line, _, _ in bad] == [5, 7]


def test_a_line_with_too_few_or_too_many_fields_is_refused(write):
    rows, bad = refusals(write("x.csv", "user_id,item_id\nu\nu,1\nu,2,x\n"))
    assert [row["item_id"] for row in rows] == ["1"]
    assert bad == [
        (2, "", "has 1 fields where the header has 2; quote fields with commas"),
        (4, "", "has 3 fields where the header has 2; quote fields with commas"),
    ]


@pytest.mark.parametrize(
    "after", ["", 'u,"9"\n', "u,9\n" * 40_000], ids=["at the end", "before a quote", "far from one"]
)
def test_a_quote_that_is_never_closed_costs_its_own_line_alone(write, after):
    rows, bad = refusals(write("x.csv", f'user_id,item_id\nu,1\nu,"2\nu,3\n{after}'))
    assert [row["item_id"] for row in rows[:2]] == ["1", "3"]
    assert len(rows) == 2 + after.count("\n")
    assert bad == [(3, "", "has a quote that is never closed, or text after a closing quote")]


def test_quotes_in_the_middle_of_a_field_are_part_of_it(write):
    (row,) = rows_of(write("x.csv", 'user_id,item_id\nu,7" plate\n'))
    assert row["item_id"] == '7" plate'


def test_a_line_that_is_not_utf8_is_refused_alone(write):
    text = b"user_id,item_id\nu,caf\xe9\nu,caf\xc3\xa9\n"
    rows, bad = refusals(write("x.csv", text))
    assert [row["item_id"] for row in rows] == ["café"]
    assert bad == [(2, "item_id", "is not valid UTF-8 text")]


def test_a_byte_order_mark_is_not_part_of_the_first_column(write):
    assert len(rows_of(write("x.csv", "\ufeffuser_id,item_id\nu,i\n".encode()))) == 1


@pytest.mark.parametrize(
    ("name", "content", "field", "message"),
    [
        ("x.csv", b"", "file", "x.csv is empty; give a header and at least one row"),
        ("x.csv", b"\n\n", "file", "has no header; begin with a line of column names separated by commas"),
        ("x.csv", b"user_id,item_id\n", "file", "holds no rows below its header; nothing was imported"),
        ("x.csv", b"user_id,when\nu,2\n", "item_id", "is missing; the file needs the column item_id, and has user_id, when"),
        ("x.csv", b"user_id,item_id,user_id\nu,i,v\n", "user_id", "is the name of two columns; every column needs a name of its own"),
        ("x.csv", b"user_id;item_id\nu;i\n", "file", "separates its columns by semicolons; use commas"),
        ("x.csv", b"user_id\titem_id\nu\ti\n", "file", "separates its columns by tabs; use commas"),
        ("x.csv", "user_id,item_id\nu,i\n".encode("utf-16"), "file", "is not UTF-8 text; save it as CSV in UTF-8"),
        ("x.csv", b"x" * LONGEST_LINE, "file", "line 1 is longer than 4,194,304 characters; is this a table?"),
        ("x.xlsx", b"PK", "file", None),
        ("x.parquet", b"PAR1 but not really", "file", "x.parquet is not a whole Parquet file; write or download it again"),
        ("x.jsonl", b"\n", "file", "holds no rows below its header; nothing was imported"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(write, name, content, field, message):
    with pytest.raises(Invalid) as caught:
        rows_of(write(name, content))
    assert caught.value.field == field
    assert message is None or caught.value.message == message


def test_an_ending_that_is_not_known_is_answered_with_those_that_are(write):
    with pytest.raises(
        Invalid, match=r"x\.xlsx has an ending that is not known; use one of \.csv, \.csv\.gz"
    ):
        rows_of(write("x.xlsx", b"PK"))


def test_a_gzip_file_that_breaks_off_is_refused(write):
    path = write("x.csv.gz", "user_id,item_id\n" + "".join(f"u{n},i{n * 7919}\n" for n in range(2_000)))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(Invalid, match="is not a whole gzip file; compress or download it again"):
        rows_of(path)


def test_a_file_that_only_pretends_to_be_gzip_is_refused(write, tmp_path):
    path = tmp_path / "x.csv.gz"
    path.write_bytes(b"user_id,item_id\nu,i\n")
    with pytest.raises(Invalid, match="is not a whole gzip file"):
        rows_of(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(Invalid, match="does not exist; check the path"):
        rows_of(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(Invalid, match="is a folder; give a file"):
        rows_of(tmp_path / "folder.csv")


def test_json_lines_that_are_no_objects_are_refused_by_line(write):
    text = '{"user_id": "u", "item_id": "1"}\n[1]\n\nnot json\n{"user_id": "u", "item_id": "2"}\n{"user_id": "u"}\n'
    rows, bad = refusals(write("x.jsonl", text))
    assert [row["item_id"] for row in rows] == ["1", "2"]
    assert [(line, field) for line, field, _ in bad] == [(2, ""), (4, ""), (6, "item_id")]


def test_json_values_of_the_wrong_type_are_refused(write):
    values = [
        {"user_id": 17850, "item_id": "1", "quantity": 2},
        {"user_id": True, "item_id": "2"},
        {"user_id": 1.5, "item_id": "3"},
        {"user_id": ["u"], "item_id": "4"},
        {"user_id": "u", "item_id": "5", "kind": 3},
        {"user_id": "u", "item_id": "6", "timestamp": 1711893900},
        {"user_id": "u", "item_id": "7", "quantity": {"n": 1}},
        {"user_id": "u", "item_id": "8", "quantity": True},
        {"user_id": "u", "item_id": "9", "quantity": "3"},
    ]
    rows, bad = refusals(write("x.jsonl", "".join(json.dumps(value) + "\n" for value in values)))
    assert [(row["user_id"], row["item_id"], row["quantity"]) for row in rows] == [
        ("17850", "1", 2.0),
        ("u", "9", 3.0),
    ]
    assert [(line, field) for line, field, _ in bad] == [
        (2, "user_id"),
        (3, "user_id"),
        (4, "user_id"),
        (5, "kind"),
        (6, "timestamp"),
        (7, "quantity"),
        (8, "quantity"),
    ]


def test_parquet_keeps_its_own_types(tmp_path):
    moment = datetime(2026, 3, 31, 14, 5, tzinfo=UTC)
    table = pa.table(
        {
            "user_id": pa.array([17850, 2, None]),
            "item_id": pa.array(["a", "b", "c"]).dictionary_encode(),
            "timestamp": pa.array([moment, None, moment], pa.timestamp("ns", tz="Europe/Berlin")),
            "quantity": pa.array([3, float("nan"), 1]),
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    rows, bad = refusals(tmp_path / "x.parquet")
    assert [(row["user_id"], row["item_id"], row["timestamp"], row["quantity"]) for row in rows] == [
        ("17850", "a", moment, 3.0)
    ]
    assert [(line, field) for line, field, _ in bad] == [(2, "quantity"), (3, "user_id")]


def test_times_in_parquet_without_a_zone_are_utc_and_dates_are_midnight(tmp_path):
    for kind, value in (
        (pa.timestamp("ms"), datetime.fromisoformat("2026-03-31T14:05:00")),
        (pa.date32(), datetime.fromisoformat("2026-03-31")),
    ):
        table = pa.table({"user_id": ["u"], "item_id": ["i"], "timestamp": pa.array([value], kind)})
        pq.write_table(table, tmp_path / "x.parquet")
        (row,) = rows_of(tmp_path / "x.parquet")
        assert row["timestamp"] == value.replace(tzinfo=UTC)


def test_strict_refuses_the_whole_file_for_one_bad_row(write):
    report = Report()
    with pytest.raises(Invalid, match="1 row is refused, so nothing was imported"):
        rows_of(write("x.csv", "user_id,item_id\nu,1\nu,\n"), report, strict=True)
    assert [bad.line for bad in report.details] == [3]


def test_strict_keeps_a_file_without_bad_rows(write):
    assert len(rows_of(write("x.csv", "user_id,item_id\nu,1\nu,2\n"), strict=True)) == 2


def test_all_bad_rows_are_counted_but_only_the_first_thousand_kept(write):
    report = Report()
    rows_of(write("x.csv", "user_id,item_id\n" + "u,\n" * 2_500 + "u,1\n"), report)
    assert (report.good, report.bad, len(report.details)) == (1, 2_500, MOST_DETAILS)
    assert str(report.details[-1]) == "line 1001: item_id is missing"


def test_a_time_more_than_a_day_ahead_is_refused_when_the_present_is_known(write):
    path = write("x.csv", "user_id,item_id,timestamp\nu,1,2026-03-02T11:59Z\nu,2,2026-03-02T12:01Z\n")
    rows, bad = refusals(path, latest=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert [row["item_id"] for row in rows] == ["1"]
    assert [(line, field) for line, field, _ in bad] == [(3, "timestamp")]
    assert len(rows_of(path)) == 2


def test_shift_moves_every_known_time(write):
    path = write("x.csv", "user_id,item_id,timestamp\nu,1,2026-03-02T11:59Z\nu,2,\n")
    times = [row["timestamp"] for row in rows_of(path, shift=timedelta(days=30))]
    assert times == [datetime(2026, 4, 1, 11, 59, tzinfo=UTC), None]


def test_progress_reaches_the_whole_file(write):
    path = write("x.csv", "user_id,item_id\n" + "u,1\n" * 100)
    report = Report()
    rows_of(path, report, chunk_rows=10)
    assert report.bytes_read == report.bytes_total == path.stat().st_size


ids = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)
# Hypothesis puts the zone on bounds that have none.
first, last = datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2100-01-01")
times = st.datetimes(first, last, timezones=st.just(UTC))
interactions = st.fixed_dictionaries(
    {
        "user_id": ids,
        "item_id": ids,
        "kind": st.sampled_from(["view", "click", "add_to_cart", "purchase", "like", "dislike"]),
        "timestamp": st.none() | times,
        "order_id": st.none() | ids,
        "quantity": st.none() | st.floats(0, 1e9),
        "value": st.none() | st.floats(-1e9, 1e9),
        "weight": st.none() | st.floats(0, 1e9),
        "market": st.none() | ids,
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(interactions, min_size=1, max_size=12), chunk=st.integers(1, 13))
def test_what_is_written_is_what_is_read_in_every_format_and_chunking(tmp_path, rows, chunk):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "x.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    lines = (json.dumps(row, default=lambda moment: moment.isoformat()) + "\n" for row in rows)
    (tmp_path / "x.jsonl").write_text("".join(lines), encoding="utf-8")
    pq.write_table(pa.Table.from_pylist(rows, schema=INTERACTIONS), tmp_path / "x.parquet")
    for name in ("x.csv", "x.jsonl", "x.parquet"):
        assert rows_of(tmp_path / name, chunk_rows=chunk) == rows


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200) | st.text('",\n\ru1', max_size=60).map(str.encode),
    name=st.sampled_from(["x.csv", "x.jsonl", "x.csv.gz", "x.parquet"]),
)
def test_no_file_whatever_it_holds_ends_in_anything_but_rows_or_a_sentence(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes((b"user_id,item_id\n" if name == "x.csv" else b"") + content)
    with suppress(Invalid):
        rows_of(path)
