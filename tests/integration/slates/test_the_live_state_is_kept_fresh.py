"""What a process holds in memory follows the database, part by part, and outlives its faults."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from support.tiny_shop import PINNED, TinyShop, make_tiny_shop, publish_rules

from recsys.domain.events import Event, EventType
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.people import OPERATOR
from recsys.domain.requests import Request
from recsys.domain.rules import Pin
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.services.catalog import set_availability
from recsys.services.events import record_events
from recsys.services.keys import revoke_key
from recsys.services.releasing import accept_run
from recsys.services.takedowns import take_down
from recsys.slates.answer import Asker
from recsys.slates.refresh import LiveHolder
from recsys.slates.state import LiveState


@pytest.fixture
def tiny(database_url: str, tmp_path: Path) -> TinyShop:
    return make_tiny_shop(tmp_path / "home", database_url)


@pytest.fixture
def holder(tiny: TinyShop) -> LiveHolder:
    holder = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)
    holder.catch_up()
    return holder


def _slate(tiny: TinyShop, state: LiveState, **more: object) -> list[str]:
    assert state.release is not None
    request = Request(at=tiny.shop.clock(), surface="home", limit=40, **more)  # type: ignore[arg-type]  # keywords of Request
    asker = Asker(tiny.settings.identity_key)
    return [placed.item_id for placed in asker.answer(state, request, state.release).slate.items]


def test_a_release_swap_keeps_catalog_and_overlays_as_they_are(tiny: TinyShop, holder: LiveHolder) -> None:
    before = holder.current()
    pin = Pin(id=RuleId("pin-new"), slot=1, item_id=ItemId("i20"), scope=Scope(surface="home"))
    number = publish_rules(tiny.shop, pin)
    after = holder.catch_up()
    assert after.release is not None
    assert after.release.number == number
    assert after.catalog is before.catalog
    assert after.overlays is before.overlays
    assert after.release.run is before.release.run if before.release else False


def test_the_state_taken_before_a_swap_goes_on_answering_as_before(
    tiny: TinyShop, holder: LiveHolder
) -> None:
    before = holder.current()
    first = _slate(tiny, before)
    publish_rules(
        tiny.shop, Pin(id=RuleId("pin-new"), slot=1, item_id=ItemId("i20"), scope=Scope(surface="home"))
    )
    assert _slate(tiny, holder.catch_up())[0] == "i20"
    assert _slate(tiny, before) == first


def test_a_catalog_change_loads_only_the_rows_that_changed(tiny: TinyShop, holder: LiveHolder) -> None:
    before = holder.current().catalog
    set_availability(tiny.shop, OPERATOR, [PINNED], False)
    after = holder.catch_up().catalog
    changed = [i for i in after.ids() if after.get(i) is not before.get(i)]
    assert changed == [PINNED]
    assert before.get(ItemId(PINNED)) is not None
    assert before.get(ItemId(PINNED)).available  # type: ignore[union-attr]  # checked above


def test_a_replaced_release_is_held_for_its_cursors(tiny: TinyShop, holder: LiveHolder) -> None:
    old = holder.current().release
    publish_rules(
        tiny.shop, Pin(id=RuleId("pin-new"), slot=1, item_id=ItemId("i20"), scope=Scope(surface="home"))
    )
    state = holder.catch_up()
    assert old is not None
    assert state.held[old.number] is old


def test_a_revoked_key_leaves_the_state(tiny: TinyShop, holder: LiveHolder) -> None:
    some = next(iter(holder.current().overlays.keys.values()))
    revoke_key(tiny.shop, OPERATOR, some.id)
    assert some.id not in {key.id for key in holder.catch_up().overlays.keys.values()}


def test_a_takedown_by_selector_takes_all_it_holds(tiny: TinyShop, holder: LiveHolder) -> None:
    take_down(tiny.shop, OPERATOR, Target(selector=Selector(tags=("red",))), reason="Paint comes off")
    state = holder.catch_up()
    assert not {i for i in _slate(tiny, state) if "red" in state.catalog.items[ItemId(i)].tags}
    assert len(_slate(tiny, state)) > 20


def test_a_damaged_snapshot_is_not_swapped_in_and_takedowns_still_act(
    tiny: TinyShop, holder: LiveHolder
) -> None:
    live = holder.current().release
    array = next((tiny.settings.snapshots_dir / "run-2").rglob("*.npy"))
    array.write_bytes(array.read_bytes()[:100])
    accept_run(tiny.shop, OPERATOR, "run-2")
    take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
    state = holder.catch_up()
    assert state.release is live
    assert holder.failures == 1
    assert "run-2" in (holder.last_fault or "")
    assert PINNED not in _slate(tiny, state)


def test_an_answer_makes_no_database_query(tiny: TinyShop, holder: LiveHolder) -> None:
    asked: list[str] = []
    with _listening(tiny, asked):
        for user in ("ann", "nobody", None):
            _slate(tiny, holder.current(), user=UserId(user) if user else None, context=(ItemId("i01"),))
    assert asked == []


def test_a_takedown_and_a_revoked_key_act_before_anything_else_is_read(
    tiny: TinyShop, holder: LiveHolder
) -> None:
    take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
    set_availability(tiny.shop, OPERATOR, ["i20"], False)
    some = next(iter(holder.current().overlays.keys.values()))
    revoke_key(tiny.shop, OPERATOR, some.id)
    now = tiny.shop.clock()
    told = Event(event_id="e1", type=EventType.DISLIKE, item_id=ItemId("i20"), at=now, user=UserId("ann"))
    record_events(tiny.shop, [told], now)
    states: dict[str, LiveState] = {}

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        for table in ("item", "dislike", "segment_member"):
            if f"FROM {table}" in statement:
                states[table] = holder.current()

    event.listen(Engine, "before_cursor_execute", note)
    try:
        holder.catch_up()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert set(states) == {"item", "dislike", "segment_member"}
    for state in states.values():
        assert PINNED not in _slate(tiny, state)
        assert some.id not in {key.id for key in state.overlays.keys.values()}


@contextmanager
def _listening(tiny: TinyShop, asked: list[str]) -> Iterator[None]:
    """Note every statement that any engine of this process sends."""

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with tiny.shop.database.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        assert "SELECT 1" in asked, "the listener hears queries"
        asked.clear()
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_while_the_database_is_away_the_last_good_state_goes_on(sqlite_url: str, tmp_path: Path) -> None:
    tiny = make_tiny_shop(tmp_path / "home", sqlite_url)
    holder = LiveHolder(tiny.shop.database, tiny.settings, clock=tiny.shop.clock)
    before = holder.catch_up()
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    tiny.shop.database.close()
    away = [
        each.rename(each.with_name(f"away-{each.name}")) for each in sorted(file.parent.glob(f"{file.name}*"))
    ]
    assert holder.catch_up() is before
    assert holder.failures == 1
    assert _slate(tiny, holder.current())
    tiny.shop.database.close()
    for each in sorted(file.parent.glob(f"{file.name}*")):
        each.unlink()
    for each in away:
        each.rename(each.with_name(each.name.removeprefix("away-")))
    take_down(tiny.shop, OPERATOR, Target(item_id=ItemId(PINNED)), reason="Recalled")
    assert PINNED not in _slate(tiny, holder.catch_up())
    assert holder.last_fault is None


def test_a_snapshot_written_under_another_key_is_told_plainly(tiny: TinyShop) -> None:
    other = replace(tiny.settings, secret_key=b"another secret, long enough for the check")
    holder = LiveHolder(tiny.shop.database, other, clock=tiny.shop.clock)
    assert holder.catch_up().release is None
    assert "RECSYS_SECRET_KEY" in (holder.last_fault or "")


def test_markets_that_nobody_knows_take_no_memory_each(tiny: TinyShop, holder: LiveHolder) -> None:
    state = holder.current()
    one, other = (state.catalog.sellable_in(market) for market in ("Atlantis", "Lemuria"))
    assert one is other
    assert "i40" not in one, "sold in France alone"
    assert "i40" in state.catalog.sellable_in("FR")
