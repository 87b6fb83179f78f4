"""A run from start to finish."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.batch.engine import Engine, ThisMachine
from recsys.batch.fit import Choice, choose, leaderboard
from recsys.batch.gate import Gate, check_run
from recsys.batch.measured import Measured
from recsys.batch.samples import pick_samples
from recsys.batch.snapshot import Label, write_snapshot
from recsys.data.dislikes import disliked
from recsys.data.training import TrainingData
from recsys.domain.errors import Invalid
from recsys.models.content import ItemText
from recsys.models.progress import Progress, Silent
from recsys.models.validation import Asked, ask
from recsys.snapshots.identity import hash_columns, hash_order
from recsys.snapshots.verify import verify


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What a run found and left behind; `metrics` and `facts` are plain values that JSON can hold.

    Attributes:
        run_id: as given.
        model: the name of the model behind the candidates.
        metrics: ``k``, ``decisive`` (the metric that chose), ``winner``, ``values`` (the winner's metrics by name, empty
            where nothing was measured), ``parameters`` (the winner's settings), ``models`` (best first: ``model``,
            ``values``, ``parameters``, ``over_popular`` with ``mean`` and ``standard_error`` paired by shopper), ``evaluated``, ``left_out``, ``split`` (``kind``, ``at``, ``words``).
        gate: whether the run holds against the baseline and the live run.
        facts: counts, among them ``shoppers_with_candidates``; see `_facts`.
        snapshot_folder: holds the verified snapshot.
        measured: the winner's metrics by shopper, None where nothing was measured.

    """

    run_id: str
    model: str
    metrics: dict[str, Any]
    gate: Gate
    facts: dict[str, Any]
    snapshot_folder: Path
    measured: Measured | None = field(default=None, compare=False, repr=False)


def run_batch(
    data: TrainingData,
    *,
    catalog: Sequence[ItemText] = (),
    model: str,
    folder: Path,
    run_id: str,
    identity_key: bytes,
    seed: int,
    created_at: datetime,
    live_metrics: Mapping[str, Any] | None = None,
    live_facts: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    budget: float | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    engine: Engine | None = None,
) -> BatchResult:
    """Measure the models, choose one, fit it on everything, and leave a verified snapshot.

    Args:
        data, catalog: what to learn from, and titles and tags, by which items without sales find neighbours.
        model: ``auto``, the name of a built-in model, or ``module:Class``.
        folder, run_id: where the snapshot is to stand, which must not exist yet, and the name it carries.
        identity_key: at most 64 bytes; shoppers are found by a hash of their id under this key.
        seed, created_at: of all that chance decides (equal data and seed, equal snapshot), and the moment, aware.
        live_metrics, live_facts: what the live run's `BatchResult` says, if there is one.
        budget, monotonic: seconds for the tuning of ``auto``, None for no limit, and their clock.
        progress, engine: told where the work stands, and who fits and ranks; by default this machine.

    Raises:
        Invalid: for an unknown model, one that fails, and data without any item. Conflict: where the folder exists.
        SnapshotDamaged: where the disk did not keep what was written.

    """
    watch, worker = progress or Silent(), engine or ThisMachine()
    models = worker.contenders(model)
    _require_items(data)
    watch.step("Splitting", 1)
    asked = ask(data, seed=seed)
    choice = choose(models, asked.question, seed=seed, budget=budget, progress=watch, monotonic=monotonic)
    fitted = worker.fit_all(choice.winner, data, seed=seed, progress=watch)
    label = Label(run_id, created_at, identity_key)
    counts = write_snapshot(folder, label, data, fitted, watch, catalog=catalog, blocks=worker.shopper_blocks)
    watch.step("Verifying", 1)
    verify(folder)
    watch.advance()
    metrics, facts = leaderboard(asked, choice), _facts(data, counts)
    gate = check_run(metrics, facts, live_metrics, live_facts)
    found = _measured(data, asked, choice, identity_key)
    return BatchResult(run_id, choice.winner.name, metrics, gate, facts, folder, found)


def _measured(data: TrainingData, asked: Asked, choice: Choice, identity_key: bytes) -> Measured | None:
    """The winner's metrics by shopper, under the hashes by which snapshots know them."""
    judged = next((each for each in choice.judged if each.model == choice.winner.name), None)
    if judged is None or asked.question is None or not judged.per_shopper:
        return None
    rows = asked.question.rows
    if any(len(values) != len(rows) for values in judged.per_shopper.values()):
        return None
    high, low = hash_columns(identity_key, [str(data.users.ids[row]) for row in rows])
    order = hash_order(high, low)
    values = {name: each[order].astype(np.float32) for name, each in judged.per_shopper.items()}
    return Measured(high[order], low[order], values)


def _require_items(data: TrainingData) -> None:
    if not len(data.items):
        raise Invalid("items", "There is nothing to recommend yet; import a catalog or interactions first.")


def _facts(data: TrainingData, counts: NDArray[np.int64]) -> dict[str, Any]:
    """Count shoppers and items.

    A shopper is exhausted when every item that anybody wanted is owned or disliked, and empty when that is not so and
    there are no candidates all the same.
    """
    shoppers = len(data.users)
    wanted = np.bincount(data.weights.indices, minlength=len(data.items)) > 0
    gone = (data.owned + disliked(data)).astype(np.int64)
    exhausted = int((gone @ wanted.astype(np.int64) >= wanted.sum()).sum())
    reached = int((counts > 0).sum())
    return {
        "shoppers": shoppers,
        "items": len(data.items),
        "items_without_interactions": int((~wanted).sum()),
        "interactions": len(data.events),
        "markets": len(data.markets),
        "cutoff": data.cutoff.isoformat() if data.cutoff else None,
        "shoppers_with_candidates": reached,
        "shoppers_exhausted": exhausted,
        "shoppers_empty": shoppers - reached - exhausted,
        "candidates_per_shopper": float(counts.mean()) if shoppers else 0.0,
        "sample_shoppers": pick_samples(data),
    }
