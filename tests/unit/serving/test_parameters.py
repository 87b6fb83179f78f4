"""What the query string of `GET /v1/recommendations` may hold."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.serving.item_fields import ITEM_FIELDS
from recsys.serving.parameters import PARAMETERS, Asked, parse_parameters
from recsys.serving.problems import Problem
from recsys.serving.query import MAX_PAIRS
from recsys.serving.remembered import read_query


def refused(query: str) -> dict[str, str]:
    """The fields that are refused, with what is said of them."""
    with pytest.raises(Problem) as caught:
        parse_parameters(query)
    assert caught.value.status == 400
    return {error.field: error.message for error in caught.value.errors}


def test_what_is_left_out_has_its_documented_default():
    assert parse_parameters("surface=home") == Asked(
        surface="home", row="main", limit=20, personalised=True, rules=True
    )


def test_every_parameter_is_read():
    query = urlencode(
        [
            ("surface", "product"),
            ("row", "more"),
            ("user_id", "Zoë 1"),
            ("session_id", "s"),
            ("limit", "7"),
            ("cursor", "abc"),
            ("market", "FR"),
            ("segment", "vip"),
            ("segment", "new"),
            ("context_item", "a"),
            ("exclude", "b"),
            ("exclude", "b"),
            ("tag", "red"),
            ("price_min", "1"),
            ("price_max", "2.50"),
            ("fields", "title"),
            ("personalised", "false"),
            ("rules", "off"),
            ("at", "2026-11-21T10:00:00+01:00"),
        ]
    )
    assert parse_parameters(query) == Asked(
        surface="product",
        row="more",
        user_id="Zoë 1",
        session_id="s",
        limit=7,
        cursor="abc",
        market="FR",
        segment=("vip", "new"),
        context_item=("a",),
        exclude=("b",),
        tag=("red",),
        price_min=1.0,
        price_max=2.5,
        fields=("title",),
        personalised=False,
        rules=False,
        at=datetime(2026, 11, 21, 9, tzinfo=UTC),
    )


def test_the_surface_is_required():
    assert "surface" in refused("user_id=ann")


def test_everything_wrong_is_listed_at_once():
    assert set(refused("limit=0&colour=red&rules=maybe")) == {"limit", "colour", "rules", "surface"}


def test_an_unknown_parameter_is_named_and_the_known_ones_are_told():
    message = refused("surface=home&users=ann")["users"]
    assert "not a parameter" in message
    assert "user_id" in message


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "1.5", "ten", "", "1e2", "٣", " 5", "99999999999999999999"]
)
def test_a_limit_outside_1_to_100_is_refused(limit):
    assert list(refused(urlencode({"surface": "home", "limit": limit}))) == ["limit"]


@pytest.mark.parametrize("name", sorted(name for name, each in PARAMETERS.items() if each.most == 1))
def test_a_parameter_for_one_value_is_refused_twice(name):
    assert "once" in refused(f"surface=home&{name}=true&{name}=true")[name]


@pytest.mark.parametrize("name", sorted(name for name, each in PARAMETERS.items() if each.most > 1))
def test_a_repeated_parameter_has_a_most(name):
    most = PARAMETERS[name].most
    assert "at most" in refused("surface=home" + f"&{name}=title" * (most + 1))[name]
    assert getattr(parse_parameters("surface=home" + f"&{name}=title" * most), name) == ("title",)


@pytest.mark.parametrize("name", ["user_id", "session_id", "market", "segment", "exclude", "context_item"])
@pytest.mark.parametrize("value", ["", "a" * 129, "a\nb", "\x85"])
def test_what_cannot_be_an_id_is_refused(name, value):
    assert list(refused(urlencode({"surface": "home", name: value}))) == [name]


@pytest.mark.parametrize("name", ["personalised"])
@pytest.mark.parametrize("value", ["True", "1", "yes", "on", ""])
def test_a_truth_value_is_true_or_false(name, value):
    assert list(refused(f"surface=home&{name}={value}")) == [name]


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "1e400", "1_000", "12,5", ""])
def test_a_price_is_a_plain_number(value):
    assert list(refused(f"surface=home&price_min={value}")) == ["price_min"]


def test_a_price_range_is_not_upside_down():
    assert list(refused("surface=home&price_min=5&price_max=4")) == ["price_max"]


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2026-11-21",
        "2026-13-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "2026-11-21T10:00:00 01:00",
    ],
)
def test_a_time_that_is_none_is_refused(value):
    assert list(refused(urlencode({"surface": "home", "at": value}))) == ["at"]


def test_a_time_without_an_offset_is_utc():
    assert parse_parameters("surface=home&at=2026-11-21T10:00:00").at == datetime(
        2026, 11, 21, 10, tzinfo=UTC
    )


def test_an_unknown_field_is_refused_and_the_known_ones_are_told():
    message = refused("surface=home&fields=colour")["fields"]
    assert all(name in message for name in ITEM_FIELDS)


def test_text_that_is_not_utf_8_is_refused():
    assert refused("surface=home&user_id=%FF%FE") == {
        "user_id": "is not UTF-8 text; percent-encode it as UTF-8"
    }


def test_too_many_values_are_refused_before_they_are_read():
    assert list(refused("surface=home" + "&exclude=a" * MAX_PAIRS)) == ["query"]


@given(st.text(max_size=300))
def test_any_query_is_answered_or_refused_with_reasons(query):
    outcome = read_or_refused(query)
    if isinstance(outcome, Problem):
        assert outcome.status == 400
        assert outcome.errors
        assert all(error.message for error in outcome.errors)
    else:
        assert 1 <= outcome.limit <= 100


def remembered(query):
    return read_query(query).asked


def read_or_refused(query, read=parse_parameters):
    try:
        return read(query)
    except Problem as problem:
        return problem


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs")), min_size=1, max_size=32))
def test_any_id_comes_through_byte_for_byte(user_id):
    assert parse_parameters(urlencode({"surface": "home", "user_id": user_id})).user_id == user_id


PAIRS = st.sampled_from(
    [
        "surface=home", "surface=", "row=main", "limit=5", "limit=0", "user_id=ann", "user_id=", "user_id", "user_id=a%20b",
        "session_id=s1", "session_id=s+1", "market=GB", "tag=tea", "tag=cake", "cursor=abc", "%75ser_id=bob", "user_id=ä",
        "user_id=\x00", "nothing", "",
    ]
)  # fmt: skip


@given(st.lists(PAIRS, max_size=6).map("&".join))
def test_a_remembered_query_is_read_as_one_that_is_read_for_the_first_time(query):
    told = [read_or_refused(query, read) for read in (parse_parameters, remembered, remembered)]
    refused = [isinstance(each, Problem) and (each.status, each.errors) for each in told]
    assert refused[1:] == refused[:1] * 2
    assert refused[0] or told[1:] == told[:1] * 2
