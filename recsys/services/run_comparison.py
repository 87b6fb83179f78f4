"""A run beside what is live: how far shoppers' slates would move, and which items would be shown more or less.

Both sides are answered from the same live state by the merge that serves, for the same random shoppers.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recsys.data.shopper_lists import shoppers_of
from recsys.domain.errors import Unavailable
from recsys.domain.ids import UserId
from recsys.domain.requests import Request
from recsys.domain.rows import MAIN
from recsys.domain.rules import RuleSet, SurfaceSettings
from recsys.evaluation.metrics import HEAD_SHARE
from recsys.evaluation.shifts import Estimate, estimate, places_by_group, rank_biased_overlap, share_kept
from recsys.services.sharing import shared_interactions
from recsys.services.shop import Shop
from recsys.slates.answer import Asker
from recsys.slates.columns import NEVER, Columns, microseconds
from recsys.slates.lean import Laid
from recsys.slates.plan import Held
from recsys.slates.shelf import Shelf
from recsys.slates.state import Compiled, CompiledRelease, LiveState, MappedRun
from recsys.snapshots.arrival import Arrivals
from recsys.snapshots.errors import SnapshotUnusable
from recsys.snapshots.identity import shopper_hash
from recsys.storage.runs import RunInfo

SHOPPERS = 500
DEPTH = 20
BANDS = 4
TAGS = 10
NEW_FOR = timedelta(days=30)

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]
Kind = Literal["price", "unpriced", "new", "older", "undated", "head", "tail", "tag"]


@dataclass(frozen=True, slots=True)
class Group:
    """Some items of the catalog: a tag (`name`), a price band (above `low`, up to and with `high`), and so on.

    Of a price band `name` is the currency, where all prices are in one.
    """

    kind: Kind
    name: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """The share of all places that a group fills before and after; `items` counts the group's items in the catalog."""

    group: Group
    items: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class RunComparison:
    """What accepting a run does to the first `DEPTH` slots of a row.

    Attributes:
        surface: whose main row was looked at.
        shoppers: how many were asked for; `at_random`: drawn from all whom the interactions name, else the run's samples.
        kept: share of the slate before that stays, over shoppers; None where nobody had one.
        overlap: rank-biased overlap of the two slates.
        unmoved: shoppers whose slate is the same in every slot.
        shown_before, shown_after: distinct items on all slates; `items` are in the catalog.

    """

    surface: str
    at: datetime
    shoppers: int
    at_random: bool
    kept: Estimate | None
    overlap: Estimate | None
    unmoved: int
    items: int
    shown_before: int
    shown_after: int
    exposures: tuple[Exposure, ...]


def state_with_run(
    shop: Shop, state: LiveState, run_id: str, rules: RuleSet | None = None
) -> tuple[LiveState, CompiledRelease]:
    """The live state with one release more, which serves the run under the live rules or others; and that release.

    Raises:
        Unavailable: before the first release, and when the run's snapshot is not there or not whole.
    """
    live = state.release
    if live is None:
        raise Unavailable("Nothing is published yet, so there is nothing to compare this run with.")
    run = _mapped(shop, state, run_id)
    proposed = replace(live if rules is None or rules == live.rules else live.with_rules(rules), run=run)
    proposed = replace(proposed, number=max(state.held, default=live.number) + 1)
    # What is compiled for it must not stay in memory with what is live.
    held = {**state.held, proposed.number: proposed}
    return replace(state, held=held, compiled=Compiled()), proposed


def main_surface(rules: RuleSet) -> str | None:
    """The surface whose main row stands for all: home, else the first; None where there is none."""
    slugs = [surface.slug for surface in rules.of(SurfaceSettings)]
    return "home" if "home" in slugs else next(iter(slugs), None)


def compare_run(shop: Shop, state: LiveState, run: RunInfo, rules: RuleSet | None = None) -> RunComparison:
    """Lay the same shoppers' slates under the live release, and under the run with the live rules or those given.

    Raises:
        Unavailable: as `state_with_run`, and where the rules have no surface.
    """
    extended, proposed = state_with_run(shop, state, run.id, rules)
    live = extended.held[state.release.number] if state.release is not None else None
    surface = None if live is None else main_surface(live.rules)
    if live is None or surface is None or proposed.rules.surface(surface) is None:
        raise Unavailable("There is no surface whose slates could be compared.")
    shoppers, at_random = _shoppers(shop, run)
    at = shop.clock()
    asker = Asker(shop.settings.identity_key)
    before = _slates(asker, state, live, surface, shoppers, at)
    after = _slates(asker, extended, proposed, surface, shoppers, at)
    shelf = extended.scenes_of(proposed).shelf
    groups = list(_groups(shelf, at))
    return RunComparison(
        surface=surface,
        at=at,
        shoppers=len(shoppers),
        at_random=at_random,
        kept=_over_shoppers(share_kept(before, after)),
        overlap=_over_shoppers(rank_biased_overlap(before, after)),
        unmoved=int((before == after).all(axis=1).sum()),
        items=len(shelf.columns),
        shown_before=_distinct(before),
        shown_after=_distinct(after),
        exposures=tuple(_exposures(groups, before, after)),
    )


def _mapped(shop: Shop, state: LiveState, run_id: str) -> MappedRun:
    for release in state.held.values():
        if release.run is not None and release.run.run_id == run_id:
            return release.run
    try:
        snapshot = Arrivals().open(shop.settings.snapshots_dir / run_id)
        snapshot.check_key(shop.settings.identity_key)
    except (SnapshotUnusable, OSError) as fault:
        raise Unavailable(f"The snapshot of run {run_id} is not there or not whole: {fault}") from None
    return MappedRun(run_id, snapshot)


def _shoppers(shop: Shop, run: RunInfo) -> tuple[list[str], bool]:
    """The same shoppers at every look: those with the lowest keyed hashes, which fall out by chance."""
    key = shop.settings.derived_key("shoppers compared")
    everybody = shoppers_of(shared_interactions(shop.settings))
    if everybody:
        return heapq.nsmallest(SHOPPERS, everybody, key=lambda user: shopper_hash(key, user)), True
    return [str(each["user_id"]) for each in run.facts.get("sample_shoppers", ())], False


def _slates(
    asker: Asker,
    state: LiveState,
    release: CompiledRelease,
    surface: str,
    shoppers: Sequence[str],
    at: datetime,
) -> Numbers:
    """int32 [n_shoppers, DEPTH] of catalog numbers, -1 where a slate has ended."""
    laid = np.full((len(shoppers), DEPTH), -1, np.int32)
    for row, user in enumerate(shoppers):
        asked = Request(at=at, surface=surface, row=MAIN, user=UserId(user), limit=DEPTH)
        numbers = _numbers(asker.laid(state, asked, release))
        laid[row, : len(numbers)] = numbers
    return laid


def _numbers(laid: Laid) -> list[int]:
    return [each.number if isinstance(each, Held) else each[0] for each in laid.page]


def _over_shoppers(values: NDArray[np.float64]) -> Estimate | None:
    return estimate(values[~np.isnan(values)])


def _distinct(slates: Numbers) -> int:
    return len(np.unique(slates[slates >= 0]))


def _exposures(groups: Sequence[tuple[Group, Mask]], before: Numbers, after: Numbers) -> Iterator[Exposure]:
    masks = np.array([mask for _, mask in groups])
    shares = zip(places_by_group(before, masks), places_by_group(after, masks), strict=True)
    for (group, mask), (was, now) in zip(groups, shares, strict=True):
        yield Exposure(group, int(mask.sum()), float(was), float(now))


def _groups(shelf: Shelf, at: datetime) -> Iterator[tuple[Group, Mask]]:
    """The groups with an item in them, as masks over the catalog's numbers."""
    columns = shelf.columns
    everything = (*_by_price(columns), *_by_age(columns, at), *_by_popularity(shelf), *_by_tag(columns))
    yield from ((group, mask) for group, mask in everything if mask.any())


def _by_price(columns: Columns) -> Iterator[tuple[Group, Mask]]:
    """Bands with a quarter of the priced items each, as far as equal prices allow."""
    priced = ~np.isnan(columns.price)
    if priced.any():
        currencies = {each.currency for each in columns.items if each.price is not None}
        currency = (currencies.pop() or "") if len(currencies) == 1 else ""
        edges = np.unique(np.quantile(columns.price[priced], np.linspace(0, 1, BANDS + 1), method="nearest"))
        for low, high in zip((-np.inf, *edges[1:-1]), edges[1:] if len(edges) > 1 else edges, strict=False):
            mask = priced & (columns.price > low) & (columns.price <= high)
            yield Group("price", currency, low=None if low == -np.inf else float(low), high=float(high)), mask
    yield Group("unpriced"), ~priced


def _by_age(columns: Columns, at: datetime) -> Iterator[tuple[Group, Mask]]:
    dated, new = columns.added != NEVER, columns.added > microseconds(at - NEW_FOR)
    yield Group("new"), dated & new
    yield Group("older"), dated & ~new
    yield Group("undated"), ~dated


def _by_popularity(shelf: Shelf) -> Iterator[tuple[Group, Mask]]:
    """The most popular fifth of the catalog by the run under review, and the rest."""
    size = len(shelf.columns)
    head = np.zeros(size, np.bool_)
    head[shelf.popular(None)[0][: int(np.ceil(HEAD_SHARE * size))]] = True
    yield Group("head"), head
    yield Group("tail"), ~head


def _by_tag(columns: Columns) -> Iterator[tuple[Group, Mask]]:
    """The tags with the most items."""
    for tag in sorted(columns.tagged, key=lambda name: (-len(columns.tagged[name]), name))[:TAGS]:
        mask = np.zeros(len(columns), np.bool_)
        mask[columns.tagged[tag]] = True
        yield Group("tag", name=tag), mask
