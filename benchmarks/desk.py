"""What the surface page costs on the server, with 500 rules on the surface and a draft by two people.

Makes a shop from a seed: a home page of eight rows, pins, vetoes and boosts of every scope on it, and changes in the
draft. Asks the desk for the page as a browser does, without the socket, and measures each answer.

    python benchmarks/desk.py [--items N] [--rules N] [--asked N] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from merge import MARKETS, N_ITEMS
from servings.shop import Size, make_shop, user_id

import recsys
from curation_ui.app import create_app, keep_what_stays
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId
from recsys.domain.people import OPERATOR, Actor, Permission, Role
from recsys.domain.rows import RowKind, RowSettings
from recsys.domain.rules import (
    NEXT_RELEASE,
    AnyRule,
    Boost,
    Pin,
    RuleSet,
    SurfaceSettings,
    Theme,
    Veto,
    theme_id,
)
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Target
from recsys.services.catalog import upsert_items
from recsys.services.drafting import put_rule, read_draft
from recsys.services.people import add_person
from recsys.services.release_line import append, next_release
from recsys.services.shop import Shop, acting, open_shop
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder

RESULTS = Path(__file__).resolve().parent / "results" / "desk.json"
GOAL_MS = 150
PASSWORD = "correct horse battery"  # noqa: S105 - of a shop that lives for a minute
EMAIL = "edith@shop.example"
THEME = theme_id("picked")
SHOPPERS, DRAFTED, WARM, AT_ONCE = 2_000, 12, 5, 10_000
OK, FOUND = 200, 303
ADDRESSES = {
    "the whole page, eight rows": "/surfaces/home",
    "one row": "/surfaces/home?row=main",
    "one row, live": "/surfaces/home?row=main&show=live",
    "the difference": "/surfaces/home?show=difference",
}


def rows(theme: RuleId) -> tuple[RowSettings, ...]:
    """Eight rows, of every kind at least one."""
    kinds = (RowKind.BECAUSE, RowKind.TRENDING, RowKind.NEW, RowKind.POPULAR, RowKind.BUY_AGAIN)
    return (
        RowSettings(),
        RowSettings("theme", kind=RowKind.THEME, theme=theme, size=12),
        *(
            RowSettings(str(k).replace("_", "-"), kind=k, size=12, repeats=k is RowKind.BUY_AGAIN)
            for k in kinds
        ),
        RowSettings("because-2", kind=RowKind.BECAUSE, size=12),
    )


def rules_on_home(count: int) -> Iterator[AnyRule]:
    """Three pins of five, a veto and a boost, over all rows, markets and some segments."""
    names = [row.name for row in rows(THEME)]
    for number in range(count):
        market = (*MARKETS, None)[number % 4]
        segment = f"segment-{number % 7}" if number % 3 == 0 else None
        scope = Scope(surface="home", row=names[number % len(names)], market=market, segment=segment)
        item = item_id(number * 7)
        match number % 5:
            case 3:
                yield Veto(
                    id=RuleId(f"veto-{number}"), target=Target(item), reason="Out of season", scope=scope
                )
            case 4:
                yield Boost(id=RuleId(f"boost-{number}"), target=Target(item), factor=1.5, scope=scope)
            case _:
                yield Pin(id=RuleId(f"pin-{number}"), slot=number % 60 + 1, item_id=item, scope=scope)


def item_id(number: int) -> ItemId:
    """The id of an item of the synthetic shop."""
    return ItemId(f"{number % N_ITEMS:05d}")


def furnish(shop: Shop, rules: int, items: int) -> None:
    """Publish the page with its rules, and leave a draft of twelve changes by two people."""
    for start in range(N_ITEMS, items, AT_ONCE):
        numbers = range(start, min(items, start + AT_ONCE))
        more = [
            Item(ItemId(f"more-{n:07d}"), f"Thing {n}", price=1 + n % 90, currency="EUR") for n in numbers
        ]
        upsert_items(shop, OPERATOR, more)
    theme = Theme(id=THEME, slug="picked", title="Picked", picks=tuple(map(item_id, range(0, 900, 9))))
    surfaces = read_draft(shop).live.of(SurfaceSettings)
    laid = [
        replace(each, rows=rows(THEME), published=NEXT_RELEASE) if each.slug == "home" else each
        for each in surfaces
    ]
    with acting(shop, OPERATOR, Permission.PUBLISH) as deed:
        info = next_release(deed, kind="publish", run_id="run-1", comment="benchmark")
        append(deed, info, RuleSet([*laid, theme, *rules_on_home(rules)]).published_as(info.number))
    for number in range(DRAFTED):
        actor = Actor(EMAIL if number % 2 else "paul@shop.example", Role.EDITOR)
        scope = Scope(surface="home", row="main")
        pin = Pin(id=RuleId(f"draft-{number}"), slot=number + 2, item_id=item_id(number * 31), scope=scope)
        put_rule(shop, actor, pin, expected="new")


def sign_in(client: FlaskClient) -> None:
    """Sign the editor in as the browser does."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)
    fields = {"email": EMAIL, "password": PASSWORD, "csrf_token": token[1] if token else ""}
    if client.post("/login", data=fields).status_code != FOUND:
        raise SystemExit("the editor could not sign in")


def seconds_of(client: FlaskClient, address: str, asked: int) -> list[float]:
    """How long each answer took, each for another shopper; the first ones are thrown away."""
    times = []
    for number in range(-WARM, asked):
        join = "&" if "?" in address else "?"
        path = f"{address}{join}as={user_id(number % SHOPPERS)}"
        began = time.perf_counter()
        answer = client.get(path)
        times.append(time.perf_counter() - began)
        if answer.status_code != OK or (
            'class="cell"' not in answer.text and 'class="mini' not in answer.text
        ):
            raise SystemExit(f"{path} answered {answer.status_code} without a tile")
    return times[WARM:]


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: half of the answers, and nineteen of twenty, were faster."""
    ordered = sorted(seconds)
    p95 = ordered[max(0, round(0.95 * len(ordered)) - 1)]
    return {"median_ms": round(statistics.median(ordered) * 1000, 1), "p95_ms": round(p95 * 1000, 1)}


def measure(items: int, rules: int, asked: int, folder: Path) -> dict[str, Any]:
    """Make the shop and ask for every page."""
    served = make_shop(folder / "shop", Size(shoppers=SHOPPERS))
    settings = Settings.from_environment(served.environment)
    shop = open_shop(settings)
    try:
        furnish(shop, rules, items)
        add_person(shop, OPERATOR, EMAIL, Role.EDITOR, PASSWORD)
        live = LiveHolder(shop.database, settings, clock=shop.clock)
        live.catch_up()
        client = create_app(shop, live).test_client()
        keep_what_stays()
        sign_in(client)
        pages = {name: summary(seconds_of(client, path, asked)) for name, path in ADDRESSES.items()}
    finally:
        shop.database.close()
    return {
        "about": "server time of the surface page, rendered in full, one process, SQLite",
        "goal_ms": GOAL_MS,
        "items": max(items, N_ITEMS),
        "rules_on_the_surface": rules,
        "drafted_changes": DRAFTED,
        "answers_each": asked,
        "pages": pages,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "recsys": recsys.__version__,
        },
    }


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument(
        "--items", type=int, default=N_ITEMS, help=f"items in the catalog, at least {N_ITEMS}"
    )
    parser.add_argument("--rules", type=int, default=500, help="rules on the surface")
    parser.add_argument("--asked", type=int, default=60, help="answers measured of each page")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recsys-desk-") as folder:
        result = measure(given.items, given.rules, given.asked, Path(folder))
    given.output.write_text(json.dumps(result, indent=2) + "\n")
    for name, found in result["pages"].items():
        print(f"{name:30} {found['median_ms']:8.1f} ms, p95 {found['p95_ms']:8.1f} ms (goal {GOAL_MS} ms)")


if __name__ == "__main__":
    main()
