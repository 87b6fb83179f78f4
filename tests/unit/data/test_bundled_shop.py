from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pyarrow.compute as pc
import pytest

from recsys.data import bundled
from recsys.data.bundled.make import months_before
from recsys.data.bundled.tags import VOCABULARY
from recsys.data.interactions import read_interactions
from recsys.data.items import read_items
from recsys.data.report import Report
from recsys.data.store import InteractionStore
from recsys.data.values import parse_time


@pytest.fixture(scope="module")
def items():
    report = Report()
    read = [item for batch in read_items(bundled.items_path(), report) for item in batch]
    assert (report.bad, report.ignored) == (0, ())
    return {item.item_id: item for item in read}


@pytest.fixture(scope="module")
def purchases(tmp_path_factory):
    report = Report()
    store = InteractionStore(tmp_path_factory.mktemp("bundled"))
    done = store.append(read_interactions(bundled.interactions_path(), report))
    assert (report.bad, report.ignored, done.repeated) == (0, (), 0)
    return store.read()


def sold_at(item):
    return parse_time(item.attributes["last_sold_at"])


def test_the_files_are_under_two_megabytes_together():
    assert bundled.items_path().stat().st_size + bundled.interactions_path().stat().st_size < 2_000_000


def test_licence_and_attribution_lie_beside_the_files():
    text = (bundled.items_path().parent / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert "10.24432/C5BW33" in text
    assert "CC BY 4.0" in text
    assert "## Changes" in text


def test_it_is_a_shop_of_a_real_size(items, purchases):
    assert (len(items), purchases.num_rows) == (3_642, 383_524)
    assert len(pc.unique(purchases["user_id"])) == 4_323


def test_every_interaction_is_a_purchase_in_an_order_of_a_catalog_item(items, purchases):
    assert set(pc.unique(purchases["item_id"]).to_pylist()) == set(items)
    assert pc.unique(purchases["kind"]).to_pylist() == ["purchase"]
    assert purchases["order_id"].null_count == purchases["timestamp"].null_count == 0
    assert not any(order.startswith("C") for order in pc.unique(purchases["order_id"]).to_pylist())
    assert pc.min(purchases["quantity"]).as_py() > 0
    assert pc.min(purchases["value"]).as_py() > 0


def test_ids_are_those_of_the_source(items, purchases):
    assert all(re.fullmatch(r"\d{5}[A-Z]*", item_id) for item_id in items)
    assert all(re.fullmatch(r"\d{5}", user) for user in pc.unique(purchases["user_id"]).to_pylist())


def test_items_are_available_when_they_sold_in_the_last_three_months(items):
    since = months_before(max(map(sold_at, items.values())), 3)
    assert all(item.available == (sold_at(item) >= since) for item in items.values())
    assert 2_000 < sum(item.available for item in items.values()) < len(items)


def test_first_and_last_sale_are_those_of_the_interactions(items, purchases):
    table = (
        purchases.select(["item_id", "timestamp"]).group_by("item_id").aggregate([("timestamp", "min_max")])
    )
    for row in table.to_pylist():
        item = items[row["item_id"]]
        assert (item.added_at, sold_at(item)) == tuple(row["timestamp_min_max"].values())


def test_a_group_is_the_five_digits_that_several_items_share(items):
    members = Counter(item_id[:5] for item_id in items)
    assert all(
        item.group_id == (item_id[:5] if members[item_id[:5]] > 1 else None)
        for item_id, item in items.items()
    )
    assert sum(item.group_id is not None for item in items.values()) > 500


def test_every_item_has_a_price_in_pounds_and_is_sold_everywhere(items):
    assert all(item.price and item.price > 0 and item.currency == "GBP" for item in items.values())
    assert not any(item.markets for item in items.values())


def test_tags_are_those_of_the_vocabulary_and_each_holds_enough_for_a_theme(items):
    counts = Counter(tag for item in items.values() for tag in item.tags)
    assert set(counts) == set(VOCABULARY)
    assert 30 <= len(counts) <= 65
    assert min(counts.values()) >= 20
    assert sum(1 for item in items.values() if not item.tags) < len(items) / 10


def test_titles_are_readable(items):
    for item in items.values():
        assert item.title == " ".join(item.title.split()).strip(" .,-/&")
        assert not re.search(r"[A-Z]{5}|\?| ,|,[^ ]|\.\.", item.title), item.title
        assert item.title[0].isupper() or item.title[0].isdigit(), item.title


def test_markets_are_countries_by_their_names(purchases):
    markets = set(pc.unique(purchases["market"]).to_pylist())
    assert {"United Kingdom", "France", "Ireland", None} <= markets
    assert not markets & {"EIRE", "RSA", "USA", "Unspecified", "European Community"}


def test_the_last_sale_is_at_the_end_of_the_data(items, purchases):
    last = pc.max(purchases["timestamp"]).as_py()
    assert last == max(map(sold_at, items.values()))
    assert last - pc.min(purchases["timestamp"]).as_py() > timedelta(days=365)
