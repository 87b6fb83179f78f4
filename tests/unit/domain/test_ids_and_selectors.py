"""What an id may be; which items a selector or a target covers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import AT, DAY, ITEMS, VARIANTS

from recsys.domain.catalog import Item
from recsys.domain.errors import Invalid
from recsys.domain.ids import MAX_ID_BYTES, check_id, check_slug
from recsys.domain.selectors import MAX_AGE_DAYS, Selector, Target

PLAIN = Item(item_id=ITEMS[0], title="Plain")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=32))
def test_any_text_without_control_characters_is_an_id_and_stays_as_it_is(value: str) -> None:
    assert check_id(value, "item_id") is value


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("", "empty"),
        ("a\nb", "control"),
        ("\x7f", "control"),
        ("\x85", "control"),
        ("\ud800", "UTF-8"),
        ("é" * 65, "130 bytes"),
    ],
)
def test_what_is_no_id_is_refused_with_the_field_and_the_ground(value: str, word: str) -> None:
    with pytest.raises(Invalid, match=word) as refused:
        check_id(value, "item_id")
    assert refused.value.field == "item_id"


def test_the_longest_id_is_counted_in_bytes() -> None:
    assert check_id("é" * 64, "item_id")
    assert len(("é" * 64).encode()) == MAX_ID_BYTES


@pytest.mark.parametrize("slug", ["spring", "spring-2026", "a", "x" * 60])
def test_a_slug_can_stand_in_an_address(slug: str) -> None:
    assert check_slug(slug, "slug") == slug


@pytest.mark.parametrize(
    "slug", ["", "Spring", "spring--sale", "-a", "a-", "a b", "a/b", "é", "x" * 61, "a\n"]
)
def test_what_cannot_stand_in_an_address_is_no_slug(slug: str) -> None:
    with pytest.raises(Invalid, match="small letters"):
        check_slug(slug, "slug")


@pytest.mark.parametrize(
    ("selector", "item", "covered"),
    [
        ({"tags": ("red", "blue")}, {"tags": ("blue", "gift")}, True),
        ({"tags": ("red",)}, {"tags": ()}, False),
        ({"price_min": 5.0}, {"price": 5.0}, True),
        ({"price_max": 5.0}, {"price": 5.0}, True),
        ({"price_max": 5.0}, {"price": 5.01}, False),
        ({"price_min": 0.0}, {"price": None}, False),
        ({"min_age_days": 10}, {"added_at": AT - 10 * DAY}, True),
        ({"min_age_days": 10}, {"added_at": AT - 10 * DAY + timedelta(seconds=1)}, False),
        ({"max_age_days": 10}, {"added_at": AT - 10 * DAY}, False),
        ({"max_age_days": 10}, {"added_at": AT - 10 * DAY + timedelta(seconds=1)}, True),
        ({"max_age_days": 10}, {"added_at": None}, False),
        ({"min_age_days": 0}, {"added_at": AT}, True),
        ({"market": "FR"}, {"markets": ("FR", "DE")}, True),
        ({"market": "FR"}, {"markets": ("DE",)}, False),
        ({"market": "FR"}, {"markets": ()}, True),
        ({"group_id": "g1"}, {"group_id": "g1"}, True),
        ({"group_id": "g1"}, {"group_id": None}, False),
        ({"tags": ("red",), "price_max": 5.0}, {"tags": ("red",), "price": 6.0}, False),
    ],
)
def test_a_selector_covers_what_satisfies_every_part_and_no_missing_field_does(
    selector, item, covered: bool
) -> None:
    made = Item(item_id=ITEMS[0], title="Made", **item)
    assert Selector(**selector).matches(made, AT) is covered


parts = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.sampled_from([("red",), ("red", "gift")]),
        "price_min": st.sampled_from([5.0, 10.0]),
        "price_max": st.sampled_from([10.0, 20.0]),
        "min_age_days": st.sampled_from([0, 10]),
        "max_age_days": st.sampled_from([30, 100]),
        "market": st.sampled_from(["FR", "DE"]),
        "group_id": st.sampled_from(["g1", "g2"]),
    },
).filter(bool)


@given(parts)
def test_a_selector_covers_what_all_of_its_parts_cover_alone(given_parts) -> None:
    for item in VARIANTS:
        alone = [Selector(**{name: value}).matches(item, AT) for name, value in given_parts.items()]
        assert Selector(**given_parts).matches(item, AT) == all(alone)


@pytest.mark.parametrize(
    ("selector", "word"),
    [
        ({}, "names nothing"),
        ({"price_min": -1.0}, "0 or more"),
        ({"price_max": float("nan")}, "0 or more"),
        ({"price_max": float("inf")}, "0 or more"),
        ({"price_min": 2.0, "price_max": 1.0}, "above the upper"),
        ({"min_age_days": 3, "max_age_days": 2}, "above the upper"),
        ({"min_age_days": 10**12}, "at most"),
        ({"tags": ("",)}, "empty"),
    ],
)
def test_a_selector_that_makes_no_sense_is_refused(selector, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        Selector(**selector)


def test_the_greatest_age_can_be_measured() -> None:
    assert not Selector(min_age_days=MAX_AGE_DAYS).matches(Item(item_id=ITEMS[0], title="", added_at=AT), AT)


def test_a_target_is_one_item_or_a_selector_and_never_both_or_neither() -> None:
    red = Selector(tags=("red",))
    assert Target(item_id=ITEMS[0]).matches(PLAIN, AT)
    assert not Target(item_id=ITEMS[1]).matches(PLAIN, AT)
    assert not Target(selector=red).matches(PLAIN, AT)
    for wrong in ({}, {"item_id": ITEMS[0], "selector": red}):
        with pytest.raises(Invalid, match="either"):
            Target(**wrong)
