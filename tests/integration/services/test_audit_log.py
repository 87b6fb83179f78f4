from __future__ import annotations

from sqlalchemy import text

from recsys.services.auditing import entries, state_from_tables, verify
from recsys.services.releasing import publish
from tests.integration.rule_examples import pin, veto
from tests.integration.shops import ANN, BOB, PAT, save


def told(shop, **filters):
    return [(each.command, each.target) for each in entries(shop, **filters)]


def test_entries_are_found_by_whom_what_and_which(shop):
    publish(shop, PAT, [save(shop, ANN, pin())])
    save(shop, BOB, veto())
    assert told(shop, actor=ANN.name) == [("draft.change", "pin-1")]
    assert told(shop, command="release") == [("release.publish", "2"), ("release.publish", "1")]
    assert told(shop, command="release.publish", target="2") == [("release.publish", "2")]
    assert told(shop, command="rel") == []
    assert told(shop, command="release%") == []


def test_entries_are_found_by_time_and_page_by_page(shop):
    for slot in range(1, 6):
        save(shop, ANN, pin(slot))
    every = entries(shop)
    assert [each.id for each in every] == sorted((each.id for each in every), reverse=True)
    third = every[2]
    assert entries(shop, since=third.at) == every[:3]
    assert entries(shop, until=third.at) == every[3:]
    assert entries(shop, before_id=third.id, limit=2) == every[3:5]


def test_the_history_tells_of_drafts_releases_and_what_is_live(shop):
    publish(shop, PAT, [save(shop, ANN, pin())])
    waiting = save(shop, BOB, veto())
    state = state_from_tables(shop)
    assert (state.live, set(state.releases), set(state.draft)) == (2, {1, 2}, {waiting})
    assert state.releases[2].rules["pin-1"][1] == 2
    assert verify(shop) == []


def test_what_was_changed_behind_the_histories_back_is_found(shop):
    publish(shop, PAT, [save(shop, ANN, pin())])
    save(shop, BOB, veto())
    with shop.database.write() as unit:
        unit.session.execute(text("UPDATE rule_revision SET published = 1 WHERE rule_id = 'pin-1'"))
        unit.session.execute(text("DELETE FROM draft_change"))
    assert [line.split(" ")[0] for line in verify(shop)] == ["change", "release"]
