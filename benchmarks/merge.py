"""What one merge costs: 20 of 200 candidates under 2,000 vetoes, 3 pins, a theme's slot and boosts.

Compares the compiled rules that serve with the plain reading of the same rules, and both with a floor
measured in the same run: encoding the answer as JSON, which every endpoint pays. The shop is made from a seed.

    python benchmarks/merge.py [--short] [--output FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import recsys
from recsys.domain.catalog import Item
from recsys.domain.ids import ItemId, RuleId, UserId
from recsys.domain.live import PlainRules
from recsys.domain.merge import merge
from recsys.domain.requests import Request
from recsys.domain.rules import (
    AnyRule,
    Boost,
    Pin,
    RuleSet,
    SurfaceSettings,
    Theme,
    ThemeOrder,
    Veto,
    surface_id,
    theme_id,
)
from recsys.domain.scopes import Scope
from recsys.domain.selectors import Selector, Target
from recsys.domain.slates import Slate
from recsys.domain.views import Candidate, Kind, RulesView
from recsys.slates.catalog import CompiledCatalog
from recsys.slates.rules import compile_rules
from recsys.slates.shop_view import ShopView
from recsys.slates.targets import compile_targets

SEED = 20260310
AT = datetime(2026, 3, 10, 12, tzinfo=UTC)
KEY = b"benchmark"
MARKETS = ("France", "Germany", "United Kingdom")
N_ITEMS, N_CANDIDATES, N_VETOES, N_BOOSTS, N_MEMBERS, WIDTH = 5_000, 200, 2_000, 10, 50, 32
RESULTS = Path(__file__).resolve().parent / "results" / "merge.json"


@dataclass(frozen=True)
class Shopper:
    """A shopper's candidates, as merge reads them; vectors are kept in arrays as a snapshot keeps them."""

    candidates: Sequence[Candidate]
    owned: frozenset[ItemId]
    vector: NDArray[np.float32]
    vectors: NDArray[np.float32]
    places: Mapping[ItemId, int]
    best_sellers: Sequence[tuple[ItemId, float]]
    sold: Mapping[ItemId, float]
    disliked: frozenset[ItemId] = frozenset()

    def new(self) -> Sequence[Candidate]:
        """The shopper's own candidates."""
        return self.candidates

    def repeats(self) -> Sequence[Candidate]:
        """None."""
        return ()

    beside = repeats

    def because(self, _candidate: Candidate) -> Sequence[tuple[ItemId, float]]:
        """Two of the items bought."""
        return [(item_id, 0.25) for item_id in sorted(self.owned)[:2]]

    def affinity(self, items: Sequence[ItemId]) -> Sequence[float | None]:
        """Dot products with the items' vectors."""
        scores: list[float | None] = []
        scores.extend((self.vectors[[self.places[each] for each in items]] @ self.vector).tolist())
        return scores

    def popular(self, _market: str | None) -> Sequence[tuple[ItemId, float]]:
        """Best sellers first."""
        return self.best_sellers

    def popularity(self, _market: str | None) -> Mapping[ItemId, float]:
        """The same by item."""
        return self.sold


def make_items(draw: random.Random) -> list[Item]:
    """Items with a price, two tags of forty and a group of three colours; a tenth are sold in one market only."""
    return [
        Item(
            item_id=ItemId(f"{number:05d}"),
            title=f"Item {number}",
            price=round(draw.uniform(1, 50), 2),
            tags=(f"tag-{draw.randrange(40)}", f"tag-{draw.randrange(40)}"),
            markets=(draw.choice(MARKETS),) if draw.random() < 0.1 else (),
            available=draw.random() < 0.95,
            group_id=f"group-{number // 3}",
            added_at=AT - timedelta(days=draw.randrange(700)),
        )
        for number in range(N_ITEMS)
    ]


def make_rules(draw: random.Random, items: Sequence[Item]) -> RuleSet:
    """The vetoes, pins, boosts and the theme; one veto in four holds in one market, every fiftieth is a selector."""
    ids = [item.item_id for item in items]
    home = SurfaceSettings(id=surface_id("home"), slug="home", title="Home")
    theme = Theme(
        id=theme_id("spring"),
        slug="spring",
        title="Spring",
        picks=tuple(draw.sample(ids, N_MEMBERS)),
        order=ThemeOrder.MODEL,
    )
    pins = [Pin(id=RuleId(f"pin-{slot}"), slot=slot, item_id=draw.choice(ids)) for slot in (1, 4, 9)]
    pins.append(Pin(id=RuleId("pin-theme"), slot=6, theme=theme.id, scope=Scope(surface="home")))
    boosts = [
        Boost(id=RuleId(f"boost-{number}"), target=_tagged(draw), factor=draw.choice([2.0, 1.5, 0.5]))
        for number in range(N_BOOSTS)
    ]
    vetoes: list[AnyRule] = [_veto(draw, number, ids) for number in range(N_VETOES)]
    return RuleSet([home, theme, *pins, *boosts, *vetoes])


def _tagged(draw: random.Random) -> Target:
    return Target(selector=Selector(tags=(f"tag-{draw.randrange(40)}",)))


def _veto(draw: random.Random, number: int, ids: Sequence[ItemId]) -> Veto:
    market = draw.choice(MARKETS) if number % 4 == 0 else None
    if number % 50 == 0:
        price = draw.uniform(1, 50)
        selector = Selector(tags=(f"tag-{draw.randrange(40)}",), price_min=price, price_max=price + 2)
        target = Target(selector=selector)
    else:
        target = Target(item_id=draw.choice(ids))
    return Veto(id=RuleId(f"veto-{number}"), target=target, reason="Synthetic", scope=Scope(market=market))


def make_shoppers(items: Sequence[Item], count: int) -> list[Shopper]:
    """Shoppers with 200 candidates each, a few things bought, and a vector."""
    rng = np.random.default_rng(SEED)
    ids = [item.item_id for item in items]
    places = {item_id: place for place, item_id in enumerate(ids)}
    vectors = rng.standard_normal((N_ITEMS, WIDTH), dtype=np.float32)
    sold = {item_id: 1 / (place + 1) for place, item_id in enumerate(ids)}
    best_sellers = list(sold.items())[:500]
    shoppers = []
    for _ in range(count):
        chosen = rng.choice(N_ITEMS, N_CANDIDATES + 10, replace=False).tolist()
        scores = np.sort(rng.random(N_CANDIDATES))[::-1].tolist()
        candidates = [
            Candidate(ids[place], score, Kind.NEW) for place, score in zip(chosen, scores, strict=False)
        ]
        owned = frozenset(ids[place] for place in chosen[N_CANDIDATES:])
        vector = rng.standard_normal(WIDTH, dtype=np.float32)
        shoppers.append(Shopper(candidates, owned, vector, vectors, places, best_sellers, sold))
    return shoppers


def make_requests(draw: random.Random, count: int) -> list[Request]:
    """One question a shopper for the first 20 items of home."""
    asked = Request(at=AT, surface="home", limit=20)
    return [
        replace(asked, user=UserId(f"user-{number}"), market=draw.choice([*MARKETS, None]))
        for number in range(count)
    ]


def encode(slate: Slate) -> str:
    """The answer as bare JSON."""
    return json.dumps([_fields(placed) for placed in slate.items])


def _fields(placed: Any) -> dict[str, Any]:
    return {
        "item_id": placed.item_id,
        "position": placed.position,
        "source": placed.source,
        "rule_id": placed.rule_id,
        "score": placed.score,
        "model_rank": placed.model_rank,
        "theme": placed.theme,
        "displaced": placed.displaced,
        "reason": {"text": placed.reason.text, "because": [asdict(each) for each in placed.reason.because]},
    }


def measure(run: Callable[[int], object], count: int) -> list[float]:
    """Microseconds of each of `count` calls, after one call that fills caches."""
    run(0)
    times = []
    for number in range(count):
        begin = time.perf_counter_ns()
        run(number)
        times.append((time.perf_counter_ns() - begin) / 1000)
    return times


def summary(times: Sequence[float], floor: float) -> dict[str, float]:
    """Median and 99th percentile in microseconds, and the median as a multiple of the floor."""
    ordered = sorted(times)
    median = statistics.median(ordered)
    return {
        "median_us": round(median, 1),
        "p99_us": round(ordered[int(0.99 * (len(ordered) - 1))], 1),
        "times_floor": round(median / floor, 2),
    }


def benchmark(shoppers_count: int) -> dict[str, Any]:
    """Measure floor, compiled and plain, and check that both give the same slates."""
    draw = random.Random(SEED)  # noqa: S311 - synthetic data
    items = make_items(draw)
    rules = make_rules(draw, items)
    shoppers, requests = make_shoppers(items, shoppers_count), make_requests(draw, shoppers_count)
    catalog = CompiledCatalog(1, enumerate(items))
    shop = ShopView(catalog, compile_targets((), catalog))

    def merging(view: RulesView) -> Callable[[int], Slate]:
        return lambda number: merge(shoppers[number], view, requests[number], shop)

    begin = time.perf_counter_ns()
    compiled = merging(compile_rules(rules, catalog, KEY))
    compiled(0)
    compiling = (time.perf_counter_ns() - begin) / 1e6
    plain = merging(PlainRules(rules, shop, KEY))
    few = max(10, shoppers_count // 20)
    if any(compiled(number) != plain(number) for number in range(few)):
        sys.exit("The compiled and the plain rules disagree: nothing was measured.")
    slates = [compiled(number) for number in range(shoppers_count)]
    floors = measure(lambda number: encode(slates[number]), shoppers_count)
    floor = statistics.median(floors)
    return {
        "shoppers": shoppers_count,
        "compile_and_first_answer_ms": round(compiling, 1),
        "floor_encode_answer": summary(floors, floor),
        "merge_compiled_rules": summary(measure(compiled, shoppers_count), floor),
        "merge_plain_rules": summary(measure(plain, few), floor),
    }


def machine() -> dict[str, Any]:
    """Where the figures were measured, without naming the host."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "recsys": recsys.__version__,
    }


def main() -> None:
    """Run, print and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true", help="200 shoppers in place of 3,000")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the JSON goes")
    options = parser.parse_args()
    sizes = {
        "items": N_ITEMS, "candidates": N_CANDIDATES, "vetoes": N_VETOES, "boosts": N_BOOSTS,
        "theme_members": N_MEMBERS, "pins": 4, "limit": 20, "seed": SEED,
    }  # fmt: skip
    result = {
        "benchmark": "merge",
        "machine": machine(),
        "sizes": sizes,
        **benchmark(200 if options.short else 3000),
    }
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
