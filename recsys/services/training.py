"""Training: a run from its first row in the table to its snapshot on disk."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from recsys.batch.engine import Engine, ThisMachine
from recsys.batch.run import BatchResult, run_batch
from recsys.data.training import TrainingData, build_training_data
from recsys.domain.errors import Conflict, Unavailable
from recsys.domain.people import Actor, Permission
from recsys.models.content import ItemText
from recsys.models.progress import Progress, Silent
from recsys.services.pruning import prune_snapshots
from recsys.services.run_figures import keep_figures
from recsys.services.runs import live_run
from recsys.services.sharing import share_snapshot, shared_interactions
from recsys.services.shop import Deed, Shop, acting
from recsys.services.taking import take_events
from recsys.spark.engine import check_spark, spark_engine
from recsys.storage.codec import encode
from recsys.storage.runs import RunInfo

_KILLED = "The process was killed before the run ended."


def start_run(
    shop: Shop,
    actor: Actor,
    *,
    model: str = "auto",
    budget: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cluster: str | None = None,
) -> RunInfo:
    """Take in the events told since the last run, train on everything stored, and leave a run for review.

    Its id is the day (UTC) and a number, “2026-11-21-01”. Runs that a killed process left behind are
    marked as failed first. `budget` is the time for trying models, in seconds (None: all are tried).
    `seed` decides everything that chance decides. `cluster`: the Spark master that trains instead of this machine.

    Raises:
        Conflict: while another run is training in this home.
        Invalid: when there is nothing to learn from, or no such model; the run is kept as failed. Without a run: where Spark,
            Java or the master is missing (fields ``engine``, ``master``), or Spark does not train the model.
    """
    actor.require(Permission.PUBLISH)
    watch = progress or Silent()
    if cluster is not None:
        check_spark(cluster, model)
    with _alone(shop.settings.home / "train.lock"):
        run = _begin(shop, actor, model)
        try:
            run = replace(run, event_revision=take_events(shop).revision)
            with _engine(shop, cluster) as engine:
                result = _train(shop, run, model, budget, seed, watch, engine)
            share_snapshot(shop.settings, result.snapshot_folder, watch)
            if result.measured is not None:
                keep_figures(shop.settings, run.id, result.measured)
        except BaseException as error:
            _finish(shop, actor, replace(run, status="failed", error=_words(error)))
            raise
        done = _finish(shop, actor, _ready(run, result))
        # The run is whole; the next one, or “recsys prune”, removes what is past its use.
        with suppress(Unavailable):
            prune_snapshots(shop, actor)
        return done


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock that the system gives back when the process ends, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict("Another run is training already; wait for its end.") from None
        yield


def _begin(shop: Shop, actor: Actor, model: str) -> RunInfo:
    with acting(shop, actor, Permission.PUBLISH) as deed:
        for dead in deed.unit.runs.with_status("training"):
            deed.unit.runs.update(replace(dead, status="failed", error=_KILLED, finished_at=deed.at))
            deed.record("run.failed", dead.id, comment=_KILLED)
        run = RunInfo(_next_id(deed, shop.settings.snapshots_dir), "training", model, deed.at, actor.name)
        deed.unit.runs.add(run)
        deed.record("run.start", run.id, after={"model": model})
        return run


def _next_id(deed: Deed, snapshots: Path) -> str:
    """The day and the first number that neither a run nor a folder has."""
    number = 1
    while True:
        run_id = f"{deed.at:%Y-%m-%d}-{number:02}"
        if not deed.unit.runs.exists(run_id) and not (snapshots / run_id).exists():
            return run_id
        number += 1


@contextmanager
def _engine(shop: Shop, cluster: str | None) -> Iterator[Engine]:
    """Who trains: the Spark cluster of a name, or this machine."""
    if cluster is None:
        yield ThisMachine()
        return
    with spark_engine(cluster, shop.settings.spark_dir) as engine:
        yield engine


def _train(
    shop: Shop,
    run: RunInfo,
    model: str,
    budget: float | None,
    seed: int,
    progress: Progress,
    engine: Engine,
) -> BatchResult:
    live = live_run(shop)
    shop.settings.snapshots_dir.mkdir(parents=True, exist_ok=True)
    catalog = _catalog(shop)
    return run_batch(
        _data(shop, catalog),
        catalog=catalog,
        model=model,
        folder=shop.settings.snapshots_dir / run.id,
        run_id=run.id,
        identity_key=shop.settings.identity_key,
        seed=seed,
        created_at=run.started_at,
        live_metrics=None if live is None else live.metrics,
        live_facts=None if live is None else live.facts,
        progress=progress,
        budget=budget,
        engine=engine,
    )


def _catalog(shop: Shop) -> list[ItemText]:
    with shop.database.read() as unit:
        return [ItemText(*each) for each in unit.items.texts()]


def _data(shop: Shop, catalog: Sequence[ItemText]) -> TrainingData:
    item_ids = (each.item_id for each in catalog)
    return build_training_data(shared_interactions(shop.settings).read(), item_ids)


def _ready(run: RunInfo, result: BatchResult) -> RunInfo:
    cutoff = result.facts.get("cutoff")
    return replace(
        run,
        status="ready",
        model=result.model,
        metrics=encode(result.metrics),
        gate=encode(result.gate),
        facts=encode(result.facts),
        cutoff=None if cutoff is None else datetime.fromisoformat(cutoff),
    )


def _finish(shop: Shop, actor: Actor, run: RunInfo) -> RunInfo:
    with acting(shop, actor, Permission.PUBLISH) as deed:
        done = replace(run, finished_at=deed.at)
        deed.unit.runs.update(done)
        after = {"model": done.model, "gate": done.gate.get("passed"), "error": done.error}
        deed.record(f"run.{done.status}", done.id, after=after, comment=done.error or "")
        return done


def _words(error: BaseException) -> str:
    return f"{error}" if str(error) else f"Stopped by {type(error).__name__}."
