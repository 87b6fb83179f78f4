"""The address of the surface page carries everything that the editor is looking at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder

from curation_ui.surfaces.view import Show, View, read_view, safe_view
from recsys.domain.errors import Invalid
from recsys.domain.rules import RowSettings, SurfaceSettings, surface_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ZONE = "Europe/London"
PRODUCT = SurfaceSettings(
    id=surface_id("product"),
    slug="product",
    title="Product page",
    rows=(RowSettings(), RowSettings(name="more")),
    context=True,
)
HOME = SurfaceSettings(id=surface_id("home"), slug="home", title="Home")

ids = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters=","), min_size=1, max_size=20
).filter(lambda text: text == text.strip())
views = st.builds(
    View,
    surface=st.just("product"),
    row=st.sampled_from(["main", "more"]),
    many=st.just(True),
    whole=st.booleans(),
    shopper=ids,
    market=ids,
    segments=st.lists(ids, max_size=3, unique=True).map(tuple),
    at=st.sampled_from(["", "2026-11-30T18:00"]),
    zone=st.just(ZONE),
    context=st.lists(ids, max_size=2, unique=True).map(tuple),
    show=st.sampled_from(Show),
    rules=st.booleans(),
    slot=st.none() | st.integers(1, 500),
    limit=st.none() | st.integers(1, 500),
).map(lambda view: replace(view, row="main") if view.whole else view)


def asked(**arguments: object) -> MultiDict[str, str]:
    return EnvironBuilder(query_string=urlencode(arguments, doseq=True)).get_request().args


@given(views)
def test_a_view_can_be_shared_through_its_address(view):
    assert read_view(PRODUCT, asked(**view.arguments()), ZONE) == view


def test_what_is_live_has_all_rows_also_where_the_draft_leaves_one():
    live, draft = PRODUCT, SurfaceSettings(id=PRODUCT.id, slug="product", title="Product page")
    for show, whole in (("live", True), ("difference", True), ("draft", False)):
        view = read_view(draft, asked(show=show), ZONE, live)
        assert (view.many, view.whole) == (whole, whole), show


def test_an_empty_address_looks_at_the_draft_as_anybody_now():
    view = read_view(HOME, asked(), ZONE)
    assert (view.show, view.shopper, view.rules) == (Show.DRAFT, "", True)
    assert view.moment(NOW) == NOW
    assert view.arguments() == {}


def test_a_moment_is_read_in_its_own_zone():
    view = read_view(HOME, asked(at="2026-11-30T18:00", zone="America/New_York"), ZONE)
    assert view.moment(NOW) == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_a_local_time_that_the_clocks_skip_is_refused_with_words():
    view = read_view(HOME, asked(at="2026-03-29T01:30", zone=ZONE), ZONE)
    with pytest.raises(Invalid, match="does not exist in Europe/London"):
        view.moment(NOW)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"as": "x" * 129}, "as"),
        ({"show": "both"}, "show"),
        ({"row": "none"}, "row"),
    ],
)
def test_what_cannot_be_read_is_named(arguments, field):
    with pytest.raises(Invalid) as refused:
        read_view(HOME, asked(**arguments), ZONE)
    assert refused.value.field == field


def test_a_surface_without_context_ignores_one():
    assert read_view(HOME, asked(context="85123A"), ZONE).context == ()


def test_a_context_item_may_hold_a_comma():
    assert read_view(PRODUCT, asked(context="a,b"), ZONE).context == ("a,b",)


def test_an_address_that_cannot_be_read_still_keeps_its_shopper():
    assert safe_view(HOME, asked(**{"as": "17850", "show": "both"}), ZONE).shopper == "17850"


def test_a_question_asks_for_the_row_as_it_is_set_up_unless_the_address_says_more():
    assert View(surface="home").question(NOW, 20).limit == 20
    assert View(surface="home", limit=60).question(NOW, 20).limit == 60
