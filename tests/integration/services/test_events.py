"""Events are stored once each, with what follows from them, or not at all."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from recsys.domain.events import Event, EventType, Fate
from recsys.services.events import record_events
from recsys.services.importing import import_interactions
from recsys.storage.inserting import insert_or_keep
from recsys.storage.shoppers import SESSION, USER, ShopperRepository
from recsys.storage.tables import DislikeRow, EventKeyRow, EventLineRow, EventRow, ShopperItemRow
from tests.integration.shops import ADA, MORNING


def event(event_id="e1", kind="view", item_id="lamp", minutes=0, **more):
    who = {} if {"user", "session"} & set(more) else {"user": "u1"}
    at = MORNING + timedelta(minutes=minutes)
    return Event(event_id=event_id, type=EventType(kind), item_id=item_id, at=at, **who, **more)


def record(shop, *events):
    return [fate.value for fate in record_events(shop, events, MORNING + timedelta(hours=1))]


def count(shop, table):
    with shop.database.connect() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def disliked(shop, kind=USER):
    with shop.database.read() as unit:
        return unit.shoppers.dislikes(kind)


def test_an_event_counts_once_however_often_it_is_told(shop):
    assert record(shop, event("a"), event("b"), event("a")) == ["accepted", "accepted", "repeated"]
    assert record(shop, event("b", "purchase"), event("c")) == ["repeated", "accepted"]
    assert count(shop, EventRow) == 3


def test_those_who_cannot_know_each_others_ids_do_not_use_them_up(shop):
    assert record(shop, event("a", namespace="session s1", session="s1")) == ["accepted"]
    assert record(shop, event("a")) == ["accepted"]
    assert record(shop, event("a", namespace="session s1", session="s1")) == ["repeated"]


def test_what_was_given_is_what_is_kept(shop):
    given = event(
        "a", "purchase", session="s1", user="zoë", position=3, quantity=2.0, value=9.5, reason="a gift"
    )
    record(shop, given)
    with shop.database.read() as unit:
        line = unit.events.line()
        assert [each for piece in unit.events.after(0, line.revision) for each in piece] == [given]


def test_events_come_back_in_the_order_of_the_line(shop):
    for number in range(3):
        record(shop, *(event(f"{number}-{each}") for each in range(3)))
    with shop.database.read() as unit:
        found = [each.event_id for piece in unit.events.after(1, 3) for each in piece]
    assert found == [f"{number}-{each}" for number in (1, 2) for each in range(3)]


@pytest.mark.parametrize("end", ["undislike", "like"])
def test_the_latest_word_on_an_item_stands(shop, end):
    record(shop, event("a", "dislike", minutes=5))
    assert disliked(shop) == {("u1", "lamp")}
    record(shop, event("b", end, minutes=4))
    assert disliked(shop) == {("u1", "lamp")}
    record(shop, event("c", end, minutes=6))
    assert disliked(shop) == set()
    record(shop, event("d", "dislike", minutes=5))
    assert disliked(shop) == set()
    record(shop, event("e", "dislike", minutes=6))
    assert disliked(shop) == {("u1", "lamp")}


def test_a_repeated_event_changes_nothing(shop):
    record(shop, event("a", "dislike"), event("b", "undislike", minutes=1))
    assert record(shop, event("a", "dislike", minutes=2)) == ["repeated"]
    assert disliked(shop) == set()


def test_an_event_of_a_user_in_a_session_counts_for_both(shop):
    record(shop, event("a", "dislike", user="u1", session="s1"))
    assert disliked(shop) == {("u1", "lamp")}
    assert disliked(shop, SESSION) == {("s1", "lamp")}


def test_impressions_leave_no_mark_on_a_shopper(shop):
    record(shop, event("a", "impression"))
    assert (count(shop, EventRow), count(shop, ShopperItemRow), count(shop, DislikeRow)) == (1, 0, 0)


def test_when_one_part_fails_nothing_is_stored(shop, monkeypatch):
    def fail(*_):
        raise OSError("the disk went away")

    with monkeypatch.context() as broken:
        broken.setattr(ShopperRepository, "see", fail)
        with pytest.raises(OSError, match="disk"):
            record(shop, event("a", "dislike"), event("b"))
    assert (count(shop, EventRow), count(shop, DislikeRow)) == (0, 0)
    assert record(shop, event("a", "dislike"), event("b")) == ["accepted", "accepted"]


def test_revisions_commit_in_their_order(shop):
    record(shop, event("a"))
    record(shop, event("b"), event("c"))
    with shop.database.connect() as connection:
        rows = connection.execute(select(EventRow.event_id, EventRow.revision).order_by(EventRow.seq)).all()
        line = connection.scalar(select(EventLineRow.revision))
    first = rows[0].revision
    assert [row.revision for row in rows] == [first, first + 1, first + 1]
    assert line == first + 1


def test_an_import_does_not_overrule_what_was_told_since(shop, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("user_id,item_id,kind,timestamp\nu1,lamp,dislike,2026-01-02\nu2,mug,like,2026-01-02\n")
    import_interactions(shop, ADA, path)
    assert disliked(shop) == {("u1", "lamp")}
    hour = 60
    record(shop, event("a", "undislike", minutes=hour))
    record(shop, event("b", "dislike", item_id="mug", user="u2", minutes=hour))
    path.write_text("user_id,item_id,kind,timestamp\nu9,lamp,view,2026-01-02\n")
    import_interactions(shop, ADA, path)
    assert disliked(shop) == {("u2", "mug")}


def test_of_many_who_tell_the_same_events_at_once_each_is_believed_once(shop):
    events, start = [event(f"e{number}") for number in range(20)], Barrier(6)

    def tell(number):
        start.wait(60)
        # Each in an order of its own: they must not wait for each other in a circle.
        told = events[number:] + events[:number]
        return Counter(
            each.event_id for each, fate in zip(told, record(shop, *told), strict=True) if fate == "accepted"
        )

    with ThreadPoolExecutor(6) as crowd:
        accepted = sum(crowd.map(tell, range(6)), Counter())
    assert accepted == Counter(each.event_id for each in events)
    assert (count(shop, EventRow), count(shop, EventKeyRow)) == (20, 20)


def test_an_id_is_known_whatever_the_day(shop):
    for days in (0, 1, -1, 30):
        fates = record_events(shop, [event("a")], MORNING + timedelta(days=days))
        assert fates == [Fate.REPEATED if days else Fate.ACCEPTED]
    assert count(shop, EventRow) == 1


def test_what_the_version_before_writes_is_known_and_what_is_known_it_does_not_write(shop):
    record(shop, event("a"))
    with shop.database.write_events() as unit:
        row = {"type": "view", "user_id": "u1", "item_id": "lamp", "at": MORNING, "received_at": MORNING}
        rows = [
            {**row, "namespace": "", "event_id": name, "revision": unit.events.advance()} for name in "ab"
        ]
        insert = insert_or_keep(unit.session, EventRow).returning(EventRow.event_id)
        assert unit.session.scalars(insert, rows).all() == ["b"]
    assert record(shop, event("a"), event("b"), event("c")) == ["repeated", "repeated", "accepted"]
    assert (count(shop, EventRow), count(shop, EventKeyRow)) == (3, 3)


def test_no_events_are_no_trouble(shop):
    assert record_events(shop, [], MORNING) == []
    assert [fate.value for fate in Fate] == ["accepted", "repeated"]
