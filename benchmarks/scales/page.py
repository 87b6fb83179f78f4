"""docs/scale.md, written from the results of the benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.snapshots.layout import MAX_CANDIDATES, SPECS
from scales.approximate import LISTS

Results = Mapping[str, Any]

BASE = (30_000, 40_000, 700_000)
"""Shoppers, items and pairs of the shop that grows: the size of the largest whole batch measured."""
LINK_BITS, FACTORS = 1e9, 64
KEPT_DAYS = 90
HALF = 0.5

TEXT = """# As a shop grows

What each part costs when shoppers, items and interactions grow ten and a hundred times, which part gives way first, and what replaces it.
This page is written by `python benchmarks/scale.py --page` from `batch.json`, `serving.json`, `serving-scale.json`, `events.json` and `scale.json` in `benchmarks/results`. The constants were measured; the tables below are multiplied out from them and were not. Take them for the order of a thing, not for a promise.

## The constants

| part | constant | measured on |
|---|---|---|
{constants}

All on {cores} cores. Where two sizes were measured, the dearer constant is taken, which is that of the larger shop: its arrays do not fit the processor's caches. The fit and the ranking run on all cores that there are; more than {cores} were not measured.

## The batch

ALS with 64 factors and 15 iterations, item-to-item, the best 200 for every shopper, reasons, and the snapshot, on {cores} cores. A pair is a shopper and an item.

| shop | shoppers | items | pairs | fit, h | rank, h | reasons and writing, h | memory, GB | snapshot, GB | fetching it at 1 Gbit/s, min |
|---|---|---|---|---|---|---|---|---|---|
{batch}

What grows how: the fit with the pairs; the ranking with shoppers times items; reasons, writing and the snapshot with the shoppers; memory with the pairs, and with the vectors of shoppers and items.

## Serving

An answer costs {request} µs of one core. With {large:,} shoppers its p50 is {ratio} times that with {small:,}: each request reads about a dozen places of a mapped file, and in a large one nobody has read there lately. A further worker has {worker} MB of its own. Plan for half of what a core can do:

| requests a second at the peak | cores | memory of the workers, GB |
|---|---|---|
{serving}

Beside it a replica needs the snapshot on its disk twice while one follows the other, and memory for as much of it as is asked for: a page that is not in memory costs one read of the disk.

## Events in PostgreSQL

Measured with {event_count:,} events in the table (`python benchmarks/events.py --full`), lots of {lot} events, {tellers} tellers and the server on the same {cores} busy cores. A lot is acknowledged when it is durable.

| while | events a second | median lot, ms | slowest lot, ms | took, s |
|---|---|---|---|---|
{events}

In the last row a table without partitions, as the version before had it, becomes the first partition, while the tellers go on as that version does.
An event takes {event_bytes} bytes with its indexes and its name. Kept for 90 days:

| events a day | a second, on average | share of the measured rate | storage, GB |
|---|---|---|---|
{event_days}

All who tell events queue in one line, so that they have one order. That line gives way first here; larger lots are the first thing to try; other sizes were not measured.

## Which part gives way first

1. **The ranking**, when shoppers and items grow together: {first}. Before that, more cores, or `recsys train` on a larger machine with a store, are the cheaper answer; nothing else changes.
2. **The reasons**, when shoppers alone grow: those of one shopper do not depend on another's, so they can be found on many cores or machines.
3. **The memory of the fit**, {memory_words}. Then a cluster that holds the pairs in parts takes over; what it writes is the same snapshot.
4. **The snapshot on each replica**, last: {snapshot_words} More candidates than are ever shown is what to cut first: 40 in place of 200 leave {short} of {long} bytes a shopper.

The desk and the database of rules do not grow with shoppers. Each worker holds the catalog compiled in its memory, which grows with the items; that was not measured here.

## What replaces the exact ranking

Approximate search: items lie in {lists} lists by k-means (faiss {faiss}), and a shopper's candidates come from the nearest few lists. Measured on {title}, {shoppers:,} shoppers, {items:,} items, with the vectors of one ALS fit; 200 candidates each, owned items left out. All searches took turns {turns} times, and the seconds are medians; the machine had other work, so that their ratios say more than they do.

| search | seconds | found again of the exact 200 | Recall@20 | NDCG@20 |
|---|---|---|---|---|
{searches}

The index takes {built} s to build. {verdict}
"""


@dataclass(frozen=True, slots=True)
class Constants:
    """What one unit of each part costs, in seconds and bytes."""

    fit_pair: float
    rank_product: float
    reasons_shopper: float
    memory_pair: float
    memory_base: float
    request: float
    worker: float


@dataclass(frozen=True, slots=True)
class Size:
    """A shop: how it grew, and its numbers."""

    name: str
    shoppers: int
    items: int
    pairs: int


def constants_of(results: Results) -> Constants:
    """The dearer of what the small and the large shop showed."""
    batch = results["batch"]
    large, gowalla, grown = batch["large"], batch["data"], batch["growth"]
    whole, least = grown[-1], grown[0]
    products = gowalla["shoppers"] * gowalla["items"]
    rank = max(
        batch["top_200"]["ours"]["seconds"] / products,
        large["top_200_s"] / (large["shoppers"] * large["items"]),
    )
    fit = max(
        batch["als_fit"]["ours"]["seconds"] / gowalla["pairs"],
        (large["als_fit_s"] + large["item_knn_fit_s"]) / large["pairs"],
        whole["fit_s"] / whole["pairs"],
    )
    base = least["peak_mib"] * 2**20
    return Constants(
        fit_pair=fit,
        rank_product=rank,
        reasons_shopper=max(each["snapshot_s"] / each["shoppers"] for each in grown),
        memory_pair=(large["peak_mib"] * 2**20 - base - _vectors(large["shoppers"], large["items"]))
        / large["pairs"],
        memory_base=base,
        request=results["serving"]["servers"]["recsys"]["cpu_us_a_request"],
        worker=results["serving-scale"]["private_mb_of_a_further_worker"],
    )


def shopper_bytes(candidates: int = MAX_CANDIDATES, *, owned: int = 27, factors: int = 64) -> int:
    """What a shopper takes in a snapshot, from the types of its arrays."""
    lengths = {"candidates": candidates, "repeats": owned, "owned": owned}
    total = 0
    for name, spec in SPECS.items():
        width = np.dtype(spec.dtype).itemsize * {0: 1, -1: factors}.get(spec.width, spec.width)
        if spec.rows.startswith("shoppers"):
            total += width
        elif spec.rows == "lists":
            total += width * lengths.get(name.partition("_")[0], 0)
    return total


def sizes() -> list[Size]:
    """The shop as it is, and ten and a hundred times larger, one number alone and all together."""
    users, items, pairs = BASE
    found = [Size("as it is", users, items, pairs)]
    for times in (10, 100):
        found += [
            Size(f"shoppers and pairs ×{times}", users * times, items, pairs * times),
            Size(f"items ×{times}", users, items * times, pairs),
            Size(f"pairs ×{times}", users, items, pairs * times),
            Size(f"all ×{times}", users * times, items * times, pairs * times),
        ]
    return found


def page(results: Results) -> str:
    """The whole page."""
    known = constants_of(results)
    scale, serving_scale = results["scale"], results["serving-scale"]
    search = scale["approximate_search"]
    grown = sizes()
    largest = grown[-1]
    return TEXT.format(
        constants="\n".join(_constants(known, results)),
        cores=results["batch"]["machine"]["cores"],
        batch="\n".join(_row(known, each) for each in grown),
        request=f"{known.request:.0f}",
        small=serving_scale["shoppers"]["small"],
        large=serving_scale["shoppers"]["large"],
        ratio=serving_scale["p50_ratio"]["median"],
        worker=known.worker,
        serving="\n".join(_serving(known)),
        event_count=results["events"]["events"],
        lot=results["events"]["lot"],
        tellers=results["events"]["tellers"],
        events="\n".join(_events(results["events"])),
        event_bytes=results["events"]["bytes_an_event"],
        event_days="\n".join(_event_days(results["events"])),
        first=f"all ×10 ranks for {_hours(_rank(known, grown[4]))} hours, all ×100 for {_hours(_rank(known, largest))}",
        memory_words=f"at {known.memory_pair:.0f} bytes a pair and {FACTORS * 4} a shopper or item: {_gb(_memory(known, largest))} GB at all ×100",
        snapshot_words=f"{_gb(_snapshot(largest))} GB at all ×100.",
        short=f"{shopper_bytes(40):,}",
        long=f"{shopper_bytes():,}",
        lists=LISTS,
        faiss=scale["versions"]["faiss"],
        title=scale["data"]["title"],
        shoppers=scale["data"]["shoppers"],
        items=scale["data"]["items"],
        searches="\n".join(map(_search, search["searches"])),
        turns=search["turns"],
        built=search["index_built_s"],
        verdict=_verdict(search["searches"]),
    )


def _constants(known: Constants, results: Results) -> Iterator[str]:
    large, least = results["batch"]["large"], results["batch"]["growth"]
    million = f"{large['shoppers']:,} shoppers, {large['items']:,} items"
    yield f"| fit, ALS and item-to-item | {known.fit_pair * 1e6:.1f} µs a pair | the dearest of all shops measured |"
    yield f"| ranking | {known.rank_product * 1e9:.2f} ns a shopper and item | {million} |"
    yield f"| reasons and writing | {known.reasons_shopper * 1e3:.2f} ms a shopper | {least[0]['shoppers']:,} to {least[-1]['shoppers']:,} shoppers |"
    yield f"| memory of the batch | {known.memory_pair:.0f} bytes a pair and {FACTORS * 4} a shopper or item, above {known.memory_base / 2**20:.0f} MiB | {million} |"
    yield f"| snapshot | {shopper_bytes():,} bytes a shopper | the types of its arrays, 200 candidates, 27 owned, 27 repeats |"
    yield f"| an answer | {known.request:.0f} µs of one core | [serving speed](serving-speed.md) |"
    yield f"| a worker | {known.worker} MB of its own | [serving speed](serving-speed.md) |"


def _row(known: Constants, size: Size) -> str:
    snapshot = _snapshot(size)
    return (
        f"| {size.name} | {size.shoppers:,} | {size.items:,} | {size.pairs:,} | {_hours(known.fit_pair * size.pairs)} "
        f"| {_hours(_rank(known, size))} | {_hours(known.reasons_shopper * size.shoppers)} "
        f"| {_gb(_memory(known, size))} | {_gb(snapshot)} | {snapshot * 8 / LINK_BITS / 60:.1f} |"
    )


def _rank(known: Constants, size: Size) -> float:
    return known.rank_product * size.shoppers * size.items


def _memory(known: Constants, size: Size) -> float:
    return known.memory_base + known.memory_pair * size.pairs + _vectors(size.shoppers, size.items)


def _vectors(shoppers: int, items: int) -> float:
    """Bytes of the factors of one fit."""
    return float((shoppers + items) * FACTORS * 4)


def _snapshot(size: Size) -> float:
    return float(shopper_bytes() * size.shoppers)


def _serving(known: Constants) -> Iterator[str]:
    for rate in (100, 1_000, 10_000, 100_000):
        cores = max(1, int(np.ceil(rate * known.request / 1e6 / HALF)))
        yield f"| {rate:,} | {cores:,} | {cores * known.worker / 1e3:.1f} |"


def _events(found: Mapping[str, Any]) -> Iterator[str]:
    names = {
        "ingestion": "the table is small, one teller",
        "ingestion_when_full": "the table is full",
        "adding_a_column": "a column is added",
        "adding_an_index": "an index is made",
        "retention": "days that are past their time are dropped",
        "upgrading": "the one table is made partitions",
    }
    for part, words in names.items():
        line = found[part]
        # In the moment that a column takes nothing can be told of a rate.
        rate = f"{line['events_a_second']:,}" if line["lots"] > found["lot"] // 2 else "–"
        yield f"| {words} | {rate} | {line['median_ms']} | {line['slowest_ms']} | {line.get('took_s', '–')} |"


def _event_days(found: Mapping[str, Any]) -> Iterator[str]:
    rate = found["ingestion_when_full"]["events_a_second"]
    for day in (1_000_000, 10_000_000, 100_000_000):
        second = day / 86_400
        yield f"| {day:,} | {second:,.0f} | {second / rate:.0%} | {_gb(day * KEPT_DAYS * found['bytes_an_event'])} |"


def _search(line: Mapping[str, Any]) -> str:
    return (
        f"| {line['search']} | {line['seconds']} | {line['found_again']:.1%} "
        f"| {line['recall@20']:.4f} | {line['ndcg@20']:.4f} |"
    )


def _verdict(searches: list[Mapping[str, Any]]) -> str:
    exact, middle = searches[0], searches[2]
    lost = 1 - middle["recall@20"] / exact["recall@20"]
    faster = exact["seconds"] / middle["seconds"]
    beside = f"{faster:.1f} times as fast as" if faster > 1 else f"{1 / faster:.1f} times as slow as"
    return (
        f"With {middle['search']} it is {beside} the exact product at this size and loses {lost:.1%} of Recall@20. "
        "The exact product grows with the items and this search more slowly, so it saves more where there are more of them; "
        "how much was not measured here."
    )


def _hours(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:,.2f}" if hours < 10 else f"{hours:,.0f}"


def _gb(size: float) -> str:
    return f"{size / 1e9:,.1f}"
