"""One gesture on the grid makes one rule; the rules of pinning, placing and adding, without a page."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from curation_ui.surfaces.making import (
    Audience,
    add_member,
    audiences,
    boost_item,
    own_pin,
    pin_item,
    place_theme,
    read_audience,
    read_slot,
    read_slots,
    scope_for,
    veto_item,
)
from curation_ui.surfaces.view import View
from recsys.domain.errors import Invalid
from recsys.domain.rules import Pin, RowSettings, RuleSet, SurfaceSettings, Theme, surface_id, theme_id
from recsys.domain.scopes import EVERYWHERE, Scope

HOME = SurfaceSettings(id=surface_id("home"), slug="home", title="Home")
PRODUCT = SurfaceSettings(id=surface_id("product"), slug="product", title="Product page", context=True)
HERE = Scope(surface="home")
PINNED = Pin(id="pin-a", slot=4, item_id="mug", scope=HERE)
TEA = Theme(id=theme_id("tea"), slug="tea", title="Tea", picks=("mug",), excluded=("tin",))


def fresh_ids():
    numbers = itertools.count(1)
    return lambda kind: f"{kind}-{next(numbers)}"


def test_pinning_an_item_makes_a_pin_at_the_slot():
    pin = pin_item(RuleSet(), "mug", 3, HERE, fresh_ids())
    assert (pin.id, pin.item_id, pin.slot, pin.scope) == ("pin-1", "mug", 3, HERE)


def test_pinning_an_item_that_is_pinned_in_the_same_scope_moves_its_pin():
    assert pin_item(RuleSet([PINNED]), "mug", 2, HERE, fresh_ids()) == replace(PINNED, slot=2)


def test_a_pin_for_another_audience_is_another_pin():
    pin = pin_item(RuleSet([PINNED]), "mug", 2, Scope(surface="home", market="FR"), fresh_ids(), "pin-a")
    assert pin.id == "pin-1"


def test_moving_a_paused_pin_lets_it_act_again():
    assert not pin_item(RuleSet([replace(PINNED, paused=True)]), "mug", 2, HERE, fresh_ids()).paused


def test_the_pin_of_a_theme_is_not_an_items_own():
    theme_pin = Pin(id="pin-t", slot=5, theme=TEA.id, scope=HERE)
    assert own_pin(RuleSet([theme_pin]), "mug", "pin-t") is None
    assert own_pin(RuleSet([PINNED]), "mug", "pin-a") == PINNED


def test_a_theme_is_placed_once_a_slot():
    pins = place_theme(RuleSet([TEA]), "tea", [5, 9], HERE, fresh_ids())
    assert [(pin.slot, pin.theme) for pin in pins] == [(5, TEA.id), (9, TEA.id)]


def test_slots_where_the_theme_stands_already_are_left_out():
    standing = Pin(id="pin-t", slot=5, theme=TEA.id, scope=HERE)
    assert [pin.slot for pin in place_theme(RuleSet([TEA, standing]), "tea", [5, 9], HERE, fresh_ids())] == [
        9
    ]
    with pytest.raises(Invalid, match="stands there already"):
        place_theme(RuleSet([TEA, standing]), "tea", [5], HERE, fresh_ids())


def test_an_unknown_theme_is_refused():
    with pytest.raises(Invalid, match="choose one of the themes"):
        place_theme(RuleSet(), "tea", [5], HERE, fresh_ids())
    with pytest.raises(Invalid, match="choose one of the themes"):
        add_member(RuleSet(), "tea", "mug")


def test_an_item_joins_a_theme_as_its_last_pick_and_is_no_longer_excluded():
    theme = add_member(RuleSet([TEA]), "tea", "tin")
    assert (theme.picks, theme.excluded) == (("mug", "tin"), ())


def test_an_item_joins_a_theme_once():
    with pytest.raises(Invalid, match="already"):
        add_member(RuleSet([TEA]), "tea", "mug")


def test_a_veto_needs_a_reason():
    with pytest.raises(Invalid) as refused:
        veto_item("mug", "  ", HERE, fresh_ids())
    assert refused.value.field == "reason"


def test_boosting_again_changes_the_boost_that_is_there():
    boost = boost_item(RuleSet(), "mug", 1.5, HERE, fresh_ids())
    again = boost_item(RuleSet([boost]), "mug", 0.5, HERE, fresh_ids())
    assert (again.id, again.factor) == (boost.id, 0.5)


@pytest.mark.parametrize(("text", "slots"), [("5, 9", [5, 9]), ("9;5 5", [5, 9]), ("500", [500])])
def test_slots_are_read_as_people_type_them(text, slots):
    assert read_slots(text) == slots


@pytest.mark.parametrize("text", ["", "0", "501", "1.5", "-3", "²", "9999999999"])
def test_a_slot_is_a_whole_number_from_1_to_500(text):
    with pytest.raises(Invalid):
        read_slot(text)
    with pytest.raises(Invalid):
        read_slots(text)


def test_beside_an_item_the_shoppers_beside_it_are_offered_first():
    view = View(surface="product", context=("mug",), shopper="17850")
    assert audiences(PRODUCT, view, "FR") == [
        Audience.CONTEXT,
        Audience.EVERYONE,
        Audience.MARKET,
        Audience.SHOPPER,
    ]


@pytest.mark.parametrize(
    ("audience", "scope"),
    [
        (Audience.EVERYONE, Scope(surface="product")),
        (Audience.CONTEXT, Scope(surface="product", context_item="mug")),
        (Audience.MARKET, Scope(surface="product", market="FR")),
        (Audience.SEGMENT, Scope(surface="product", segment="trade")),
        (Audience.SHOPPER, Scope(surface="product", user="17850")),
        (Audience.EVERYWHERE, EVERYWHERE),
    ],
)
def test_each_audience_means_one_scope(audience, scope):
    view = View(surface="product", context=("mug",), shopper="17850", segments=("trade",))
    assert scope_for(PRODUCT, view, audience, "FR") == scope


def test_a_market_that_was_chosen_outranks_the_shoppers_own():
    view = View(surface="home", market="DE")
    assert scope_for(HOME, view, Audience.MARKET, "FR").market == "DE"


@pytest.mark.parametrize("audience", [Audience.MARKET, Audience.SEGMENT, Audience.SHOPPER, Audience.CONTEXT])
def test_an_audience_that_the_page_does_not_name_is_refused(audience):
    with pytest.raises(Invalid):
        scope_for(HOME, View(surface="home"), audience, None)


def test_a_row_is_named_only_where_there_are_several():
    rows = replace(HOME, rows=(RowSettings(), RowSettings(name="more")))
    assert scope_for(HOME, View(surface="home"), Audience.EVERYONE, None).row is None
    assert scope_for(rows, View(surface="home", row="more"), Audience.EVERYONE, None).row == "more"


def test_an_unknown_audience_is_refused():
    with pytest.raises(Invalid):
        read_audience("martians", Audience.EVERYONE)
    assert read_audience("", Audience.CONTEXT) is Audience.CONTEXT
