"""A shop on a real database, with a clock that ticks when it is asked and ids that count."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, insert, select, text, update

from recsys.domain.catalog import Item
from recsys.domain.errors import Conflict
from recsys.domain.ids import ItemId
from recsys.domain.people import Actor, Role
from recsys.domain.rules import AnyRule
from recsys.services.drafting import put_rule, read_draft, rule_token
from recsys.services.importing import import_interactions
from recsys.services.shop import Shop
from recsys.settings import Settings
from recsys.storage.engine import make_engine, writing
from recsys.storage.runs import RunInfo
from recsys.storage.tables import Base, EventLineRow, ShopStateRow
from recsys.storage.unit_of_work import Database

MORNING = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
VIC = Actor("vic@shop.example", Role.VIEWER)
ANN = Actor("ann@shop.example", Role.EDITOR)
BOB = Actor("bob@shop.example", Role.EDITOR)
PAT = Actor("pat@shop.example", Role.PUBLISHER)
ADA = Actor("ada@shop.example", Role.ADMIN)


def make_shop(url: str, home: Path) -> Shop:
    """Give a shop at the migrated database `url`; each look at its clock is a second later."""
    ticks, numbers = itertools.count(), itertools.count(1)
    return Shop(
        database=Database(url),
        settings=Settings(home=home, database_url=url, secret_key=b"a secret of thirty-two bytes now"),
        clock=lambda: MORNING + timedelta(seconds=next(ticks)),
        new_id=lambda prefix: f"{prefix}-{next(numbers)}",
    )


def empty_tables(url: str) -> None:
    """Take the database at `url` back to how the migrations leave it."""
    engine = make_engine(url)
    with writing(engine).begin() as connection:
        names = ", ".join(f'"{table.name}"' for table in Base.metadata.sorted_tables)
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        else:
            connection.execute(update(ShopStateRow).values(live=None))
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(delete(table))
        state = {"id": 1, "live": None, "catalog_revision": 0, "overlay_revision": 0, "draft_revision": 0}
        connection.execute(insert(ShopStateRow).values(state))
        connection.execute(insert(EventLineRow).values({"id": 1, "revision": 0, "taken": 0}))
    engine.dispose()


def item(item_id: str, title: str = "", **more: object) -> Item:
    """Give an item."""
    return Item(ItemId(item_id), title or f"The {item_id}", **more)


def sell_well(shop: Shop, folder: Path) -> None:
    """Import sales enough for something to be measured, from a file in the folder."""
    path = folder / "sales.csv"
    pairs = [(u, i) for u in range(90) for i in range(24) if (u * 7 + i * 5) % 4 == u % 2]
    rows = "".join(f"u{u},i{i},2026-{1 + (u + i * 3) % 10:02}-02T10:00:00Z\n" for u, i in pairs)
    path.write_text("user_id,item_id,timestamp\n" + rows, encoding="utf-8")
    import_interactions(shop, ADA, path)


def save(shop: Shop, actor: Actor, rule: AnyRule, note: str = "") -> int:
    """Save a rule as somebody who has just looked at the draft; the change's id."""
    return put_rule(shop, actor, rule, expected=rule_token(read_draft(shop), rule.id), note=note).id


def add_run(shop: Shop, run_id: str, *, status: str = "ready", passed: bool = True) -> RunInfo:
    """Write a run as training leaves it."""
    gate = {"passed": passed, "checks": [{"name": "reach", "passed": passed, "words": "Reaches too few."}]}
    run = RunInfo(run_id, status, "als", MORNING, "operator", metrics={"values": {}}, gate=gate)
    with shop.database.write() as unit:
        unit.runs.add(run)
    return run


def everything(shop: Shop) -> dict[str, int]:
    """Give the count of rows of each table, and what the state row says: equal before and after a refusal."""
    with shop.database.read() as unit:
        counts = {
            table.name: unit.session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }
        pointer = unit.state.pointer()
    return {**counts, **{name: getattr(pointer, name) or 0 for name in pointer.__slots__}}


def outcome(call: object) -> object:
    """Give what a call returns, or the conflict it raises."""
    try:
        return call()  # type: ignore[operator]  # a plain function
    except Conflict as conflict:
        return conflict
