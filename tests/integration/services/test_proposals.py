"""Proposed by an editor, published, scheduled or handed back by a publisher; and who is at the desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recsys.domain.errors import Conflict, Forbidden, Invalid
from recsys.domain.people import OPERATOR, Role
from recsys.services.auditing import entries, verify
from recsys.services.drafting import read_draft, undo
from recsys.services.people import add_person, change_role, deactivate
from recsys.services.presence import FORGOTTEN_AFTER, note_presence, others_present
from recsys.services.proposing import (
    hand_back,
    proposal,
    propose,
    publish_due,
    schedule,
    waiting_proposals,
    withdraw,
)
from recsys.services.releasing import publish
from tests.integration.rule_examples import pin
from tests.integration.shops import ANN, BOB, MORNING, PAT, VIC, everything, save

SOON = MORNING + timedelta(days=1)


@pytest.fixture
def change(shop):
    return save(shop, ANN, pin())


def at(shop, moment):
    """The same shop at a moment."""
    return replace(shop, clock=lambda: moment)


def test_a_proposal_waits_and_ends_with_the_publication_of_what_it_holds(shop, change):
    made = propose(shop, ANN, [change], comment="for the weekend")
    assert waiting_proposals(shop) == [made]
    assert (made.author, made.changes, made.status) == (ANN.name, (change,), "open")
    release = publish(shop, PAT, [change], comment="yes")
    ended = proposal(shop, made.id)
    assert (ended.status, ended.release, ended.decided_by) == ("published", release.number, PAT.name)
    assert waiting_proposals(shop) == []
    assert verify(shop) == []


def test_half_of_a_proposal_may_be_published_and_the_rest_goes_on_waiting(shop, change):
    other = save(shop, ANN, pin(2, rule_id="pin-2"))
    made = propose(shop, ANN, [change, other])
    publish(shop, PAT, [change])
    assert proposal(shop, made.id).status == "open"
    publish(shop, PAT, [other])
    assert proposal(shop, made.id).status == "published"


def test_what_is_handed_back_says_why_and_keeps_its_changes(shop, change):
    made = propose(shop, ANN, [change])
    returned = hand_back(shop, PAT, made.id, word="slot 3 is promised to the mugs")
    assert (returned.status, returned.word) == ("returned", "slot 3 is promised to the mugs")
    assert [each.id for each in read_draft(shop).changes] == [change]
    assert waiting_proposals(shop) == [returned]
    (told,) = entries(shop, command="proposal.return")
    assert (told.actor, told.comment) == (PAT.name, "slot 3 is promised to the mugs")
    with pytest.raises(Conflict, match="returned already"):
        hand_back(shop, PAT, made.id, word="again")
    assert verify(shop) == []


def test_a_proposal_all_of_whose_changes_were_undone_waits_for_nobody(shop, change):
    propose(shop, ANN, [change])
    undo(shop, ANN, change)
    assert waiting_proposals(shop) == []


def test_one_withdraws_ones_own_and_a_publisher_anybodys(shop, change):
    first, second = propose(shop, ANN, [change]), propose(shop, ANN, [change])
    with pytest.raises(Forbidden, match="by ann@"):
        withdraw(shop, BOB, first.id)
    assert withdraw(shop, ANN, first.id).status == "withdrawn"
    assert withdraw(shop, PAT, second.id).status == "withdrawn"


@pytest.mark.parametrize(
    "deed",
    [
        lambda shop, change: propose(shop, VIC, [change]),
        lambda shop, change: schedule(shop, ANN, [change], SOON),
        lambda shop, _change: hand_back(shop, ANN, 1, word="no"),
        lambda shop, _change: withdraw(shop, VIC, 1),
    ],
    ids=["a viewer proposes", "an editor schedules", "an editor hands back", "a viewer withdraws"],
)
def test_who_may_not_is_refused_and_nothing_changes(shop, change, deed):
    propose(shop, ANN, [change])
    before = everything(shop)
    with pytest.raises(Forbidden):
        deed(shop, change)
    assert everything(shop) == before


@pytest.mark.parametrize(
    ("deed", "error"),
    [
        (lambda shop, _change: propose(shop, ANN, []), Invalid),
        (lambda shop, change: propose(shop, ANN, [change, 99]), Conflict),
        (lambda shop, change: schedule(shop, PAT, [change], MORNING), Invalid),
        (lambda shop, _change: schedule(shop, PAT, [], SOON), Invalid),
        (lambda shop, _change: hand_back(shop, PAT, 1, word=" "), Invalid),
    ],
    ids=["nothing", "gone", "in the past", "nothing planned", "no word"],
)
def test_what_cannot_be_is_named_and_nothing_changes(shop, change, deed, error):
    propose(shop, ANN, [change])
    before = everything(shop)
    with pytest.raises(error):
        deed(shop, change)
    assert everything(shop) == before


@pytest.fixture
def people(shop):
    add_person(shop, OPERATOR, PAT.name, Role.PUBLISHER, "correct horse")
    add_person(shop, OPERATOR, "boss@shop.example", Role.ADMIN, "correct horse")


def test_what_is_scheduled_is_published_at_its_moment_and_once(shop, change, people):
    planned = schedule(shop, PAT, [change], SOON, comment="Sale")
    assert publish_due(at(shop, SOON - timedelta(seconds=1))) == []
    (done,) = publish_due(at(shop, SOON))
    assert (done.id, done.status) == (planned.id, "published")
    live = read_draft(shop)
    assert (live.live_number, live.changes) == (done.release, ())
    with shop.database.read() as unit:
        info = unit.releases.info(done.release)
    assert (info.author, info.comment, info.created_at) == (PAT.name, "Sale", SOON)
    assert publish_due(at(shop, SOON)) == []
    assert verify(shop) == []


def test_a_plan_takes_up_the_proposals_that_it_holds(shop, change):
    made = propose(shop, ANN, [change])
    planned = schedule(shop, PAT, [change], SOON)
    assert waiting_proposals(shop) == [planned]
    assert proposal(shop, made.id).status == "withdrawn"


def test_a_plan_that_was_withdrawn_publishes_nothing(shop, change, people):
    withdraw(shop, PAT, schedule(shop, PAT, [change], SOON).id)
    assert publish_due(at(shop, SOON)) == []
    assert [each.id for each in read_draft(shop).changes] == [change]


@pytest.mark.parametrize(
    ("meanwhile", "why"),
    [
        (lambda shop, change: undo(shop, PAT, change), "no longer in the draft"),
        (
            lambda shop, _change: change_role(shop, OPERATOR, PAT.name, Role.EDITOR),
            "A editor may not publish",
        ),
        (lambda shop, _change: deactivate(shop, OPERATOR, PAT.name), "may no longer sign in"),
    ],
    ids=["undone", "no publisher any more", "gone"],
)
def test_a_plan_that_cannot_be_kept_says_why_and_is_shown(shop, change, people, meanwhile, why):
    planned = schedule(shop, PAT, [change], SOON)
    number = read_draft(shop).live_number
    meanwhile(shop, change)
    (failed,) = publish_due(at(shop, SOON))
    assert failed.status == "failed"
    assert why in failed.word
    assert read_draft(shop).live_number == number
    assert [each.id for each in waiting_proposals(shop)] == [planned.id]
    assert verify(shop) == []


def test_others_are_seen_at_the_desk_until_they_fall_silent(shop):
    note_presence(at(shop, MORNING), ANN, "/themes/tea-time")
    note_presence(at(shop, MORNING), PAT, "/publish")
    (ann,) = others_present(at(shop, MORNING + timedelta(seconds=30)), PAT)
    assert (ann.person, ann.place) == (ANN.name, "/themes/tea-time")
    note_presence(at(shop, MORNING + timedelta(seconds=20)), ANN, "/surfaces/home")
    later = at(shop, MORNING + timedelta(seconds=20) + FORGOTTEN_AFTER)
    assert [each.place for each in others_present(later, PAT)] == ["/surfaces/home"]
    assert others_present(at(shop, later.clock() + timedelta(seconds=1)), PAT) == []
    assert others_present(later, ANN) == []
