"""A synthetic shop, made from a seed: catalog, rules, and a snapshot of as many shoppers as are asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from merge import AT, MARKETS, N_ITEMS, SEED, WIDTH, make_items, make_rules
from numpy.typing import NDArray

from recsys.domain.catalog import Item
from recsys.domain.people import OPERATOR, Permission
from recsys.domain.rules import Boost, Pin, RuleSet, Veto
from recsys.services.catalog import upsert_items
from recsys.services.keys import add_key
from recsys.services.release_line import append, next_release
from recsys.services.seeding import ensure_first_release
from recsys.services.shop import Shop, acting, open_shop
from recsys.settings import Settings
from recsys.snapshots.identity import hash_columns, hash_order, key_fingerprint
from recsys.snapshots.layout import FORMAT, Manifest, VectorSpace
from recsys.snapshots.verify import verify
from recsys.snapshots.write import SnapshotWriter
from recsys.storage.migrate import upgrade
from recsys.storage.runs import RunInfo

OWNED = 10
_BLOCK = 50_000
_STRIDES = np.array([each for each in range(7, 997, 2) if each % 5])


@dataclass(frozen=True, slots=True)
class Size:
    """How large the shop is: shoppers, and candidates of each."""

    shoppers: int
    depth: int = 200


@dataclass(frozen=True, slots=True)
class Served:
    """A shop that is ready to be served, and the key to ask it with."""

    home: Path
    key: str
    environment: dict[str, str]
    shoppers: int


SAMPLES = range(12)
"""Shoppers whom the run names for previews."""


def user_id(number: int) -> str:
    """The id of a shopper."""
    return f"shopper-{number:07d}"


def make_shop(home: Path, size: Size) -> Served:
    """Make the shop in an empty folder: its database, its snapshot (verified), its release, a key."""
    environment = {
        "RECSYS_HOME": str(home),
        "RECSYS_DATABASE_URL": f"sqlite:///{home / 'recsys.db'}",
        "RECSYS_SECRET_KEY": "a-secret-for-benchmarks-that-protects-nothing",
    }
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings.from_environment(environment)
    upgrade(settings.database_url)
    shop = open_shop(settings)
    try:
        draw = random.Random(SEED)  # noqa: S311 - synthetic data
        items = make_items(draw)
        rules = make_rules(draw, items)
        rules = _as_measured(rules, items)
        upsert_items(shop, OPERATOR, items)
        ensure_first_release(shop, OPERATOR)
        write_snapshot(settings, size, items)
        publish_all(shop, rules)
        key, _ = add_key(shop, OPERATOR, "storefront", ["read"])
    finally:
        shop.database.close()
    return Served(home, key, environment, size.shoppers)


def _as_measured(rules: RuleSet, items: list[Item]) -> RuleSet:
    """The rules without boosts, and with pins on items that no veto holds back: all three are to be served."""
    catalog = {item.item_id: item for item in items}
    vetoes = rules.of(Veto)
    open_to_all = iter(
        item.item_id
        for item in catalog.values()
        if item.available and not item.markets and not any(veto.target.matches(item, AT) for veto in vetoes)
    )
    return RuleSet(
        replace(each, item_id=next(open_to_all)) if isinstance(each, Pin) and each.item_id else each
        for each in rules
        if not isinstance(each, Boost)
    )


def write_snapshot(settings: Settings, size: Size, items: list[Item]) -> Path:
    """Write and verify the snapshot `run-1`."""
    rng = np.random.default_rng(SEED)
    high, low = hash_columns(settings.identity_key, [user_id(number) for number in range(size.shoppers)])
    order = hash_order(high, low)
    with SnapshotWriter(settings.snapshots_dir / "run-1", WIDTH) as writer:
        writer.append("shopper_high", high[order])
        writer.append("shopper_low", low[order])
        for start in range(0, size.shoppers, _BLOCK):
            _append_shoppers(writer, rng, min(_BLOCK, size.shoppers - start), size.depth)
        _append_items(writer, rng, items)
        folder = writer.finish(_claims(settings, size, len(items)))
    verify(folder)
    return folder


def _append_shoppers(writer: SnapshotWriter, rng: np.random.Generator, count: int, depth: int) -> None:
    """Candidates with falling scores and two purchases behind each; none of them is owned."""
    # Steps of one width through the catalog never meet the same item twice.
    start, stride = rng.integers(0, N_ITEMS, (count, 1)), rng.choice(_STRIDES, (count, 1))
    items = ((start + stride * np.arange(depth + OWNED)) % N_ITEMS).astype(np.int32)
    owned = np.sort(items[:, depth:], axis=1)
    scores = np.sort(rng.uniform(0.001, 0.999, (count, depth)).astype(np.float32), axis=1)[:, ::-1]
    writer.append("shopper_market", rng.integers(-1, len(MARKETS), count).astype(np.int16))
    writer.append("shopper_vectors", rng.standard_normal((count, WIDTH), dtype=np.float32))
    writer.append_lists("owned", np.full(count, OWNED), {"items": owned.ravel()})
    behind = rng.integers(0, OWNED, (count, depth, 2))
    because = np.take_along_axis(owned[:, None, :].repeat(depth, axis=1), behind, axis=2)
    because[:, :, 1] = np.where(because[:, :, 0] == because[:, :, 1], -1, because[:, :, 1])
    shares = np.sort(rng.uniform(0.05, 0.5, (count, depth, 2)).astype(np.float32), axis=2)[:, :, ::-1]
    writer.append_lists(
        "candidates",
        np.full(count, depth),
        {
            "items": items[:, :depth].ravel(),
            "scores": scores.ravel(),
            "because": because.reshape(-1, 2),
            "shares": np.where(because >= 0, shares, 0).reshape(-1, 2),
        },
    )
    nothing = np.empty((0, 2))
    writer.append_lists(
        "repeats",
        np.zeros(count, np.int64),
        {"items": nothing[:, 0], "scores": nothing[:, 0], "because": nothing, "shares": nothing},
    )


def _append_items(writer: SnapshotWriter, rng: np.random.Generator, items: list[Item]) -> None:
    writer.append_item_ids([item.item_id for item in items])
    writer.append("item_vectors", rng.standard_normal((len(items), WIDTH), dtype=np.float32))
    for item in range(len(items)):
        near = ((item + 7 * np.arange(1, 31)) % len(items)).astype(np.int32)
        _append_list(writer, "neighbours", near, {"kinds": np.zeros(len(near), np.int8)})
    for _ in range(len(MARKETS) + 1):
        _append_list(writer, "popular", rng.permutation(len(items))[:1000], {})


def _append_list(
    writer: SnapshotWriter, name: str, items: NDArray[np.integer], parts: dict[str, NDArray[np.int8]]
) -> None:
    scores = 0.9 / np.arange(1, len(items) + 1)
    writer.append_lists(name, np.array([len(items)]), {"items": items, "scores": scores, **parts})


def _claims(settings: Settings, size: Size, n_items: int) -> Manifest:
    return Manifest(
        format=FORMAT,
        run_id="run-1",
        model="synthetic",
        created_at=datetime.now(UTC).isoformat(),
        cutoff=AT.isoformat(),
        n_shoppers=size.shoppers,
        n_items=n_items,
        markets=MARKETS,
        identity=key_fingerprint(settings.identity_key),
        vectors=VectorSpace(WIDTH, 1.0, 1.0),
        arrays={},
    )


def publish_all(shop: Shop, rules: RuleSet) -> None:
    """One release with all rules and the run, without going through a draft of two thousand changes."""
    with acting(shop, OPERATOR, Permission.PUBLISH) as deed:
        deed.unit.runs.add(_run_info(deed.at))
        info = next_release(deed, kind="publish", run_id="run-1", comment="benchmark")
        append(deed, info, rules.published_as(info.number))


def _run_info(at: datetime) -> RunInfo:
    return RunInfo(
        id="run-1", status="accepted", model="synthetic", started_at=at, finished_at=at, cutoff=AT,
        requested_by="operator", metrics={}, gate={"passed": True, "checks": []},
        facts={"sample_shoppers": [{"user_id": user_id(n), "market": None, "bought": 1} for n in SAMPLES]},
    )  # fmt: skip
