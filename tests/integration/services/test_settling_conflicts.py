from __future__ import annotations

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid
from recsys.services.auditing import verify
from recsys.services.drafting import read_draft, remove_rule
from recsys.services.releasing import publish, roll_back
from recsys.services.settling import settle
from tests.integration.rule_examples import pin, theme, veto
from tests.integration.shops import ANN, BOB, PAT, save


@pytest.fixture
def conflict(shop):
    """Give the change to slot 9 of a pin that stood at slot 4 and, by a roll back, stands at slot 3."""
    publish(shop, PAT, [save(shop, PAT, pin(3))])
    publish(shop, PAT, [save(shop, PAT, pin(4))])
    change = save(shop, ANN, pin(9))
    roll_back(shop, PAT, 2)
    return change


def test_a_rule_that_moved_underneath_is_shown_as_a_conflict_and_cannot_be_published(shop, conflict):
    (told,) = read_draft(shop).conflicts
    assert (told.change.id, told.change.before.slot, told.found.slot) == (conflict, 4, 3)
    with pytest.raises(Invalid, match="settle it first"):
        publish(shop, PAT, [conflict])


def test_keeping_restates_the_change_on_what_stands_now(shop, conflict):
    kept = settle(shop, ANN, conflict, keep=True)
    assert (kept.before.slot, kept.after.slot, kept.author) == (3, 9, ANN.name)
    assert read_draft(shop).conflicts == ()
    publish(shop, PAT, [kept.id])
    assert read_draft(shop).live.get("pin-1").slot == 9
    assert verify(shop) == []


def test_keeping_restates_what_others_built_on_it_each_by_its_author(shop, conflict):
    save(shop, BOB, pin(11))
    settle(shop, ANN, conflict, keep=True)
    draft = read_draft(shop)
    assert [(each.author, each.before.slot, each.after.slot) for each in draft.changes] == [
        (ANN.name, 3, 9),
        (BOB.name, 9, 11),
    ]
    assert draft.conflicts == ()
    assert verify(shop) == []


def test_keeping_what_stands_already_leaves_nothing(shop):
    publish(shop, PAT, [save(shop, PAT, pin(3))])
    publish(shop, PAT, [save(shop, PAT, pin(4))])
    change = save(shop, ANN, pin(3))
    roll_back(shop, PAT, 2)
    assert settle(shop, ANN, change, keep=True) is None
    assert read_draft(shop).changes == ()


def test_keeping_a_removal_of_what_is_gone_leaves_nothing(shop):
    publish(shop, PAT, [save(shop, PAT, pin(3))])
    removed = remove_rule(shop, ANN, "pin-1", expected="r2")
    roll_back(shop, PAT, 1)
    assert settle(shop, ANN, removed.id, keep=True) is None
    assert verify(shop) == []


def test_dropping_leaves_what_stands_now(shop, conflict):
    assert settle(shop, ANN, conflict, keep=False) is None
    draft = read_draft(shop)
    assert (draft.changes, draft.rules.get("pin-1").slot) == ((), 3)


def test_dropping_takes_own_later_steps_along_but_not_those_of_others(shop, conflict):
    save(shop, ANN, pin(10))
    save(shop, BOB, pin(11))
    with pytest.raises(Conflict, match=BOB.name):
        settle(shop, ANN, conflict, keep=False)
    settle(shop, PAT, conflict, keep=False)
    assert read_draft(shop).changes == ()


def test_an_editor_settles_only_their_own(shop, conflict):
    with pytest.raises(Forbidden):
        settle(shop, BOB, conflict, keep=True)


def test_only_a_conflict_is_settled(shop):
    change = save(shop, ANN, veto())
    with pytest.raises(Invalid, match="not in conflict"):
        settle(shop, ANN, change, keep=True)


def test_the_same_theme_made_twice_over_releases_is_settled_by_its_author(shop):
    publish(shop, PAT, [save(shop, PAT, theme(title="Garden"))])
    roll_back(shop, PAT, 1)
    change = save(shop, ANN, theme(title="Lawn"))
    roll_back(shop, PAT, 2)
    assert read_draft(shop).conflicts[0].found.title == "Garden"
    assert settle(shop, ANN, change, keep=True).after.title == "Lawn"
