from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from recsys.domain.errors import NotFound
from recsys.domain.rules import RuleSet
from recsys.domain.selectors import Selector, Target
from recsys.storage.live import (
    Pointer,
    held_releases,
    load_items,
    load_overlays,
    load_release,
    read_pointer,
)
from recsys.storage.releases import ReleaseInfo
from recsys.storage.shoppers import USER
from recsys.storage.takedowns import Takedown
from recsys.storage.unit_of_work import Database
from tests.integration.rule_examples import pin, veto
from tests.integration.shops import item

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url):
    made = Database(database_url)
    yield made
    made.close()


def release_at(database, number, minutes, rules=()):
    with database.write() as unit:
        info = ReleaseInfo(number, "publish", None, "pat", NOON + timedelta(minutes=minutes))
        unit.releases.add(info, RuleSet(rules))
        unit.state.move_live(number)


def test_the_pointer_says_where_everything_stands(database):
    with database.connect() as connection:
        assert read_pointer(connection) == Pointer(None, 0, 0, 0)
    release_at(database, 1, 0)
    with database.write() as unit:
        unit.state.bump_overlay()
    with database.connect() as connection:
        assert read_pointer(connection) == Pointer(1, 0, 1, 0)


def test_a_release_comes_with_its_rules_and_their_publications(database):
    first, second = replace(pin(), published=1), replace(veto(), published=2)
    release_at(database, 1, 0, [first])
    release_at(database, 2, 5, [first, second])
    with database.connect() as connection:
        loaded = load_release(connection, 2)
        assert {rule.id: rule.published for rule in loaded.rules} == {"pin-1": 1, "veto-1": 2}
        assert (loaded.number, loaded.run_id, loaded.created_at) == (2, None, NOON + timedelta(minutes=5))
        assert load_release(connection, 1).rules == RuleSet([first])
        with pytest.raises(NotFound):
            load_release(connection, 3)


@pytest.mark.parametrize(
    ("since", "held"),
    [(-10, [3, 2, 1]), (0, [3, 2, 1]), (5, [3, 2, 1]), (10, [3, 2]), (15, [3, 2]), (20, [3]), (60, [3])],
)
def test_the_releases_held_are_those_that_were_live_at_any_time_since(database, since, held):
    for number, minutes in ((1, 0), (2, 10), (3, 20)):
        release_at(database, number, minutes)
    with database.connect() as connection:
        assert held_releases(connection, NOON + timedelta(minutes=since)) == held


def test_nothing_is_held_before_the_first_release(database):
    with database.connect() as connection:
        assert held_releases(connection, NOON) == []


def test_items_written_since_a_revision_are_read_with_numbers_that_stay(database):
    with database.write() as unit:
        unit.items.write([item("b"), item("a")], [], revision=1, at=NOON)
    with database.connect() as connection:
        numbers = {each.item_id: seq for seq, each in load_items(connection)}
    with database.write() as unit:
        unit.items.write([item("c")], [(numbers["a"], item("a", "New title"))], revision=2, at=NOON)
    with database.connect() as connection:
        since = {each.item_id: (seq, each.title) for seq, each in load_items(connection, 1)}
        assert set(since) == {"a", "c"}
        assert since["a"] == (numbers["a"], "New title")
        assert len(list(load_items(connection, 0))) == 3
        assert list(load_items(connection, 2)) == []


def test_overlays_are_the_standing_takedowns_and_all_segments(database):
    tea = Target(selector=Selector(tags=("tea",)))
    with database.write() as unit:
        unit.takedowns.add(Takedown("t-1", Target(item_id="lamp"), "recalled", "pat", NOON))
        unit.takedowns.add(Takedown("t-2", tea, "recalled", "pat", NOON))
        unit.takedowns.add(Takedown("t-3", Target(item_id="mug"), "recalled", "pat", NOON))
        unit.takedowns.lift("t-3", at=NOON, by="pat", reason="")
        unit.shoppers.add_members([("u1", "vip"), ("u1", "trade")])
    with database.connect() as connection:
        found = load_overlays(connection)
    assert found.takedowns == (("t-1", Target(item_id="lamp")), ("t-2", tea))
    assert set(found.segments) == {("u1", "vip"), ("u1", "trade")}


def test_segments_and_dislikes_are_kept_once_and_forgotten_by_name(database):
    with database.write() as unit:
        assert unit.shoppers.add_members([("u1", "vip"), ("u2", "vip")]) == 2
        assert unit.shoppers.add_members([("u1", "vip"), ("u3", "trade")]) == 1
        assert unit.shoppers.add_dislikes(USER, [("u1", "lamp"), ("u1", "mug")], NOON) == 2
        assert unit.shoppers.add_dislikes(USER, [("u1", "lamp")], NOON) == 0
        assert unit.shoppers.remove_dislikes(USER, [("u1", "lamp"), ("u9", "lamp")]) == 1
        assert unit.shoppers.dislikes(USER) == {("u1", "mug")}
        unit.shoppers.clear_segments(["vip"])
    with database.connect() as connection:
        assert load_overlays(connection).segments == (("u3", "trade"),)


def test_thousands_of_rows_are_written_at_once(database):
    members = [(f"u{n}", "vip") for n in range(12_000)]
    with database.write() as unit:
        assert unit.shoppers.add_members(members) == len(members)
        unit.items.write([item(f"i{n}") for n in range(3_000)], [], revision=1, at=NOON)
        found = unit.items.get([f"i{n}" for n in range(3_000)])
    assert len(found) == 3_000
