"""Our batch beside those of RecTools and LensKit, each in an environment of its own that is made for the purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from recsys.data.training import TrainingData
from recsys.evaluation import metrics

ENVIRONMENTS = {"rectools": "rectools", "lenskit": "lenskit"}
"""What pip is asked for. RecTools brings numpy below 2 and its own implicit, LensKit brings torch: neither fits beside us."""

EXTRA: Mapping[str, Mapping[str, str]] = {
    "ours": {"PYTHONPATH": str(Path(__file__).parents[1])},
    # implicit asks for this: its own threads use the cores.
    "rectools": {"OPENBLAS_NUM_THREADS": "1"},
    "lenskit": {},
}

HELD_OUT, SEED, DEPTH = 0.2, 5, 20
SCRIPT = Path(__file__).with_name("peer.py")


def beside_peers(data: TrainingData, environments: Path, names: Sequence[str]) -> dict[str, Any]:
    """Measure us and the peers on the same data, less a fifth of each shopper's items at random, by which lists are judged.

    Args:
        data: what to learn from.
        environments: a folder for the peers' environments; what stands there is used again.
        names: the peers, of `ENVIRONMENTS`.

    """
    train, held = _cut(data.owned)
    with tempfile.TemporaryDirectory(prefix="recsys-bench-") as place:
        folder = Path(place)
        user, item = train.nonzero()
        np.savez(folder / "pairs.npz", user=user.astype(np.int64), item=item.astype(np.int64))
        found = {"ours": _run("ours", Path(sys.executable), folder, held)}
        for name in names:
            found[name] = _run(name, _environment(environments / name, ENVIRONMENTS[name]), folder, held)
    return found


def _cut(owned: csr_matrix) -> tuple[csr_matrix, csr_matrix]:
    """Hold out a fifth of the pairs; the last shopper and the last item keep theirs, so that shapes agree."""
    rng = np.random.default_rng(SEED)
    user, item = owned.nonzero()
    out = (rng.random(len(user)) < HELD_OUT) & (user < owned.shape[0] - 1) & (item < owned.shape[1] - 1)
    return _matrix(user[~out], item[~out], owned.shape), _matrix(user[out], item[out], owned.shape)


def _matrix(user: NDArray[np.integer], item: NDArray[np.integer], shape: tuple[int, int]) -> csr_matrix:
    return csr_matrix((np.ones(len(user), np.float32), (user, item)), shape=shape)


def _environment(folder: Path, package: str) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", package], check=True)
    return python


def _run(name: str, python: Path, folder: Path, held: csr_matrix) -> dict[str, Any]:
    arguments = [str(python), str(SCRIPT), name, str(folder / "pairs.npz"), str(folder / "lists.npy")]
    done = subprocess.run(
        arguments, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **EXTRA[name]}
    )
    cost: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return cost | quality(np.load(folder / "lists.npy"), held)


def quality(lists: NDArray[np.int32], held: csr_matrix) -> dict[str, float]:
    """Recall and NDCG at 20 on what was held out."""
    asked = np.flatnonzero(np.diff(held.indptr) > 0)
    truth = csr_matrix(held[asked])
    truth.sort_indices()
    table = np.full((held.shape[0], DEPTH), -1, np.int32)
    table[: len(lists)] = lists[:, :DEPTH]
    hits = metrics.find_hits(table[asked], truth.indptr, truth.indices, held.shape[1])
    values = metrics.evaluate(hits, np.diff(truth.indptr), DEPTH).values
    return {name: round(values[name], 4) for name in (f"recall@{DEPTH}", f"ndcg@{DEPTH}")}
