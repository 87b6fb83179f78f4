"""What workers hold of single shoppers follows the database by revisions, and is the same as read anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event as sqlalchemy_event
from support.tiny_shop import PINNED, TinyShop, make_tiny_shop

from recsys.domain.events import Event, EventType
from recsys.domain.ids import ItemId, UserId
from recsys.domain.people import OPERATOR
from recsys.domain.requests import Request
from recsys.services.events import record_events
from recsys.services.releasing import accept_run, roll_back
from recsys.slates.answer import Asker
from recsys.slates.marks import UNMARKED
from recsys.slates.refresh import LiveHolder
from recsys.storage.shoppers import SESSION, USER
from recsys.storage.tables import RunRow

NUMBERS = iter(range(1_000_000))


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> Iterator[TinyShop]:
    made = make_tiny_shop(tmp_path / "home", database_url)
    yield made
    made.shop.database.close()


def holder_of(tiny: TinyShop, **settings: object) -> LiveHolder:
    holder = LiveHolder(tiny.shop.database, replace(tiny.settings, **settings), clock=tiny.shop.clock)  # type: ignore[arg-type]  # any setting
    holder.catch_up()
    return holder


def tell(tiny: TinyShop, kind: str, item_id: str, *, days_ago: float = 0, **who: str) -> None:
    now = tiny.shop.clock()
    at = now - timedelta(days=days_ago)
    told = Event(event_id=f"e{next(NUMBERS)}", type=EventType(kind), item_id=ItemId(item_id), at=at, **who)
    record_events(tiny.shop, [told], now)


def slate(tiny: TinyShop, holder: LiveHolder, **who: str) -> list[str]:
    state = holder.catch_up()
    assert state.release is not None
    request = Request(at=tiny.shop.clock(), surface="home", limit=40, **who)  # type: ignore[arg-type]  # keywords of Request
    answer = Asker(tiny.settings.identity_key).answer(state, request, state.release)
    return [placed.item_id for placed in answer.slate.items]


@pytest.mark.parametrize("who", [{"user": "ann"}, {"user": "nobody-knows"}, {"session": "s1"}])
def test_a_dislike_bars_even_a_pin_until_it_is_undone(tiny: TinyShop, who: dict[str, str]) -> None:
    holder = holder_of(tiny)
    assert PINNED in slate(tiny, holder, **who)
    tell(tiny, "dislike", PINNED, **who)
    assert PINNED not in slate(tiny, holder, **who)
    assert PINNED not in slate(tiny, holder_of(tiny), **who)
    assert PINNED in slate(tiny, holder, user="bob")
    tell(tiny, "undislike", PINNED, **who)
    assert PINNED in slate(tiny, holder, **who)
    assert PINNED in slate(tiny, holder_of(tiny), **who)


@pytest.mark.parametrize("who", [{"user": "ann"}, {"user": "nobody-knows"}, {"session": "s1"}])
def test_a_purchase_counts_as_owned_at_once(tiny: TinyShop, who: dict[str, str]) -> None:
    holder = holder_of(tiny)
    bought = slate(tiny, holder, **who)[0]
    tell(tiny, "purchase", bought, **who)
    assert bought not in slate(tiny, holder, **who)
    assert bought not in slate(tiny, holder_of(tiny), **who)


def test_recent_items_are_the_latest_first_without_dislikes_or_impressions(tiny: TinyShop) -> None:
    holder = holder_of(tiny)
    for days, item in ((3, "i05"), (2, "i06"), (1, "i07")):
        tell(tiny, "view", item, days_ago=days, session="s1")
    tell(tiny, "click", "i05", session="s1")
    tell(tiny, "impression", "i09", session="s1")
    tell(tiny, "dislike", "i06", session="s1")
    tell(tiny, "like", "i10", days_ago=1.5, user="new")
    for each in (holder, holder_of(tiny)):
        overlays = each.catch_up().overlays
        assert overlays.recent_items(None, "s1") == ("i05", "i07")
        assert overlays.recent_items("new", "s1") == ("i05", "i07", "i10")
        assert overlays.recent_items("nobody", None) == ()


def test_taking_in_piece_by_piece_comes_to_the_same_as_reading_anew(tiny: TinyShop) -> None:
    chance, holder = random.Random(7), holder_of(tiny)
    kinds = [kind.value for kind in EventType]
    for step in range(120):
        who = {chance.choice(["user", "session"]): f"x{chance.randrange(4)}"}
        tell(tiny, chance.choice(kinds), f"i{chance.randrange(1, 9):02d}", days_ago=chance.random(), **who)
        if step % 7 == 0:
            holder.catch_up()
    piecewise, anew = holder.catch_up().overlays.shoppers, holder_of(tiny).current().overlays.shoppers
    assert (piecewise.revision, len(piecewise)) == (anew.revision, len(anew))
    for kind in (USER, SESSION):
        for shopper in (f"x{number}" for number in range(4)):
            assert piecewise.of(kind, shopper) == replace(
                anew.of(kind, shopper), last=piecewise.of(kind, shopper).last
            )


def test_a_look_reads_only_what_was_told_since(tiny: TinyShop) -> None:
    for number in range(30):
        tell(tiny, "view", f"i{number + 1:02d}", user=f"u{number}")
    holder, rows = holder_of(tiny), []
    tell(tiny, "view", "i01", user="u1")

    def note(connection, cursor, statement, *_):  # type: ignore[no-untyped-def]  # the event's own shape
        rows.append(statement)

    sqlalchemy_event.listen(tiny.shop.database.engine, "after_cursor_execute", note)
    before = holder.current().overlays
    after = holder.catch_up().overlays
    assert list(after.shoppers.fresh) == [(USER, "u1")]
    assert after.shoppers.settled is before.shoppers.settled
    assert after.keys is before.keys
    rows.clear()
    holder.catch_up()
    assert len([each for each in rows if each != "BEGIN"]) == 1, (
        "when nothing moved, the pointer is all that is read"
    )


def test_purchases_that_every_held_snapshot_knows_are_not_held_twice(tiny: TinyShop) -> None:
    shop = tiny.shop
    tell(tiny, "purchase", "i20", user="ann")
    with shop.database.write() as unit:
        unit.session.get_one(RunRow, "run-2").event_revision = unit.events.line().revision
    tell(tiny, "purchase", "i21", user="ann")
    holder = holder_of(tiny)
    assert holder.current().overlays.bought_by("ann", None) == {"i20", "i21"}
    old = tiny.curated_release
    accept_run(shop, OPERATOR, "run-2")
    assert holder.catch_up().overlays.bought_by("ann", None) == {"i20", "i21"}, "run-1 is still held"
    with shop.database.write() as unit:
        unit.session.get_one(RunRow, "run-1").event_revision = unit.events.line().revision
    assert holder_of(tiny).current().overlays.bought_by("ann", None) == {"i21"}
    with shop.database.write() as unit:
        unit.session.get_one(RunRow, "run-1").event_revision = None
    roll_back(shop, OPERATOR, old)
    assert holder.catch_up().overlays.bought_by("ann", None) == {"i20", "i21"}


def test_a_session_that_was_quiet_for_long_is_over_and_a_users_dislike_never(tiny: TinyShop) -> None:
    for who in ({"session": "old"}, {"user": "ann"}):
        tell(tiny, "dislike", PINNED, days_ago=40, **who)
    tell(tiny, "dislike", PINNED, days_ago=40, session="active")
    tell(tiny, "view", "i05", days_ago=1, session="active")
    shoppers = holder_of(tiny).current().overlays.shoppers
    assert shoppers.of(SESSION, "old") is UNMARKED
    assert shoppers.of(SESSION, "active").disliked == {PINNED}
    assert shoppers.of(USER, "ann").disliked == {PINNED}
    longer = holder_of(tiny, session_days=60).current().overlays.shoppers
    assert longer.of(SESSION, "old").disliked == {PINNED}


def test_what_is_forgotten_of_sessions_is_what_no_worker_knows(tiny: TinyShop) -> None:
    tell(tiny, "dislike", PINNED, days_ago=40, session="old")
    tell(tiny, "view", "i05", days_ago=40, session="old")
    tell(tiny, "dislike", PINNED, days_ago=40, session="active")
    tell(tiny, "view", "i05", days_ago=1, session="active")
    before = holder_of(tiny).current().overlays.shoppers
    with tiny.shop.database.write_events() as unit:
        assert unit.shoppers.forget_sessions(tiny.shop.clock() - timedelta(days=30)) == 2
    after = holder_of(tiny, session_days=400).current().overlays.shoppers
    for session in ("old", "active"):
        assert after.of(SESSION, session).disliked == before.of(SESSION, session).disliked


def test_a_dislike_that_older_code_wrote_acts_too(tiny: TinyShop) -> None:
    holder = holder_of(tiny)
    with tiny.shop.database.write() as unit:
        unit.session.connection().exec_driver_sql(
            "INSERT INTO dislike (kind, shopper, item_id, at) "
            f"VALUES ('user', 'ann', '{PINNED}', '2026-01-01 00:00:00.000000')"
        )
        unit.state.bump_overlay()
    tell(tiny, "view", "i01", user="bob")
    assert holder.catch_up().overlays.disliked_by(UserId("ann"), None) == {PINNED}
