"""PostgreSQL is stopped as by a crash: answers go on from the last good state, and no acknowledged event is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support.endpoint import Endpoint, running_endpoint
from support.metrics import metrics
from support.postgres import StoppablePostgres
from support.tiny_shop import TinyShop, make_tiny_shop
from support.vigil import Allowed, Vigil, vigil

STALE_SECONDS = 30
"""From then on `/readyz` is 503."""


@pytest.fixture
def tiny(own_postgres: StoppablePostgres, tmp_path: Path) -> Iterator[TinyShop]:
    """A small shop on a PostgreSQL that may be stopped."""
    made = make_tiny_shop(tmp_path / "home", own_postgres.url)
    yield made
    made.shop.database.close()


def test_a_database_away_for_some_seconds(
    tiny: TinyShop, endpoint: Endpoint, own_postgres: StoppablePostgres
) -> None:
    _campaign(tiny, endpoint, own_postgres, seconds=6)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_database_away_for_a_minute(
    tiny: TinyShop, endpoint: Endpoint, own_postgres: StoppablePostgres
) -> None:
    _campaign(tiny, endpoint, own_postgres, seconds=60)


def test_a_worker_started_meanwhile_leaves_the_answers_to_the_others(
    tiny: TinyShop, own_postgres: StoppablePostgres, tmp_path: Path
) -> None:
    with (
        running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint,
        vigil(tiny, endpoint, allowed=Allowed(broken=True)) as watch,
    ):
        with watch.ledger.quiet():
            own_postgres.stop_hard()
        _until_refused(watch)
        before = {child.pid for child in psutil.Process(endpoint.process.pid).children()}
        os.kill(max(before & {line["pid"] for line in endpoint.log_lines()}), signal.SIGKILL)
        watch.until(
            lambda: {child.pid for child in psutil.Process(endpoint.process.pid).children()} - before,
            "another worker",
        )
        answers = watch.answers.total()
        watch.until(lambda: watch.answers.total() > answers + 200, "answers")
        own_postgres.start()
        watch.until(lambda: metrics(watch.endpoint)["recsys_workers"] == 2, "both workers")


def _campaign(tiny: TinyShop, endpoint: Endpoint, server: StoppablePostgres, *, seconds: float) -> None:
    with vigil(tiny, endpoint) as watch:
        failures = metrics(endpoint)["recsys_refresh_failures_total"]
        began = time.monotonic()
        with watch.ledger.quiet():
            server.stop_hard()
        _until_refused(watch)
        _until_told(watch, endpoint, failures)
        watch.last(seconds - (time.monotonic() - began))
        if time.monotonic() - began > STALE_SECONDS + 5:
            ready = endpoint.ask("/readyz", key=None)
            assert ready.status == 503
            assert "see that the database answers" in ready.json["detail"]
            assert metrics(endpoint)["recsys_overlay_age_seconds"] > STALE_SECONDS
        asked = watch.answers.total()
        watch.until(lambda: watch.answers.total() > asked + 50, "answers without a database")
        server.start()
        _until_taken(watch)
        endpoint.until_every_worker(
            lambda worker: worker.ask("/readyz", key=None).json.get("warnings") == [],
            "that all is well again",
        )
        watch.until_more(publication=1)


def _until_refused(watch: Vigil) -> None:
    refused = watch.answers["/v1/events", 503]
    watch.until(lambda: watch.answers["/v1/events", 503] > refused, "a refused event")


def _until_taken(watch: Vigil) -> None:
    taken = watch.answers["/v1/events", 202]
    watch.until(lambda: watch.answers["/v1/events", 202] > taken + 5, "events that are taken again")


def _until_told(watch: Vigil, endpoint: Endpoint, failures: float) -> None:
    endpoint.until_every_worker(
        lambda worker: "The last look for changes failed" in " ".join(_warnings(worker)), "that a look failed"
    )
    watch.until(lambda: metrics(endpoint)["recsys_refresh_failures_total"] > failures, "a counted failure")
    watch.until(lambda: metrics(endpoint)["recsys_overlay_age_seconds"] > 1, "an age that grows")
    assert [line for line in endpoint.log_lines() if line["event"] == "refresh_failed"]


def _warnings(worker: Endpoint) -> list[str]:
    ready = worker.ask("/readyz", key=None).json
    # Very slow, it may be stale by now.
    return ready.get(
        "warnings", ["The last look for changes failed" if "seconds old" in ready.get("detail", "") else ""]
    )
