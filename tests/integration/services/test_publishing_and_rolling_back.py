from __future__ import annotations

from dataclasses import replace

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid, NotFound
from recsys.domain.ids import RuleId
from recsys.domain.selectors import Target
from recsys.services.auditing import verify
from recsys.services.catalog import upsert_items
from recsys.services.drafting import read_draft, remove_rule, undo
from recsys.services.releasing import (
    accept_run,
    compare,
    publish,
    reject_run,
    release,
    release_rules,
    releases,
    roll_back,
)
from recsys.services.runs import find_run, live_run
from recsys.services.seeding import ensure_first_release
from recsys.services.takedowns import standing, take_down
from tests.integration.rule_examples import pin, theme, veto
from tests.integration.shops import ADA, ANN, BOB, PAT, add_run, everything, item, save


def test_the_first_release_carries_the_default_surfaces_once(new_shop):
    first = ensure_first_release(new_shop, PAT)
    assert (first.number, first.kind, first.run_id) == (1, "first", None)
    assert ensure_first_release(new_shop, PAT) == first
    titles = {rule.slug: (rule.title, rule.context) for rule in release_rules(new_shop, 1)}
    assert titles == {"home": ("Home", False), "product": ("Product page", True), "cart": ("Basket", True)}


def test_publishing_ones_own_changes_leaves_the_others_in_the_draft(shop):
    mine, theirs = save(shop, ANN, pin(3)), save(shop, BOB, veto())
    made = publish(shop, PAT, [mine], comment="the weekend")
    assert (made.number, made.kind, made.author, made.comment) == (2, "publish", PAT.name, "the weekend")
    draft = read_draft(shop)
    assert [change.id for change in draft.changes] == [theirs]
    assert (draft.live_number, draft.conflicts) == (2, ())
    assert release_rules(shop, 2).get("pin-1").slot == 3
    assert release_rules(shop, 2).get("veto-1") is None


def test_a_selection_that_needs_more_is_refused_with_their_names(shop):
    save(shop, ANN, theme())
    placed = save(shop, BOB, replace(pin(2), item_id=None, theme=RuleId("theme-garden")))
    before = everything(shop)
    with pytest.raises(Invalid, match=f"theme-garden by {ANN.name}"):
        publish(shop, PAT, [placed])
    assert everything(shop) == before


def test_a_later_step_needs_the_earlier_ones_of_its_rule(shop):
    first, second = save(shop, ANN, pin(3)), save(shop, BOB, pin(4))
    with pytest.raises(Invalid, match=f"pin-1 by {ANN.name}"):
        publish(shop, PAT, [second])
    publish(shop, PAT, [first])
    publish(shop, PAT, [second])
    assert release_rules(shop, 3).get("pin-1").slot == 4


def test_content_that_did_not_change_keeps_its_publication(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3)), save(shop, ANN, veto())])
    publish(shop, PAT, [save(shop, ANN, pin(4))])
    rules = release_rules(shop, 3)
    assert (rules.get("pin-1").published, rules.get("veto-1").published) == (3, 2)


def test_changes_that_end_where_they_began_keep_the_publication(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    there, back = save(shop, ANN, pin(4)), save(shop, ANN, pin(3))
    publish(shop, PAT, [there, back])
    assert release_rules(shop, 3).get("pin-1").published == 2
    assert verify(shop) == []


def test_a_rule_that_is_removed_and_made_again_keeps_the_publication(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    gone = remove_rule(shop, ANN, "pin-1", expected="r2")
    publish(shop, PAT, [gone.id, save(shop, ANN, pin(3))])
    assert release_rules(shop, 3).get("pin-1").published == 2
    assert verify(shop) == []


def test_selecting_what_left_the_draft_is_a_conflict(shop):
    change = save(shop, ANN, pin(3))
    undo(shop, ANN, change)
    with pytest.raises(Conflict, match="no longer in the draft"):
        publish(shop, PAT, [change])
    with pytest.raises(Invalid, match="at least one"):
        publish(shop, PAT, [])


def test_who_saw_another_release_live_is_told(shop):
    first, second = save(shop, ANN, pin(3)), save(shop, BOB, veto())
    publish(shop, PAT, [first], expected_release=1)
    with pytest.raises(Conflict, match="Release 2 went live"):
        publish(shop, PAT, [second], expected_release=1)


def test_an_editor_publishes_nothing(shop):
    change, _ = save(shop, ANN, pin(3)), add_run(shop, "run-1")
    before = everything(shop)
    for attempt in (
        lambda: publish(shop, ANN, [change]),
        lambda: roll_back(shop, ANN, 1),
        lambda: accept_run(shop, ANN, "run-1"),
        lambda: reject_run(shop, ANN, "run-1", reason="no"),
    ):
        with pytest.raises(Forbidden):
            attempt()
    assert everything(shop) == before


def test_a_roll_back_is_a_new_release_that_keeps_publications_and_takedowns(shop):
    upsert_items(shop, ADA, [item("lamp")])
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    publish(shop, PAT, [save(shop, ANN, pin(4))])
    taken = take_down(shop, PAT, Target(item_id="lamp"), reason="recalled")
    made = roll_back(shop, PAT, 2, comment="too low")
    assert (made.number, made.kind, made.from_release, made.restored) == (4, "rollback", 2, "both")
    back = release_rules(shop, 4).get("pin-1")
    assert (back.slot, back.published) == (3, 2)
    assert standing(shop) == [taken]
    assert verify(shop) == []


def test_the_draft_rebases_onto_a_roll_back(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    save(shop, BOB, veto())
    roll_back(shop, PAT, 1)
    draft = read_draft(shop)
    assert draft.rules.get("pin-1") is None
    assert draft.rules.get("veto-1") is not None
    assert draft.conflicts == ()


def test_rules_and_run_go_back_each_alone(shop):
    add_run(shop, "run-1")
    add_run(shop, "run-2")
    accept_run(shop, PAT, "run-1")
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    accept_run(shop, PAT, "run-2")
    only_run = roll_back(shop, PAT, 2, what="run")
    assert (only_run.run_id, release_rules(shop, 5).get("pin-1").slot) == ("run-1", 3)
    only_rules = roll_back(shop, PAT, 2, what="rules")
    assert (only_rules.run_id, release_rules(shop, 6).get("pin-1")) == ("run-1", None)
    assert roll_back(shop, PAT, 4).run_id == "run-2"
    assert verify(shop) == []


def test_there_is_no_way_back_to_what_is_live_or_never_was(shop):
    with pytest.raises(Invalid, match="live already"):
        roll_back(shop, PAT, 1)
    with pytest.raises(NotFound):
        roll_back(shop, PAT, 99)
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    with pytest.raises(Invalid, match="carried no run"):
        roll_back(shop, PAT, 1, what="run")


def test_nothing_is_rolled_back_before_the_first_release(new_shop):
    with pytest.raises(NotFound, match="Nothing is published"):
        roll_back(new_shop, PAT, 1)


def test_accepting_a_run_keeps_the_rules_with_their_publications(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    add_run(shop, "run-1")
    made = accept_run(shop, PAT, "run-1", comment="looks right")
    assert (made.number, made.kind, made.run_id) == (3, "accept", "run-1")
    assert release_rules(shop, 3).get("pin-1").published == 2
    assert find_run(shop, "run-1").status == "accepted"
    assert live_run(shop).id == "run-1"
    assert verify(shop) == []


def test_accepting_in_a_new_shop_publishes_the_default_surfaces_first(new_shop):
    assert live_run(new_shop) is None
    add_run(new_shop, "run-1")
    assert accept_run(new_shop, PAT, "run-1").number == 2
    assert release_rules(new_shop, 2).surface("home") is not None
    assert verify(new_shop) == []


def test_a_run_that_failed_the_gate_is_accepted_only_with_a_reason(shop):
    add_run(shop, "run-1", passed=False)
    with pytest.raises(Invalid, match="Reaches too few"):
        accept_run(shop, PAT, "run-1")
    with pytest.raises(Invalid, match="say why"):
        accept_run(shop, PAT, "run-1", despite_gate=True)
    assert accept_run(shop, PAT, "run-1", despite_gate=True, comment="a new market").run_id == "run-1"


@pytest.mark.parametrize("status", ["training", "failed", "accepted", "rejected"])
def test_only_a_ready_run_is_accepted_or_rejected(shop, status):
    add_run(shop, "run-1", status=status)
    with pytest.raises(Invalid, match=f"is {status}"):
        accept_run(shop, PAT, "run-1")
    with pytest.raises(Invalid, match=f"is {status}"):
        reject_run(shop, PAT, "run-1", reason="no")


def test_a_rejected_run_keeps_the_reason(shop):
    add_run(shop, "run-1")
    with pytest.raises(Invalid, match="reason: is required"):
        reject_run(shop, PAT, "run-1", reason=" ")
    assert reject_run(shop, PAT, "run-1", reason="too narrow").error == "too narrow"
    assert find_run(shop, "run-1").status == "rejected"


def test_releases_are_read_newest_first_and_compared(shop):
    publish(shop, PAT, [save(shop, ANN, pin(3))])
    publish(shop, PAT, [save(shop, ANN, pin(4))])
    assert [each.number for each in releases(shop)] == [3, 2, 1]
    assert [each.number for each in releases(shop, limit=1)] == [3]
    assert release(shop, 2) == releases(shop)[1]
    (difference,) = compare(shop, 2, 3)
    assert (difference.rule_id, difference.fields) == ("pin-1", ("slot",))
    with pytest.raises(NotFound):
        release_rules(shop, 99)
