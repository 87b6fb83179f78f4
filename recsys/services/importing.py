"""Bringing the shop's files in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from recsys.data.interactions import read_interactions
from recsys.data.items import read_items
from recsys.data.report import Report
from recsys.data.segments import read_segments
from recsys.data.store import Appended, InteractionStore
from recsys.data.training import latest_dislikes
from recsys.domain.people import Actor, Permission
from recsys.models.progress import Progress, Silent
from recsys.services.catalog import upsert_items
from recsys.services.sharing import shared_interactions
from recsys.services.shop import Shop, acting
from recsys.storage.shoppers import USER

NO_SHIFT = timedelta(0)
_AT_ONCE = 5
_STEPS = 1_000
_OPINION = ("user_id", "item_id", "kind", "timestamp")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to: rows new, rows that replaced others, rows there already, rows refused and why."""

    added: int
    changed: int
    unchanged: int
    report: Report


def import_items(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    strict: bool = False,
    shift: timedelta = NO_SHIFT,
    progress: Progress | None = None,
) -> Imported:
    """Put the catalog rows of a file in their place; `shift` is added to their times.

    With `strict` the file is read through once before anything is written.

    Raises:
        Invalid: when the file cannot be used, or, with `strict`, when a row is refused; nothing is written then.
    """
    actor.require(Permission.ADMINISTER)
    watch = progress or Silent()
    if strict:
        checked = Report()
        for _ in _watched(
            read_items(path, checked, strict=True, shift=shift), checked, watch, "Checking items"
        ):
            pass
    report = Report()
    batches = _watched(read_items(path, report, strict=strict, shift=shift), report, watch, "Importing items")
    written = [upsert_items(shop, actor, items) for items in _joined(batches)]
    return Imported(
        sum(each.added for each in written),
        sum(each.changed for each in written),
        sum(each.unchanged for each in written),
        report,
    )


def import_interactions(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    strict: bool = False,
    shift: timedelta = NO_SHIFT,
    progress: Progress | None = None,
) -> Imported:
    """Add a file's interactions to the store, all or none; the dislikes among them act at once.

    `shift` is added to their times.

    Raises:
        Invalid: when the file cannot be used, or, with `strict`, when a row is refused; nothing is kept then.
    """
    actor.require(Permission.ADMINISTER)
    watch, report = progress or Silent(), Report()
    store = shared_interactions(shop.settings)
    tables = read_interactions(path, report, strict=strict, shift=shift, latest=shop.clock())
    appended = store.append(_watched(tables, report, watch, "Importing interactions"))
    _follow(shop, actor, store, appended)
    return Imported(appended.added, 0, appended.repeated, report)


def import_segments(
    shop: Shop,
    actor: Actor,
    path: Path,
    *,
    strict: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Put shoppers in the segments that a file names; with `replace`, those segments hold only them.

    Raises:
        Invalid: when the file cannot be used, or, with `strict`, when a row is refused; nothing is written then.
    """
    actor.require(Permission.ADMINISTER)
    watch, report = progress or Silent(), Report()
    batches = _watched(read_segments(path, report, strict=strict), report, watch, "Importing segments")
    members = {member for batch in batches for member in batch}
    segments = sorted({segment for _, segment in members})
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        if replace:
            deed.unit.shoppers.clear_segments(segments)
        added = deed.unit.shoppers.add_members(sorted(members))
        deed.unit.state.bump_overlay()
        after = {"segments": segments[:100], "added": added, "replaced": replace}
        deed.record("segments.import", path.name, after=after)
    return Imported(added, 0, report.good - added, report)


def _follow(shop: Shop, actor: Actor, store: InteractionStore, appended: Appended) -> None:
    """Bring the table of dislikes in line with the store's likes and dislikes, and write the audit entry.

    Runs after every import, because an earlier one may have been killed between the store and here. What
    events said since they last joined the store outranks it.
    """
    pairs, wanted = _opinions(store)
    with acting(shop, actor, Permission.ADMINISTER) as deed:
        held, later = deed.unit.shoppers.dislikes(USER), deed.unit.shoppers.told_since_the_take()
        fresh, over = sorted(wanted - held - later), sorted(held & (pairs - wanted) - later)
        deed.unit.shoppers.add_dislikes(USER, fresh, deed.at)
        deed.unit.shoppers.remove_dislikes(USER, over)
        if fresh or over:
            deed.unit.state.bump_overlay()
        after = {"added": appended.added, "repeated": appended.repeated, "dislikes": len(wanted)}
        deed.record("interactions.import", "interactions", after=after)


def _opinions(store: InteractionStore) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """(User id, item id) pairs with a like or a dislike; and those of them whose latest is the dislike."""
    kinds = pa.array(["like", "dislike"])
    found = [
        batch.filter(pc.is_in(batch["kind"].cast(pa.string()), value_set=kinds))
        for batch in store.scan(_OPINION)
    ]
    kept = [batch for batch in found if batch.num_rows]
    if not kept:
        return set(), set()
    opinions = pa.Table.from_batches(kept).unify_dictionaries()
    users, items = opinions["user_id"].to_pylist(), opinions["item_id"].to_pylist()
    return set(zip(users, items, strict=True)), set(latest_dislikes(opinions))


def _joined(batches: Iterable[list[T]]) -> Iterator[list[T]]:
    """The batches, a few at once, so that a big file needs fewer transactions and no transaction takes long."""
    pieces: list[T] = []
    for count, batch in enumerate(batches, start=1):
        pieces += batch
        if count % _AT_ONCE == 0:
            yield pieces
            pieces = []
    if pieces:
        yield pieces


def _watched(batches: Iterable[T], report: Report, progress: Progress, name: str) -> Iterator[T]:
    """The batches, telling how far through the file their reading is, in thousandths."""
    progress.step(name, _STEPS)
    told = 0
    for batch in batches:
        done = int(_STEPS * report.bytes_read / report.bytes_total) if report.bytes_total else 0
        progress.advance(max(0, done - told))
        told = max(told, done)
        yield batch
    progress.advance(_STEPS - told)
