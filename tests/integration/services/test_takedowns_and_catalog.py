from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.selectors import Selector, Target
from recsys.services.auditing import entries
from recsys.services.catalog import count, find_items, set_availability, upsert_items
from recsys.services.takedowns import lift, standing, take_down, takedowns
from recsys.slates.finding import Wanted, find
from recsys.slates.refresh import LiveHolder
from tests.integration.shops import ADA, ANN, PAT, everything, item

LAMP = Target(item_id="lamp")


@pytest.fixture
def stocked(shop):
    """Give a shop with three items."""
    upsert_items(
        shop,
        ADA,
        [
            item("lamp", "White Hanging Lamp"),
            item("tea_1", "Café tea set", tags=("tea", "kitchen"), price=9.5, currency="GBP", stock=3),
            item("85123A", "Hanging heart T-Light holder", available=False),
        ],
    )
    return shop


def found_in(shop, wanted, limit=20):
    holder = LiveHolder(shop.database, shop.settings, clock=shop.clock)
    return [each.item_id for each in find(holder.catch_up(), wanted, limit)]


def revisions(shop):
    with shop.database.read() as unit:
        pointer = unit.state.pointer()
    return pointer.catalog_revision, pointer.overlay_revision


def test_a_takedown_stands_until_it_is_lifted(stocked):
    taken = take_down(stocked, PAT, LAMP, reason="recalled")
    assert standing(stocked) == [taken]
    assert (taken.reason, taken.author, taken.standing) == ("recalled", PAT.name, True)
    lifted = lift(stocked, PAT, taken.id, reason="repaired")
    assert (lifted.lifted_by, lifted.lift_reason, lifted.standing) == (PAT.name, "repaired", False)
    assert standing(stocked) == []
    assert takedowns(stocked) == [lifted]


def test_takedowns_move_the_overlays_alone(stocked):
    catalog, overlay = revisions(stocked)
    taken = take_down(stocked, PAT, Target(selector=Selector(tags=("tea",))), reason="recalled")
    lift(stocked, PAT, taken.id)
    assert revisions(stocked) == (catalog, overlay + 2)


def test_a_takedown_needs_a_reason_a_known_item_and_to_be_new(stocked):
    with pytest.raises(Invalid, match="reason: is required"):
        take_down(stocked, PAT, LAMP, reason="  ")
    with pytest.raises(Invalid, match="no item “lmap”"):
        take_down(stocked, PAT, Target(item_id="lmap"), reason="recalled")
    taken = take_down(stocked, PAT, LAMP, reason="recalled")
    with pytest.raises(Conflict) as told:
        take_down(stocked, PAT, LAMP, reason="again")
    assert told.value.theirs == taken
    lift(stocked, PAT, taken.id)
    with pytest.raises(Conflict, match="lifted already"):
        lift(stocked, PAT, taken.id)
    assert take_down(stocked, PAT, LAMP, reason="again").id != taken.id


def test_editors_neither_take_down_nor_write_the_catalog(stocked):
    before = everything(stocked)
    for attempt in (
        lambda: take_down(stocked, ANN, LAMP, reason="recalled"),
        lambda: lift(stocked, ANN, "takedown-1"),
        lambda: upsert_items(stocked, PAT, [item("new")]),
        lambda: set_availability(stocked, PAT, ["lamp"], False),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert everything(stocked) == before
    with pytest.raises(NotFound):
        lift(stocked, PAT, "takedown-99")


def test_every_field_of_an_item_comes_back_as_it_was(shop):
    whole = item(
        "85123A",
        "Ünïcode “lamp”",
        price=0.1 + 0.2,
        currency="GBP",
        tags=("a|b", "c"),
        markets=("France",),
        available=False,
        group_id="85123",
        image_url="https://shop.example/a.png",
        url="https://shop.example/a",
        added_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        stock=2**40,
        attributes={"last_sold_at": "2026-01-02", "weight": 1.5, "heavy": True, "boxes": 3},
    )
    upsert_items(shop, ADA, [whole])
    assert find_items(shop, ["85123A", "unknown"]) == {"85123A": whole}


def test_one_write_is_one_revision_and_rows_that_do_not_differ_keep_theirs(stocked):
    catalog, overlay = revisions(stocked)
    again = upsert_items(stocked, ADA, [item("lamp", "White Hanging Lamp"), item("new"), item("tea_1")])
    assert (again.added, again.changed, again.unchanged, again.revision) == (1, 1, 1, catalog + 1)
    assert revisions(stocked) == (catalog + 1, overlay)
    before = everything(stocked)
    nothing = upsert_items(stocked, ADA, [item("new")])
    assert (nothing.touched, nothing.revision) == (0, catalog + 1)
    assert everything(stocked) == before


def test_of_items_with_the_same_id_the_last_one_counts(shop):
    assert upsert_items(shop, ADA, [item("a", "first"), item("a", "last")]).added == 1
    assert find_items(shop, ["a"])["a"].title == "last"


def test_ids_are_compared_byte_for_byte(shop):
    upsert_items(shop, ADA, [item("85123a"), item("85123A"), item("caf\u00e9"), item("cafe\u0301")])
    assert count(shop) == 4


def test_an_item_that_cannot_be_stored_refuses_the_whole_write(shop):
    for bad in (item(""), item("x", "nul \x00"), item("x", tags=("\ud800",)), item("x" * 129)):
        with pytest.raises(Invalid):
            upsert_items(shop, ADA, [item("good"), bad])
    assert count(shop) == 0


def test_availability_changes_for_known_items_only(stocked):
    assert set_availability(stocked, ADA, ["lamp", "85123A"], False).changed == 1
    assert not find_items(stocked, ["lamp"])["lamp"].available
    with pytest.raises(NotFound, match="“unknown”"):
        set_availability(stocked, ADA, ["tea_1", "unknown"], False)
    assert find_items(stocked, ["tea_1"])["tea_1"].available


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hanging", ["lamp", "85123A"]),
        ("HANG lamp", ["lamp"]),
        ("cafe", ["tea_1"]),
        ("Café", ["tea_1"]),
        ("8512", ["85123A"]),
        ("t-light", ["85123A"]),
        ("tea_", ["tea_1"]),
        ("anging", []),
        ("%", []),
        ("_", []),
        ("", []),
        ("lamp' OR 1=1 --", []),
    ],
)
def test_search_finds_by_the_beginnings_of_words_what_can_be_bought_first(stocked, text, found):
    assert found_in(stocked, Wanted(text)) == found


def test_search_gives_no_more_than_asked(stocked):
    assert found_in(stocked, Wanted("hanging"), 1) == ["lamp"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted("kitch"), ["tea_1"]),
        (Wanted(tags=("tea", "unknown")), ["tea_1"]),
        (Wanted(tags=("unknown",)), []),
        (Wanted(price_min=9.5, price_max=9.5), ["tea_1"]),
        (Wanted(price_max=9.4), []),
        (Wanted("hanging", available=True), ["lamp"]),
        (Wanted("hanging", without=frozenset({"lamp"})), ["85123A"]),
        (Wanted(available=True), []),
        (Wanted(like=("lamp",)), []),
    ],
)
def test_search_leaves_out_what_a_filter_does_not_hold(stocked, wanted, found):
    assert found_in(stocked, wanted) == found


def test_the_item_whose_id_is_typed_comes_first_even_when_it_cannot_be_bought(stocked):
    upsert_items(stocked, ADA, [item("hanging", "Zebra", available=False)])
    assert found_in(stocked, Wanted("hanging"))[0] == "hanging"


def test_prices_the_wrong_way_round_are_named():
    with pytest.raises(Invalid, match="lower price"):
        Wanted(price_min=2, price_max=1)


def test_what_changes_in_the_catalog_is_found_at_the_next_look(stocked):
    holder = LiveHolder(stocked.database, stocked.settings, clock=stocked.clock)
    assert find(holder.catch_up(), Wanted("zebra"), 5) == []
    upsert_items(stocked, ADA, [item("new", "Zebra lamp"), item("lamp", "No more")])
    assert [each.item_id for each in find(holder.catch_up(), Wanted("zeb"), 5)] == ["new"]
    assert [each.item_id for each in find(holder.current(), Wanted("hanging"), 5)] == ["85123A"]


def test_an_entry_names_what_was_written(stocked):
    upsert_items(stocked, ADA, [item("lamp", "Lamp")])
    (told,) = entries(stocked, command="catalog.upsert", limit=1)
    assert (told.target, told.after["changed"], told.after["items"]) == ("lamp", 1, ["lamp"])
