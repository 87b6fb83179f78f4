"""What a worker holds of shoppers has bounds, and they drop the least useful first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from recsys.slates import marks
from recsys.slates.marks import MOST_OPINIONS, MOST_RECENT, ShopperMarks
from recsys.storage.shoppers import SESSION, USER, Opinion, Seen

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(minutes):
    return NOON + timedelta(minutes=minutes)


def seen(number, kind=USER, shopper="u", *, bought=False):
    return Seen(kind, shopper, f"i{number}", at(number), bought)


def test_of_recent_items_the_latest_are_kept():
    first = ShopperMarks.loaded(1, 0, [], [seen(number) for number in range(60)])
    later = first.updated(2, [], [seen(100)], NOON)
    for each, latest in ((first, 59), (later, 100)):
        recent = each.of(USER, "u").recent
        assert len(recent) == MOST_RECENT
        assert recent[0] == (at(latest).timestamp(), f"i{latest}")
        assert list(recent) == sorted(recent, reverse=True)


def test_of_a_sessions_dislikes_the_latest_count_and_of_a_users_all():
    many = MOST_OPINIONS + 5
    opinions = [
        Opinion(kind, "x", f"i{number}", at(number), disliked=True)
        for kind in (USER, SESSION)
        for number in range(many)
    ]
    loaded = ShopperMarks.loaded(1, 0, opinions, [])
    assert len(loaded.of(USER, "x").disliked) == many
    assert len(loaded.of(SESSION, "x").disliked) == MOST_OPINIONS
    assert "i0" not in loaded.of(SESSION, "x").disliked


def test_where_there_is_no_room_the_longest_quiet_go_but_never_a_users_purchase(monkeypatch):
    monkeypatch.setattr(marks, "MOST_SHOPPERS", 3)
    told = [seen(number, kind, f"x{number}") for kind in (USER, SESSION) for number in range(6)]
    told.append(seen(0, USER, "buyer", bought=True))
    loaded = ShopperMarks.loaded(1, 0, [], told)
    for kind in (USER, SESSION):
        kept = {shopper for k, shopper in loaded.settled if k == kind} - {"buyer"}
        assert kept == {"x3", "x4", "x5"}
    assert loaded.of(USER, "buyer").bought == {"i0"}


def test_what_was_known_before_stays_as_it_was(monkeypatch):
    monkeypatch.setattr(marks, "_FEWEST_FRESH", 2)
    states = [ShopperMarks.loaded(0, 0, [], [])]
    for number in range(8):
        states.append(states[-1].updated(number + 1, [], [seen(number, USER, f"x{number}")], NOON))
    for number, state in enumerate(states):
        assert len(state) == number
        assert [bool(state.of(USER, f"x{each}").recent) for each in range(8)] == [
            each < number for each in range(8)
        ]
    assert len(states[-1].fresh) <= 2


def test_sessions_that_are_over_are_dropped_when_the_mappings_become_one(monkeypatch):
    monkeypatch.setattr(marks, "_FEWEST_FRESH", 0)
    state = ShopperMarks.loaded(0, 0, [], [seen(1, SESSION, "old"), seen(1, USER, "old")])
    state = state.updated(1, [], [seen(90, SESSION, "new")], at(60))
    assert set(state.settled) == {(SESSION, "new"), (USER, "old")}
