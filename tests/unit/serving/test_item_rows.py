"""What rows of `POST /v1/items` may hold, and what they make of the catalog."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.domain.catalog import Item
from recsys.serving.bodies import MAX_BODY_BYTES, read_json
from recsys.serving.item_rows import MAX_ROWS, read_rows, revised
from recsys.serving.problems import Problem

MUG = Item(
    "A1", "Mug", 4.0, "GBP", ("red",), available=True, stock=3, attributes={"brand": "Acme", "size": 2}
)


def refused(call, *arguments) -> list[str]:
    with pytest.raises(Problem) as caught:
        call(*arguments)
    assert caught.value.status == 400
    return [error.field for error in caught.value.errors]


def applied(row, item=MUG):
    known = {} if item is None else {item.item_id: item}
    return revised(read_rows({"items": [row]}), known)[0]


def test_a_row_changes_the_fields_that_it_gives_and_keeps_the_rest():
    after = applied({"item_id": "A1", "stock": 0, "available": False})
    assert after == Item(
        "A1", "Mug", 4.0, "GBP", ("red",), available=False, stock=0, attributes=MUG.attributes
    )


def test_null_empties_a_field():
    after = applied({"item_id": "A1", "price": None, "tags": None, "stock": None})
    assert (after.price, after.tags, after.stock) == (None, (), None)


def test_attributes_change_one_by_one():
    after = applied({"item_id": "A1", "attributes": {"brand": "Other", "size": None, "new": True}})
    assert after.attributes == {"brand": "Other", "new": True}


def test_a_new_item_is_made_of_its_row_alone():
    row = {
        "item_id": "B2",
        "title": "  Tea   tin ",
        "price": 3,
        "currency": "gbp",
        "tags": ["tin", "tea", "tin"],
        "markets": ["FR"],
        "group_id": "g",
        "url": "/b2",
        "image_url": "https://img.example/b2.png",
        "added_at": "2026-11-01T10:00:00+01:00",
    }
    assert applied(row, None) == Item(
        "B2",
        "Tea tin",
        3.0,
        "GBP",
        ("tin", "tea"),
        ("FR",),
        True,
        "g",
        "https://img.example/b2.png",
        "/b2",
        datetime(2026, 11, 1, 9, tzinfo=UTC),
    )


def test_a_new_item_needs_a_title():
    rows = read_rows({"items": [{"item_id": "A1", "price": 1}, {"item_id": "B2", "price": 1}]})
    assert refused(revised, rows, {"A1": MUG}) == ["items[1].title"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", None),
        ("title", 5),
        ("price", -1),
        ("price", "4"),
        ("price", True),
        ("currency", "POUND"),
        ("tags", "red|blue"),
        ("tags", [1]),
        ("markets", ["a\nb"]),
        ("available", "yes"),
        ("available", 1),
        ("available", None),
        ("url", "javascript:alert(1)"),
        ("added_at", "yesterday"),
        ("stock", 1.5),
        ("stock", -1),
        ("stock", 1e300),
        ("attributes", []),
        ("attributes.size", {}),
        ("item_id", "x"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_row(field, value):
    row = {"item_id": "A1"}
    if field == "attributes.size":
        row["attributes"] = {"size": value}
    elif field == "item_id":
        row["item_id"] = "\x00"
    else:
        row[field] = value
    assert refused(read_rows, {"items": [{"item_id": "ok", "title": "Fine"}, row]}) == [f"items[1].{field}"]


def test_an_unknown_field_is_refused():
    assert refused(read_rows, {"items": [{"item_id": "A1", "titel": "Mug"}]}) == ["items[0].titel"]


def test_everything_wrong_is_listed_at_once():
    rows = [{"item_id": "A1", "price": -1, "stock": "many"}, {"title": "No id"}, 5]
    assert refused(read_rows, {"items": rows}) == [
        "items[0].price",
        "items[0].stock",
        "items[1].item_id",
        "items[2]",
    ]


def test_the_same_item_twice_is_refused():
    assert refused(read_rows, {"items": [{"item_id": "A1"}, {"item_id": "A1"}]}) == ["items[1].item_id"]


@pytest.mark.parametrize(
    "body", [None, [], {}, {"items": []}, {"items": {}}, {"items": [{"item_id": "a"}], "mode": "fast"}]
)
def test_a_body_of_another_shape_is_refused(body):
    assert refused(read_rows, body)


def test_more_than_a_thousand_rows_are_refused():
    rows = [{"item_id": str(number)} for number in range(MAX_ROWS + 1)]
    assert refused(read_rows, {"items": rows}) == ["items"]
    assert len(read_rows({"items": rows[:MAX_ROWS]})) == MAX_ROWS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["item_id", "title", "price", "tags", "available", "stock", "attributes", "url"])


@given(st.lists(st.dictionaries(names, json_values, max_size=4), max_size=4))
def test_any_rows_are_taken_or_refused_with_reasons(rows):
    outcome = taken_or_refused(rows)
    if isinstance(outcome, Problem):
        assert outcome.status == 400
        assert outcome.errors
    else:
        assert [item.item_id for item in outcome] == [row["item_id"] for row in rows]


def taken_or_refused(rows):
    try:
        return revised(read_rows({"items": rows}), {})
    except Problem as problem:
        return problem


def test_a_body_that_is_not_declared_as_json_is_refused(incoming):
    with pytest.raises(Problem) as caught:
        read_json(incoming(method="POST", body=b"{}", content_type="text/plain", content_length="2"))
    assert caught.value.status == 415


@pytest.mark.parametrize(("length", "chunked"), [(str(MAX_BODY_BYTES + 1), None), (None, "chunked")])
def test_a_body_that_is_too_large_is_refused(incoming, length, chunked):
    headers = {"content_type": "application/json"}
    headers |= {"content_length": length} if length else {"transfer_encoding": chunked}
    with pytest.raises(Problem) as caught:
        read_json(incoming(method="POST", body=b" " * (MAX_BODY_BYTES + 1), **headers))
    assert caught.value.status == 413


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":NaN}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(incoming, body):
    http = incoming(
        method="POST",
        body=body,
        content_type="application/json; charset=utf-8",
        content_length=str(len(body)),
    )
    with pytest.raises(Problem) as caught:
        read_json(http)
    assert caught.value.status == 400
    assert caught.value.errors[0].field == "body"
