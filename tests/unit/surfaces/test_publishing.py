"""Publishing: what a choice of changes takes along, and the consequences said before it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from curation_ui.publishing.selection import Pick, picked, select
from curation_ui.publishing.warnings import Ground, warnings
from curation_ui.surfaces.concerns import concerns
from curation_ui.words import Names
from recsys.domain.catalog import Item
from recsys.domain.changes import Change, apply_changes, find_conflicts
from recsys.domain.rules import Pin, RuleSet, SurfaceSettings, Theme, Veto, surface_id, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.domain.windows import Window
from recsys.services.drafting import Draft

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOME = Scope(surface="home")
SURFACES = [
    SurfaceSettings(id=surface_id(slug), slug=slug, title=slug.title()) for slug in ("home", "product")
]
LIVE = RuleSet(SURFACES)
TEA = Theme(id=theme_id("tea"), slug="tea", title="Tea", picks=("mug", "tin"))
ITEMS = {name: Item(name, name.title()) for name in ("mug", "tin", "clock")}


def made(number: int, rule, author: str = "ann@shop.example") -> Change:
    return Change(number, rule.id, None, rule, author, NOW)


def draft(*changes: Change, live: RuleSet = LIVE) -> Draft:
    return Draft(
        live, 1, "run-1", changes, apply_changes(live, changes), tuple(find_conflicts(live, changes)), 1
    )


def pin(name: str = "pin-a", slot: int = 3, item: str | None = "mug", **more) -> Pin:
    return Pin(id=name, slot=slot, item_id=item, **{"scope": HOME, **more})


def said(*rules, gone: frozenset[str] = frozenset(), touched: frozenset[str] | None = None) -> list[str]:
    ground = Ground(
        rules=RuleSet([*SURFACES, *rules]),
        names=Names(ITEMS, RuleSet([*SURFACES, *rules])),
        at=NOW,
        find=ITEMS.get,
        sellable=lambda item_id, _market: item_id in ITEMS and item_id not in gone,
        members=lambda theme: set(theme.picks) - gone,
    )
    return [each.text for each in warnings(ground, touched or {rule.id for rule in rules})]


def test_choosing_only_ones_own_changes_leaves_the_others_out():
    found = draft(made(1, pin()), made(2, pin("pin-b", 4, "tin"), "bob@shop.example"))
    assert picked(found, Pick.MINE, "ann@shop.example", "") == {1}
    assert picked(found, Pick.ALL, "ann@shop.example", "") == {1, 2}


def test_choosing_a_surface_takes_along_the_theme_that_its_pins_need():
    placed = pin("pin-t", 5, None, theme=TEA.id)
    elsewhere = pin("pin-p", 1, "tin", scope=Scope(surface="product"))
    found = draft(made(1, TEA), made(2, placed), made(3, elsewhere))
    assert picked(found, Pick.SURFACE, "ann@shop.example", "home") == {1, 2}


def test_a_change_in_conflict_is_not_chosen_by_itself_and_holds_a_selection_up():
    seen, other = pin(slot=3), pin(slot=7)
    late = Change(5, "pin-a", seen, pin(slot=4), "ann@shop.example", NOW)
    found = draft(late, live=LIVE.with_rule(other))
    assert picked(found, Pick.ALL, "ann@shop.example", "") == set()
    assert not select(found, {5}).ready


def test_a_selection_says_what_it_leaves_out_though_it_needs_it():
    found = draft(made(1, TEA), made(2, pin("pin-t", 5, None, theme=TEA.id)))
    selection = select(found, {2})
    assert [each.change.id for each in selection.needed] == [1]
    assert not selection.ready
    assert select(found, {1, 2}).ready


def test_changes_that_have_left_the_draft_are_dropped_from_a_selection():
    assert select(draft(made(1, pin())), {99}).chosen == ()


def test_rules_that_hold_everywhere_concern_every_surface():
    everywhere = made(1, Veto(id="veto-a", target=Target("mug"), reason="Recalled"))
    assert concerns(everywhere, "home", LIVE)
    assert not concerns(made(2, pin()), "product", LIVE)


def test_nothing_to_say_about_a_pin_in_good_order():
    assert said(pin()) == []


def test_a_pin_on_an_item_that_is_not_available_is_told():
    assert said(pin(), gone=frozenset({"mug"})) == [
        "Mug is not available: slot 3 goes to the next item until it is back."
    ]


def test_a_pin_on_an_item_that_the_catalog_lacks_is_told():
    assert said(pin(item="ghost")) == ["ghost is not in the catalog: slot 3 goes to the next item."]


def test_a_veto_over_a_pinned_item_is_told():
    veto = Veto(id="veto-a", target=Target("mug"), reason="Recalled")
    assert said(pin(), veto) == ["A veto keeps Mug out of its slot 3: “Recalled”."]
    assert said(pin(), veto, touched=frozenset({"veto-a"})) == [
        "A veto keeps Mug out of its slot 3: “Recalled”."
    ]


def test_a_veto_that_never_meets_the_pin_is_not_told():
    veto = Veto(id="veto-a", target=Target("mug"), reason="Recalled", scope=Scope(surface="product"))
    assert said(pin(), veto) == []


def test_a_theme_with_fewer_members_than_slots_is_told():
    placed = [pin(f"pin-{slot}", slot, None, theme=TEA.id) for slot in (5, 9)]
    assert said(TEA, *placed) == []
    assert said(TEA, *placed, gone=frozenset({"tin"})) == [
        "“Tea” has 1 member that can be shown and 2 slots to fill."
    ]


def test_a_window_that_is_over_is_told():
    over = pin(window=Window(None, NOW - timedelta(hours=1)))
    assert said(over) == ["The time of Mug is over: it will not act."]


def test_two_pins_for_one_slot_are_told_with_the_winner():
    strong = pin("pin-b", 3, "tin", priority=5)
    assert said(pin(), strong) == ["Slot 3: Tin wins over Mug where both hold."]


def test_rules_that_the_selection_does_not_touch_are_not_talked_about():
    assert said(pin(), pin("pin-b", 4, "tin"), gone=frozenset({"mug"}), touched=frozenset({"pin-b"})) == []
