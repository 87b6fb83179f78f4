from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from recsys.data.bundled import make
from recsys.data.bundled.cleaning import Line, merchandise, net_of_cancellations, purchases
from recsys.data.bundled.tags import tags_of
from recsys.data.bundled.titles import best_description, title_of

NOON = datetime(2011, 3, 1, 12, tzinfo=UTC)


def line(quantity=1, hours=0, code="85123A", **more):
    values = {
        "invoice": f"{'C' if quantity < 0 else ''}{536365 + hours}",
        "description": "WHITE HOLDER",
        "price": 2.5,
        "customer": "17850",
        "country": "United Kingdom",
    }
    return Line(
        **{**values, "code": code, "quantity": quantity, "time": NOON + timedelta(hours=hours), **more}
    )


def quantities(lines):
    return [(one.invoice, one.quantity) for one in net_of_cancellations(lines)]


@pytest.mark.parametrize(
    "code", ["POST", "DOT", "M", "BANK CHARGES", "gift_0001_20", "C2", "DCGS0003", "1234", "S"]
)
def test_only_merchandise_codes_are_kept(code):
    assert merchandise([line(code=code)]) == []


def test_services_with_a_merchandise_code_are_dropped():
    assert merchandise([line(description="Next Day Carriage")]) == []


def test_lines_without_a_customer_are_dropped():
    assert merchandise([line(customer=None)]) == []


def test_codes_are_folded_to_capitals():
    assert [one.code for one in merchandise([line(code="85123a"), line(code="85123A")])] == [
        "85123A",
        "85123A",
    ]


def test_a_cancellation_is_taken_from_the_latest_sales_before_it():
    lines = [line(5), line(3, hours=1), line(-4, hours=2), line(7, hours=3)]
    assert quantities(lines) == [("536365", 4), ("536368", 7)]


def test_a_sale_that_was_cancelled_whole_is_gone():
    assert quantities([line(5), line(-5, hours=1)]) == []


def test_a_cancellation_touches_neither_other_customers_nor_other_items():
    lines = [line(5, customer="1"), line(5, code="10002"), line(-5, hours=1)]
    assert [one.quantity for one in net_of_cancellations(lines)] == [5, 5]


def test_a_cancellation_of_what_was_sold_before_the_data_begin_is_dropped():
    assert quantities([line(-9), line(5, hours=1)]) == [("536366", 5)]


def test_a_cancellation_at_the_moment_of_the_sale_counts_after_it():
    assert quantities([line(-2, hours=0), line(5)]) == [("536365", 3)]


def test_gifts_without_a_price_are_dropped():
    assert quantities([line(price=0.0)]) == []


def test_equal_lines_of_an_order_are_added_up():
    (one,) = purchases([line(2), line(3, price=2.0)])
    assert (one.quantity, one.value, one.order, one.market) == (5, 11.0, "536365", "United Kingdom")


@pytest.mark.parametrize(
    ("country", "market"), [("EIRE", "Ireland"), ("Unspecified", None), ("France", "France")]
)
def test_markets_are_countries_by_their_names(country, market):
    assert [one.market for one in purchases([line(country=country)])] == [market]


@pytest.mark.parametrize(
    ("description", "title"),
    [
        ("WHITE HANGING HEART T-LIGHT HOLDER", "White Hanging Heart T-Light Holder"),
        ("REGENCY CAKESTAND 3 TIER", "Regency Cake Stand 3 Tier"),
        ("WRAP 50'S  CHRISTMAS", "Wrap 50's Christmas"),
        ("RED WOOLLY HOTTIE WHITE HEART.", "Red Woolly Hottie White Heart"),
        ("DECORATION , WOBBLY RABBIT , METAL ", "Decoration, Wobbly Rabbit, Metal"),
        ("ELEPHANT, BIRTHDAY CARD, ", "Elephant, Birthday Card"),
        ("SET/6 RED SPOTTY PAPER CUPS", "Set of 6 Red Spotty Paper Cups"),
        ("S/4 ICON COASTER,ELVIS LIVES", "Set of 4 Icon Coaster, Elvis Lives"),
        ("BLUE CHECK BAG W HANDLE 34X20CM", "Blue Check Bag with Handle 34x20cm"),
        ("CHARLIE+LOLA RED HOT WATER BOTTLE", "Charlie & Lola Red Hot Water Bottle"),
        ('LETTER "A" BLING KEY RING', 'Letter "A" Bling Key Ring'),
        ('PEARL & SHELL 42"NECKL. GREEN', 'Pearl & Shell 42" Necklace Green'),
        ("GOLD M.O.P. ORBIT NECKLACE", "Gold Mother-of-Pearl Orbit Necklace"),
        ("PAPER LANTERN 9 POINT HOLLY STAR S", "Paper Lantern 9 Point Holly Star"),
        ("BAG 125g SWIRLY MARBLES", "Bag 125g Swirly Marbles"),
        ("I'M ON HOLIDAY METAL SIGN", "I'm on Holiday Metal Sign"),
        ("3D DOG PICTURE PLAYING CARDS", "3D Dog Picture Playing Cards"),
    ],
)
def test_titles_are_written_for_people(description, title):
    assert title_of(description) == title


def test_the_most_frequent_description_of_a_product_wins():
    assert (
        best_description(Counter({"RED BAG": 2, "BLUE BAG": 3, "damaged": 9, "?": 9, "WET?": 9}))
        == "BLUE BAG"
    )
    assert best_description(Counter({"RED BAG": 2, "BLUE BAG": 2})) == "BLUE BAG"
    assert best_description(Counter({"damaged": 9})) is None


@pytest.mark.parametrize(
    ("title", "tags"),
    [
        ("White Hanging Heart T-Light Holder", ("heart", "t-light", "white")),
        ("60 Teatime Fairy Cake Cases", ("baking", "tea")),
        ("Wooden Box Advent Calendar", ("box", "christmas", "wooden")),
        ("Paperweight Save the Planet", ()),
    ],
)
def test_tags_are_earned_by_whole_words(title, tags):
    assert tags_of(title) == tags


@pytest.mark.parametrize(
    ("moment", "earlier"),
    [((2011, 12, 9), (2011, 9, 9)), ((2011, 5, 31), (2011, 2, 28)), ((2011, 3, 30), (2010, 12, 30))],
)
def test_months_are_those_of_the_calendar(moment, earlier):
    assert make.months_before(datetime(*moment, tzinfo=UTC), 3) == datetime(*earlier, tzinfo=UTC)


@pytest.fixture
def source(tmp_path):
    rows = [
        line(),
        line(2, hours=1, code="85123a"),
        line(3, hours=2, code="85123B", country="EIRE"),
        line(code="POST"),
    ]
    table = pa.table(
        {
            "InvoiceNo": [one.invoice for one in rows],
            "StockCode": [one.code for one in rows],
            "Description": [one.description for one in rows],
            "Quantity": [one.quantity for one in rows],
            "InvoiceDate": pa.array([one.time.replace(tzinfo=None) for one in rows], pa.timestamp("s")),
            "UnitPrice": [one.price for one in rows],
            "CustomerID": [int(one.customer) for one in rows],
            "Country": [one.country for one in rows],
        }
    )
    pq.write_table(table, tmp_path / "source.parquet")
    pacsv.write_csv(table, tmp_path / "source.csv")
    return tmp_path


def test_the_same_source_gives_the_same_bytes_as_parquet_and_as_csv(source):
    made = []
    for name in ("source.parquet", "source.csv", "source.parquet"):
        folder = source / f"made-{len(made)}"
        folder.mkdir()
        assert make.main([str(source / name), str(folder)]) == 0
        made.append([(folder / file).read_bytes() for file in ("items.parquet", "interactions.parquet")])
    assert made[0] == made[1] == made[2]


def test_the_script_writes_our_own_formats(source):
    make.main([str(source / "source.parquet"), str(source)])
    items = pq.read_table(source / "items.parquet").to_pylist()
    assert [(item["item_id"], item["group_id"], item["available"]) for item in items] == [
        ("85123A", "85123", True),
        ("85123B", "85123", True),
    ]
    bought = pq.read_table(source / "interactions.parquet").to_pylist()
    assert [(one["user_id"], one["item_id"], one["quantity"], one["market"]) for one in bought] == [
        ("17850", "85123A", 1, "United Kingdom"),
        ("17850", "85123A", 2, "United Kingdom"),
        ("17850", "85123B", 3, "Ireland"),
    ]


def test_the_script_says_how_it_is_called(capsys):
    assert make.main([]) == 2
    assert "SOURCE [FOLDER]" in capsys.readouterr().err
