"""Events join the interactions exactly once, whatever happens on the way, and runs learn from them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from recsys.data.store import InteractionStore
from recsys.data.training import build_training_data, latest_dislikes
from recsys.domain.events import Event, EventType, Fate
from recsys.services.events import record_events
from recsys.services.importing import import_interactions
from recsys.services.taking import forget_events, take_events
from recsys.services.training import start_run
from recsys.snapshots.identity import shopper_hash
from recsys.snapshots.mapped import Snapshot
from recsys.storage.events import EventRepository
from recsys.storage.shoppers import SESSION, USER
from recsys.storage.tables import EventKeyRow, EventRow, ShopperItemRow
from tests.integration.shops import ADA, MORNING, PAT


def tell(shop, *told, received=MORNING):
    """Record (id, kind, item, who, minutes) events."""
    events = [
        Event(
            event_id=event_id,
            type=EventType(kind),
            item_id=item_id,
            at=received + timedelta(minutes=minutes),
            **who,
        )
        for event_id, kind, item_id, who, minutes in told
    ]
    return record_events(shop, events, received)


def stored(shop):
    """What the interactions hold: (user, item, kind, weight)."""
    rows = InteractionStore(shop.settings.interactions_dir).read().to_pylist()
    return sorted((row["user_id"], row["item_id"], row["kind"], row["weight"]) for row in rows)


ANN, S1 = {"user": "ann"}, {"session": "s1"}


def test_types_become_kinds_and_impressions_stay_behind(shop):
    kinds = ["impression", "view", "click", "add_to_cart", "purchase", "like", "dislike"]
    tell(shop, *((f"e{at}", kind, f"i{at}", ANN, at) for at, kind in enumerate(kinds)))
    taken = take_events(shop)
    assert stored(shop) == [("ann", f"i{at}", kind, None) for at, kind in enumerate(kinds) if at]
    assert taken.added == 6
    assert take_events(shop).added == 0


def test_each_take_brings_what_came_since(shop):
    tell(shop, ("a", "view", "lamp", ANN, 0))
    first = take_events(shop)
    tell(shop, ("b", "view", "mug", ANN, 1), ("a", "view", "lamp", ANN, 0))
    second = take_events(shop)
    assert (first.added, second.added) == (1, 1)
    assert second.revision > first.revision


def test_quantity_value_and_time_come_along(shop):
    bought = Event(
        event_id="a",
        type=EventType.PURCHASE,
        item_id="lamp",
        at=MORNING - timedelta(days=3),
        user="ann",
        quantity=3.0,
        value=7.5,
    )
    record_events(shop, [bought], MORNING)
    take_events(shop)
    [row] = InteractionStore(shop.settings.interactions_dir).read().to_pylist()
    assert (row["quantity"], row["value"], row["timestamp"]) == (3.0, 7.5, bought.at)


def test_of_sessions_purchases_alone_join_under_a_name_that_tells_nothing(shop):
    tell(shop, ("a", "view", "lamp", S1, 0), ("b", "dislike", "mug", S1, 1), ("c", "purchase", "lamp", S1, 2))
    tell(shop, ("d", "purchase", "mug", S1, 3), ("e", "purchase", "mug", {**S1, **ANN}, 4))
    take_events(shop)
    rows = stored(shop)
    guests = {user for user, *_ in rows if user != "ann"}
    assert len(rows) == 3
    assert len(guests) == 1
    assert "s1" not in guests.pop().removeprefix("session:")


@pytest.mark.parametrize("apart", [0, 1])
@pytest.mark.parametrize(
    ("kinds", "stands"),
    [
        (["dislike"], True),
        (["dislike", "undislike"], False),
        (["undislike", "dislike"], True),
        (["dislike", "undislike", "dislike"], True),
        (["dislike", "like"], False),
    ],
)
def test_the_interactions_and_the_live_state_agree_on_dislikes(shop, kinds, stands, apart):
    tell(shop, *((f"e{at}", kind, "lamp", ANN, at * apart) for at, kind in enumerate(kinds)))
    take_events(shop)
    store = InteractionStore(shop.settings.interactions_dir)
    with shop.database.read() as unit:
        live = unit.shoppers.dislikes(USER)
    assert live == set(latest_dislikes(store.read())) == ({("ann", "lamp")} if stands else set())


def test_an_undone_dislike_is_no_liking(shop):
    tell(shop, ("a", "dislike", "lamp", ANN, 0), ("b", "undislike", "lamp", ANN, 1))
    tell(shop, ("c", "like", "mug", ANN, 0))
    take_events(shop)
    data = build_training_data(InteractionStore(shop.settings.interactions_dir).read(), ())
    liked = data.weights[data.users.to_index(["ann"])[0]].indices
    assert [data.items[each] for each in liked] == ["mug"]


def test_an_import_after_the_take_leaves_what_was_told_as_it_is(shop, tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text("user_id,item_id,kind,timestamp\nann,lamp,dislike,2026-01-02\n")
    import_interactions(shop, ADA, path)
    tell(shop, ("a", "undislike", "lamp", ANN, 60), ("b", "dislike", "mug", ANN, 60))
    take_events(shop)
    path.write_text("user_id,item_id,kind,timestamp\nbob,lamp,view,2026-01-02\n")
    import_interactions(shop, ADA, path)
    with shop.database.read() as unit:
        assert unit.shoppers.dislikes(USER) == {("ann", "mug")}


_KILLED = """
import os, signal, sys
from pathlib import Path
from recsys.services import taking
from recsys.services.shop import open_shop
from recsys.settings import Settings

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[1] == "before the note":
    taking._conclude = killed
else:
    from recsys.data.commits import CommitLog
    CommitLog.write = killed
taking.take_events(open_shop(Settings.from_environment(os.environ)))
"""


@pytest.mark.parametrize("moment", ["before the note", "before the commit"])
def test_a_take_that_is_killed_is_made_up_for_exactly_once(shop, moment):
    tell(shop, *((f"e{at}", "view", f"i{at}", ANN, at) for at in range(50)))
    environment = {
        **os.environ,
        "RECSYS_HOME": str(shop.settings.home),
        "RECSYS_DATABASE_URL": shop.settings.database_url,
        "RECSYS_SECRET_KEY": shop.settings.secret_key.decode(),
    }
    killed = subprocess.run([sys.executable, "-c", _KILLED, moment], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    tell(shop, ("later", "view", "lamp", ANN, 100))
    take_events(shop)
    assert len(stored(shop)) == 51
    assert take_events(shop).added == 0


def test_a_run_learns_from_events_and_knows_how_far(shop):
    shoppers = [{"user": f"u{at}"} for at in range(8)]
    tell(
        shop,
        *(
            (f"e{at}-{item}", "purchase", f"i{item}", who, -60 * 24 * (at + item))
            for at, who in enumerate(shoppers)
            for item in range(6)
            if (at + item) % 3
        ),
    )
    run = start_run(shop, PAT, model="popular")
    with shop.database.read() as unit:
        line = unit.events.line()
    assert run.event_revision == line.revision == line.taken
    snapshot = Snapshot.open(shop.settings.snapshots_dir / run.id)
    row = snapshot.shopper(shopper_hash(shop.settings.identity_key, "u1"))
    assert row is not None
    assert {snapshot.item_ids[each] for each in snapshot.owned(row)} == {"i0", "i1", "i3", "i4"}


def test_what_has_had_its_time_is_dropped_and_the_rest_is_not(shop):
    old = MORNING - timedelta(days=100)
    tell(
        shop,
        ("a", "view", "lamp", ANN, 0),
        ("b", "purchase", "mug", ANN, 0),
        ("c", "dislike", "jug", ANN, 0),
        ("d", "dislike", "jug", S1, 0),
        ("e", "view", "lamp", S1, 0),
        received=old,
    )
    tell(shop, ("f", "view", "cup", ANN, 0), ("g", "view", "cup", {"session": "s2"}, 0))
    take_events(shop)
    with shop.database.connect() as connection:
        kept = set(connection.scalars(select(EventRow.event_id)))
        found = connection.execute(select(ShopperItemRow.shopper, ShopperItemRow.item_id))
        seen = {(shopper, item_id) for shopper, item_id in found}
    assert kept == {"f", "g"}
    assert seen == {("ann", "mug"), ("ann", "cup"), ("s2", "cup")}
    with shop.database.read() as unit:
        assert (unit.shoppers.dislikes(USER), unit.shoppers.dislikes(SESSION)) == ({("ann", "jug")}, set())


def test_nothing_is_dropped_before_it_has_joined(shop):
    tell(shop, ("a", "view", "lamp", ANN, 0), received=MORNING - timedelta(days=100))
    with shop.database.write_events() as unit:
        assert unit.events.forget(MORNING) == 0
    with shop.database.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(EventRow)) == 1
    take_events(shop)
    assert len(stored(shop)) == 1


@pytest.mark.parametrize("forget", [EventRepository.forget, EventRepository.forget_keys])
def test_events_past_their_time_go_in_lots_the_oldest_first(shop, forget):
    for number in range(5):
        tell(shop, (f"e{number}", "view", "lamp", ANN, 0), received=MORNING + timedelta(minutes=number))
    take_events(shop)
    row = EventRow if forget is EventRepository.forget else EventKeyRow
    left = []
    for _ in range(4):
        with shop.database.write_events() as unit:
            gone = forget(unit.events, MORNING + timedelta(minutes=4), 2)
        with shop.database.connect() as connection:
            left.append((gone, sorted(connection.scalars(select(row.event_id)))))
    assert left == [(2, ["e2", "e3", "e4"]), (2, ["e4"]), (0, ["e4"]), (0, ["e4"])]


def test_forgetting_goes_on_until_nothing_past_is_left(shop, monkeypatch):
    for lots in ("forget", "forget_keys"):
        monkeypatch.setattr(getattr(EventRepository, lots), "__defaults__", (2,))
    for number in range(5):
        tell(shop, (f"e{number}", "view", "lamp", ANN, 0), received=MORNING + timedelta(minutes=number))
    take_events(shop)
    forget_events(shop, MORNING)
    assert held(shop) == {f"e{number}" for number in range(5)}
    forget_events(shop, MORNING + timedelta(minutes=5))
    assert held(shop) == set()


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=14, minutes=59)])
def test_events_are_kept_until_their_day_was_over_for_so_long(shop, late):
    day = MORNING - timedelta(days=90)
    tell(shop, ("a", "view", "lamp", ANN, 0), received=day + late)
    take_events(shop)
    assert held(shop) == {"a"}
    assert tell(shop, ("a", "view", "lamp", ANN, 0)) == [Fate.REPEATED]
    take_events(replace(shop, clock=lambda: MORNING + timedelta(days=1)))
    assert held(shop) == set()
    assert tell(shop, ("a", "view", "lamp", ANN, 0)) == [Fate.ACCEPTED]


def test_an_id_is_known_for_as_long_as_its_event_is_to_come(shop):
    tell(shop, ("a", "view", "lamp", ANN, 0), received=MORNING - timedelta(days=100))
    forget_events(shop, MORNING)
    assert held(shop) == {"a"}
    assert tell(shop, ("a", "view", "lamp", ANN, 0)) == [Fate.REPEATED]


def held(shop):
    """The ids of the events that are kept; those that are known are the same."""
    with shop.database.connect() as connection:
        kept, known = (set(connection.scalars(select(row.event_id))) for row in (EventRow, EventKeyRow))
    assert kept == known
    return kept
