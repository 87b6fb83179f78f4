"""Rules out to a file and in again, on both databases: whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recsys.data.rule_files import COLUMNS, read_rules, write_rules
from recsys.data.rule_sheets import MAX_BYTES, MAX_ROWS
from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.rules import Boost, Pin, RuleSet, Theme, Veto, theme_id
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.windows import Window
from recsys.services.bulk import Edit, change_rules, ending, undo_step
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.exchanging import import_rules, plan_import, rules_to_export
from recsys.services.seeding import ensure_first_release
from recsys.storage.audit import AuditFilter
from tests.integration.rule_examples import boosts, pins, vetoes
from tests.integration.shops import ANN, BOB, PAT, VIC, everything, make_shop, save

HOME = Scope(surface="home")
SPRING = Theme(id=theme_id("spring"), slug="spring", title="Spring", picks=(ItemId("x"),))
RULES = (
    Pin(id=RuleId("pin-1"), slot=3, item_id=ItemId("x"), scope=HOME, priority=-2, owner="ann", review=date(2026, 12, 1)),
    Pin(id=RuleId("pin-2"), slot=4, theme=SPRING.id, scope=HOME, holdout=0.1, owner="bob"),
    Veto(
        id=RuleId("veto-1"),
        target=Target(selector=Selector(tags=("a|b", "c\\d"), price_min=0.1, max_age_days=3)),
        reason='=HYPERLINK("http://bad")',
        scope=Scope(market="FR", segment="new", context_selector=Selector(tags=("cake-stand",))),
        owner="ann",
    ),
    Boost(
        id=RuleId("boost-1"),
        target=Target(ItemId("'quoted")),
        factor=1.1,
        window=Window(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, 7, 30, tzinfo=UTC), "Europe/Paris"),
        notes='two lines\r\nwith "quotes", a comma, and a lone\rreturn',
        paused=True,
        owner="ann",
    ),
)  # fmt: skip


@pytest.fixture
def ready(shop):
    save(shop, ANN, SPRING)
    return shop


def text(*rules) -> bytes:
    return write_rules(rules).encode()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(pins, vetoes, boosts), min_size=1, max_size=5, unique_by=lambda rule: rule.id))
def test_what_is_written_is_read_again_as_it_was(rules) -> None:
    written = write_rules(rules)
    rows, bad = read_rules(written.encode())
    assert bad == []
    read = {row.rule.id: row.rule for row in rows}
    # Who made a rule here is no part of the file: whoever brings it in makes it there.
    assert read == {rule.id: replace(rule, author="") for rule in rules}
    assert write_rules(read.values()) == written


def test_export_import_into_an_empty_system_export_again_is_equal(ready, migrated_sqlite, tmp_path) -> None:
    for rule in RULES:
        save(ready, ANN, rule)
    first = rules_to_export(read_draft(ready).rules)
    import shutil

    shutil.copy(migrated_sqlite, tmp_path / "other.db")
    other = make_shop(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "other")
    ensure_first_release(other, PAT)
    save(other, BOB, SPRING)
    plan, step = import_rules(other, BOB, first.encode())
    assert (len(plan.new), plan.problems, step.count) == (4, (), 4)
    assert rules_to_export(read_draft(other).rules) == first
    again, nothing = import_rules(other, BOB, first.encode())
    assert (again.unchanged, again.does, nothing) == (4, 0, None)
    other.database.close()


def test_a_damaged_file_is_refused_line_by_line_and_nothing_is_changed(ready) -> None:
    lines = text(*RULES).decode().split("\n")
    header = "id,kind,slot,item_id,theme,reason,surface,row,starts_at,ends_at,zone,factor,items_price_min,review,paused"
    rows = [
        "a,pin,3,x,,,home,,,,,,,,",
        "b,poster,3,x,,,,,,,,,,,",
        "c,pin,first,x,,,,,,,,,,,",
        "d,pin,501,x,,,,,,,,,,,",
        "a,pin,4,x,,,,,,,,,,,",
        "e,veto,,x,,,,,,,,,,,",
        "f,veto,,x,,why,,,2026-03-29 02:30,,Europe/Paris,,,,",
        "g,veto,,x,,why,,,2026-12-02 10:00,2026-12-01 10:00,Europe/Paris,,,,",
        "h,veto,,x,,why,attic,,,,,,,,",
        "i,pin,3,,winter,,,,,,,,,,",
        "j,pin,3,x,,,home,loft,,,,,,,",
        "k,boost,,x,,,,,,,,,,,",
        "l,boost,,,,,,,,,,2,cheap,,",
        "m,pin,3,x,,,,,,,,,,soon,",
        "n,pin,3,x,,,,,,,,,,,perhaps",
        "o,pin,3,x,,,,,,,Mars/Base,,,,",
        "p,pin,3,x,,because,,,,,,,,,",
        "q,pin",
        "theme-spring,pin,3,x,,,,,,,,,,,",
    ]
    before = everything(ready)
    plan, step = import_rules(ready, ANN, "\n".join([header, *rows]).encode())
    assert step is None
    assert everything(ready) == before
    found = {(each.line, each.field): each.reason for each in plan.problems}
    assert set(found) == {
        (3, "kind"), (4, "slot"), (5, "slot"), (6, "id"), (7, "reason"), (8, "starts_at"), (9, "ends_at"),
        (10, "surface"), (11, "theme"), (12, "row"), (13, "factor"), (14, "items_price_min"), (15, "review"),
        (16, "paused"), (17, "zone"), (18, "reason"), (19, ""), (20, "id"),
    }  # fmt: skip
    assert "the clocks skip it" in found[8, "starts_at"]
    assert lines[0].split(",") == list(COLUMNS)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no column"),
        (b"id;name\n1;2\n", "no column"),
        (b"kind,colour\npin,red\n", "not known: “colour”"),
        (b"kind,kind\n", "twice"),
        (b"kind,slot\n", "no rules"),
        (b"kind,slot\npin,\xff\n", "line 2"),
        (b"x" * (MAX_BYTES + 1), "larger than"),
        (b"kind\n" + b"pin\n" * (MAX_ROWS + 1), "more than"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(data, said) -> None:
    with pytest.raises(Invalid, match=said):
        read_rules(data)


def test_an_open_quote_is_told_at_the_line_where_it_begins() -> None:
    rows, bad = read_rules(b'kind,slot,item_id,notes\npin,1,x,fine\npin,2,y,"open\npin,3,z,')
    assert [row.line for row in rows] == [2]
    assert [(each.line, "cannot be read as CSV" in each.reason) for each in bad] == [(3, True)]


def test_a_file_from_a_spreadsheet_with_semicolons_and_a_byte_order_mark_is_read() -> None:
    rows, bad = read_rules("\ufeffkind;slot;item_id\r\npin;2;x\r\n".encode())
    assert (rows[0].rule.slot, rows[0].rule.item_id, bad) == (2, "x", [])


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    assert "\"'=HYPERLINK" in write_rules(RULES)


def test_lines_without_an_id_become_new_rules_and_the_import_is_undone_as_one(ready) -> None:
    plan, step = import_rules(ready, ANN, b"kind,slot,item_id\npin,1,x\npin,2,y\n")
    assert len({rule.id for rule in plan.new}) == step.count == 2
    pinned = {pin.item_id: pin for pin in read_draft(ready).rules.of(Pin)}
    assert {pin.author for pin in pinned.values()} == {ANN.name}
    assert undo_step(ready, ANN, step.first, step.last) == 2
    assert read_draft(ready).rules.of(Pin) == []


def test_a_dry_run_tells_the_same_and_changes_nothing(ready) -> None:
    save(ready, ANN, RULES[0])
    before = everything(ready)
    plan = plan_import(ready, ANN, text(replace(RULES[0], slot=9), *RULES[1:]))
    assert ([rule.id for rule in plan.changed], len(plan.new)) == (["pin-1"], 3)
    assert everything(ready) == before


def test_who_may_not_change_the_draft_may_not_import(ready) -> None:
    with pytest.raises(Forbidden):
        import_rules(ready, VIC, text(*RULES))
    with pytest.raises(Forbidden):
        plan_import(ready, VIC, text(*RULES))


def edits_of(shop, change) -> list[Edit]:
    draft = read_draft(shop)
    return [Edit(rule.id, change(rule), rule_token(draft, rule.id)) for rule in draft.rules.of(Pin)]


def test_many_rules_are_changed_as_one_step_with_an_audit_entry_each(ready) -> None:
    for rule in RULES:
        save(ready, ANN, rule)
    before = read_draft(ready).rules
    step = change_rules(ready, BOB, edits_of(ready, lambda rule: replace(rule, paused=True)))
    assert [pin.paused for pin in read_draft(ready).rules.of(Pin)] == [True, True]
    with ready.database.read() as unit:
        entries = unit.audit.entries(AuditFilter(actor=BOB.name), 10)
    assert [entry.command for entry in entries] == ["draft.change", "draft.change"]
    assert undo_step(ready, BOB, step.first, step.last) == 2
    assert read_draft(ready).rules == before


def test_one_rule_that_cannot_be_changed_keeps_all_as_they_were(ready) -> None:
    for rule in RULES:
        save(ready, ANN, rule)
    stale = edits_of(ready, lambda _: None)
    put_rule(ready, BOB, replace(RULES[1], slot=8), expected=rule_token(read_draft(ready), "pin-2"))
    before = everything(ready)
    with pytest.raises(Conflict, match="bob"):
        change_rules(ready, ANN, stale)
    with pytest.raises(Invalid, match="nothing changed"):
        change_rules(ready, ANN, edits_of(ready, lambda rule: rule))
    with pytest.raises(Invalid, match="twice"):
        change_rules(ready, ANN, 2 * edits_of(ready, lambda _: None))
    with pytest.raises(Invalid, match="would not exist"):
        change_rules(ready, ANN, [Edit(SPRING.id, None, rule_token(read_draft(ready), SPRING.id))])
    with pytest.raises(Forbidden):
        change_rules(ready, VIC, edits_of(ready, lambda _: None))
    assert everything(ready) == before


def test_a_step_on_which_somebody_built_is_not_undone_and_not_by_others(ready) -> None:
    for rule in RULES:
        save(ready, ANN, rule)
    step = change_rules(ready, ANN, edits_of(ready, lambda rule: replace(rule, paused=True)))
    with pytest.raises(NotFound):
        undo_step(ready, BOB, step.first, step.last)
    save(ready, BOB, replace(read_draft(ready).rules.get("pin-1"), slot=30))
    with pytest.raises(Conflict, match="by bob"):
        undo_step(ready, ANN, step.first, step.last)


def test_an_end_before_the_start_is_refused() -> None:
    pin = replace(RULES[3], paused=False)
    with pytest.raises(Invalid, match="after the start"):
        ending(pin, datetime(2026, 10, 1, tzinfo=UTC), "UTC")
    assert ending(pin, None, "UTC").window == Window(pin.window.start, None, "UTC")
    assert RuleSet([pin]).get("boost-1") == pin
