"""Which snapshots are kept: those that are live, that a release may go back to, or that wait for review; and no others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from recsys.domain.errors import Invalid
from recsys.domain.people import Actor, Permission
from recsys.object_store import ObjectStore
from recsys.services.run_figures import remove_figures
from recsys.services.shop import Deed, Shop, acting
from recsys.snapshots import storing
from recsys.storage.runs import PRUNED, RunInfo
from recsys.storage.unit_of_work import UnitOfWork


def prune_snapshots(shop: Shop, actor: Actor) -> list[str]:
    """Remove the snapshots that the policy keeps no longer, and the figures by shopper of their runs; these runs' ids.

    They go here and in the store.

    Kept are those of the live release, of every release that was live within `settings.snapshot_days`, of the newest
    run that waits for review, and of runs that ended within as many days. The run says that its snapshot is gone before
    any file goes, in the transaction for which releases queue: nobody can go back to what is about to be removed.

    Raises:
        Unavailable: when the store does not answer; what was not removed goes at the next call.
    """
    with acting(shop, actor, Permission.PUBLISH) as deed:
        old = _past_use(deed.unit, deed.at - timedelta(days=shop.settings.snapshot_days))
        for run in old:
            _mark(deed, run)
        gone = [run.id for run in deed.unit.runs.all() if PRUNED in run.facts]
    _remove(shop, gone)
    return [run.id for run in old]


def check_kept(unit: UnitOfWork, run_id: str) -> None:
    """Raise `Invalid` where the snapshot of a run is gone."""
    if PRUNED in unit.runs.get(run_id).facts:
        raise Invalid(
            "run",
            f"the snapshot of {run_id} was removed after its time; go back to the rules alone, or train again",
        )


def _past_use(unit: UnitOfWork, since: datetime) -> list[RunInfo]:
    kept = _within_reach(unit, since)
    runs = unit.runs.all()
    waiting = [run.id for run in runs if run.status == "ready"]
    kept.update(waiting[-1:])
    return [
        run
        for run in runs
        if run.id not in kept
        and PRUNED not in run.facts
        and run.status != "training"
        and (run.finished_at or run.started_at) < since
    ]


def _within_reach(unit: UnitOfWork, since: datetime) -> set[str]:
    """The runs of the releases that were live at any moment from `since` on."""
    steps: Sequence[tuple[str | None, datetime]] = unit.releases.line()
    ends = [at for _, at in steps[1:]]
    last = steps[-1:]
    reach = [run_id for (run_id, _), end in zip(steps, ends, strict=False) if end >= since]
    return {run_id for run_id in [*reach, *(run_id for run_id, _ in last)] if run_id is not None}


def _mark(deed: Deed, run: RunInfo) -> None:
    deed.unit.runs.update(replace(run, facts={**run.facts, PRUNED: deed.at.isoformat()}))
    deed.record("run.prune", run.id)


def _remove(shop: Shop, run_ids: Sequence[str]) -> None:
    for run_id in run_ids:
        shutil.rmtree(shop.settings.snapshots_dir / run_id, ignore_errors=True)
    remove_figures(shop.settings, run_ids)
    if shop.settings.store_url is not None:
        store = ObjectStore(shop.settings.store_url)
        for run_id in storing.stored(store) & set(run_ids):
            storing.discard(store, run_id)
