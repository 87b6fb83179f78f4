from __future__ import annotations

from dataclasses import replace

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.ids import RuleId
from recsys.domain.rules import NEXT_RELEASE, RowSettings
from recsys.domain.scopes import Scope
from recsys.services.auditing import entries, verify
from recsys.services.drafting import put_rule, read_draft, remove_rule, rule_token, undo
from recsys.services.releasing import publish
from tests.integration.rule_examples import pin, surface, theme, veto
from tests.integration.shops import ANN, BOB, PAT, VIC, everything, save


def test_a_new_rule_belongs_to_who_made_it_and_is_published_next(shop):
    change = put_rule(shop, ANN, pin(3), expected="new", note="for the weekend")
    assert change.before is None
    assert (change.author, change.note) == (ANN.name, "for the weekend")
    made = read_draft(shop).rules.get("pin-1")
    assert (made.author, made.owner, made.published) == (ANN.name, ANN.name, NEXT_RELEASE)


def test_who_changes_a_rule_does_not_become_its_author(shop):
    save(shop, ANN, pin(3))
    save(shop, BOB, pin(4, owner="team@shop.example"))
    changed = read_draft(shop).rules.get("pin-1")
    assert (changed.author, changed.owner, changed.slot) == (ANN.name, "team@shop.example", 4)


def test_a_token_names_the_draft_change_else_the_publication_else_new(shop):
    assert rule_token(read_draft(shop), "pin-1") == "new"
    change = save(shop, ANN, pin(3))
    assert rule_token(read_draft(shop), "pin-1") == f"c{change}"
    publish(shop, PAT, [change])
    assert rule_token(read_draft(shop), "pin-1") == "r2"


def test_the_second_editor_of_a_rule_is_shown_what_stands_and_nothing_is_overwritten(shop):
    seen = f"c{save(shop, ANN, pin(3))}"
    save(shop, BOB, pin(5))
    before = everything(shop)
    with pytest.raises(Conflict) as told:
        put_rule(shop, ANN, pin(7), expected=seen)
    assert (told.value.theirs.slot, told.value.yours.slot, told.value.by) == (5, 7, BOB.name)
    assert everything(shop) == before
    assert read_draft(shop).rules.get("pin-1").slot == 5


def test_an_editor_is_told_that_the_rule_was_published_otherwise_or_removed(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    publish(shop, PAT, [save(shop, BOB, pin(4))])
    with pytest.raises(Conflict) as told:
        put_rule(shop, ANN, pin(7), expected="r2")
    assert (told.value.theirs.slot, told.value.by) == (4, PAT.name)
    remove_rule(shop, BOB, "pin-1", expected="r3")
    with pytest.raises(Conflict) as told:
        remove_rule(shop, ANN, "pin-1", expected="r3")
    assert (told.value.theirs, told.value.by) == (None, BOB.name)


def test_two_editors_who_make_the_same_theme_meet(shop):
    put_rule(shop, ANN, theme(title="Garden"), expected="new")
    with pytest.raises(Conflict) as told:
        put_rule(shop, BOB, theme(title="In the garden"), expected="new")
    assert told.value.theirs.title == "Garden"


def test_saving_what_stands_already_is_refused(shop):
    save(shop, ANN, pin(3))
    with pytest.raises(Invalid, match="nothing changed"):
        save(shop, BOB, pin(3))


def test_an_id_keeps_its_kind_and_a_theme_its_slug(shop):
    save(shop, ANN, pin(3))
    with pytest.raises(Invalid, match="id of a pin already"):
        save(shop, ANN, veto(rule_id="pin-1"))
    with pytest.raises(Invalid, match="found by their slugs"):
        replace(theme("garden"), slug="lawn")
    with pytest.raises(Invalid, match="found by their slugs"):
        replace(surface("shop"), slug="window")


def test_a_rule_names_only_what_exists_in_the_draft(shop):
    placed = pin(3, "x", rule_id="pin-2")
    with pytest.raises(Invalid, match="the theme “garden”"):
        save(shop, ANN, replace(placed, item_id=None, theme=RuleId("theme-garden")))
    with pytest.raises(Invalid, match="surface “attic”"):
        save(shop, ANN, replace(placed, scope=Scope(surface="attic")))
    save(shop, ANN, theme())
    assert save(shop, BOB, replace(placed, item_id=None, theme=RuleId("theme-garden")))


def test_what_other_rules_name_is_neither_removed_nor_undone(shop):
    made = save(shop, ANN, theme())
    save(shop, BOB, replace(pin(2), item_id=None, theme=RuleId("theme-garden")))
    with pytest.raises(Invalid, match="pin-1 names the theme “garden”"):
        remove_rule(shop, ANN, "theme-garden", expected=f"c{made}")
    with pytest.raises(Conflict, match="pin-1 names the theme “garden”"):
        undo(shop, ANN, made)


def test_a_row_that_rules_name_is_not_taken_from_its_surface(shop):
    save(shop, ANN, surface(rows=(RowSettings(), RowSettings(name="new"))))
    save(shop, ANN, pin(1, scope=Scope(surface="home", row="new")))
    with pytest.raises(Invalid, match="surface “home”"):
        save(shop, ANN, surface())


def test_undo_takes_back_one_change_and_leaves_the_others(shop):
    first, second = save(shop, ANN, pin(3)), save(shop, ANN, veto())
    undo(shop, ANN, first)
    draft = read_draft(shop)
    assert [change.id for change in draft.changes] == [second]
    assert draft.rules.get("pin-1") is None
    with pytest.raises(NotFound):
        undo(shop, ANN, first)


def test_a_change_that_another_builds_on_is_undone_last(shop):
    first = save(shop, ANN, pin(3))
    second = save(shop, BOB, pin(4))
    with pytest.raises(Conflict, match=BOB.name):
        undo(shop, ANN, first)
    undo(shop, BOB, second)
    undo(shop, ANN, first)
    assert read_draft(shop).changes == ()


def test_an_editor_undoes_their_own_changes_and_a_publisher_anybodys(shop):
    change = save(shop, ANN, pin(3))
    with pytest.raises(Forbidden, match=ANN.name):
        undo(shop, BOB, change)
    undo(shop, PAT, change)
    assert read_draft(shop).changes == ()


def test_ids_of_changes_are_never_used_again(shop):
    first = save(shop, ANN, pin(3))
    undo(shop, ANN, first)
    assert save(shop, ANN, pin(3)) > first


def test_a_viewer_changes_nothing_and_leaves_no_trace(shop):
    change = save(shop, ANN, pin(3))
    before = everything(shop)
    for attempt in (
        lambda: save(shop, VIC, pin(4)),
        lambda: remove_rule(shop, VIC, "pin-1", expected=f"c{change}"),
        lambda: undo(shop, VIC, change),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert everything(shop) == before


def test_an_entry_tells_each_step_with_before_and_after(shop):
    change = save(shop, ANN, pin(3), note="sale")
    undo(shop, ANN, change)
    undone, made = entries(shop, command="draft", limit=2)
    assert (made.command, made.target, made.actor, made.comment) == (
        "draft.change",
        "pin-1",
        ANN.name,
        "sale",
    )
    assert (made.after["after"]["slot"], made.after["before"]) == (3, None)
    assert (undone.command, undone.before["id"]) == ("draft.undo", change)


def test_a_failing_audit_entry_takes_the_change_back(shop, monkeypatch):
    before = everything(shop)

    def fail(*_args, **_more):
        raise OSError("no space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("recsys.storage.audit.AuditRepository.add", fail)
        with pytest.raises(OSError, match="no space"):
            save(shop, ANN, pin(3))
    assert everything(shop) == before
    assert verify(shop) == []


def test_text_that_a_database_cannot_keep_is_refused_in_words(shop):
    with pytest.raises(Invalid, match="cannot be stored"):
        save(shop, ANN, pin(3), note="\x00")
    with pytest.raises(Invalid, match="cannot be stored"):
        save(shop, ANN, theme(title="half a character \ud800"))
    assert save(shop, ANN, theme(title="Ünïcode ❤ “quoted” \\u0000"))


def test_every_change_of_the_draft_moves_its_revision(shop):
    seen = [read_draft(shop).revision]
    change = save(shop, ANN, pin(3))
    seen.append(read_draft(shop).revision)
    undo(shop, ANN, change)
    seen.append(read_draft(shop).revision)
    assert seen == sorted(set(seen))
