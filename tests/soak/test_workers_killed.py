"""A worker killed every second: a client that asks once more when its connection breaks notices nothing else."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.endpoint import Endpoint, running_endpoint
from support.metrics import metrics
from support.tiny_shop import TinyShop
from support.vigil import Allowed, vigil

WORKERS = 3
"""With two, a second kill may come before the first worker is back, and then nobody listens."""


@pytest.fixture
def endpoint(tiny: TinyShop, tmp_path: Path) -> Iterator[Endpoint]:
    """Serve the shop with one worker more than may be away at once."""
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=WORKERS) as running:
        yield running


def test_a_few_killed_workers_are_not_noticed(tiny: TinyShop, endpoint: Endpoint) -> None:
    _campaign(tiny, endpoint, kills=6, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_minute_of_killed_workers_is_not_noticed(tiny: TinyShop, endpoint: Endpoint) -> None:
    _campaign(tiny, endpoint, kills=60, seed=2)


def _campaign(tiny: TinyShop, endpoint: Endpoint, *, kills: int, seed: int) -> None:
    chance, killed = random.Random(seed), set()
    with vigil(tiny, endpoint, allowed=Allowed(broken=True)) as watch:
        for _ in range(kills):
            living = sorted(_workers(endpoint) - killed)
            if len(living) > 1:
                victim = chance.choice(living)
                os.kill(victim, signal.SIGKILL)
                killed.add(victim)
            watch.last(1)
        watch.until(
            lambda: metrics(watch.endpoint)["recsys_workers"] == endpoint.workers, "all workers again"
        )
    assert len(killed) >= kills // 2
    assert watch.endpoint.broken["connections"] > 0 or kills < 60


def _workers(endpoint: Endpoint) -> set[int]:
    """The processes that answer: children of the server that have named themselves in the log."""
    named = {line["pid"] for line in endpoint.log_lines() if "pid" in line}
    children = {child.pid for child in psutil.Process(endpoint.process.pid).children()}
    return children & named
