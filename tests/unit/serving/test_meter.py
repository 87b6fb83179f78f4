"""What workers count adds up, whoever counted it."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from recsys.domain.ids import ItemId
from recsys.domain.slates import Placed, Reason, Source
from recsys.serving.http import HttpRequest
from recsys.serving.meter import MOST_ROUTES, Meter, shared_memory
from recsys.serving.metrics import MetricsRoute
from recsys.serving.shared import Shared

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ASK = ("GET", "/v1/recommendations")


def in_a_child(work, *, end=os._exit):
    """Run `work` in a forked process, which waits, and is killed by the function that this gives."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        work()
        os.write(tell, b"x")
        signal.pause()
        end(0)
    os.read(told, 1)

    def kill():
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    return kill


def meter_on(shared):
    meter = Meter(shared)
    meter.know([ASK])
    return meter


def metrics(meter, now=NOW):
    """Values by name and labels, read by Prometheus' own parser."""
    reply = MetricsRoute(meter, lambda: now).get(HttpRequest({}))
    assert "text/plain" in (reply.header("content-type") or "")
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def test_latencies_are_counted_by_route_and_status():
    meter = meter_on(shared_memory())
    for status, seconds in ((200, 0.0004), (200, 0.003), (200, 9.0), (503, 0.001), (418, 0.001)):
        meter.begin()
        meter.end(*ASK, status, seconds)
    meter.begin()
    meter.end("GET", "/no/such/place?user_id=ann", 404, 0.001)
    found = metrics(meter)
    labels = ("200", *sorted(ASK))
    by_bound = {
        key[1:]: value
        for key, value in found.items()
        if key[0] == "recsys_request_seconds_bucket" and "200" in key
    }
    assert [value for key, value in by_bound.items() if "0.0005" in key] == [1]
    assert [value for key, value in by_bound.items() if "+Inf" in key] == [3]
    assert found["recsys_request_seconds_count", *sorted(labels)] == 3
    assert found["recsys_request_seconds_sum", *sorted(labels)] == pytest.approx(9.0034)
    assert found["recsys_request_seconds_count", *sorted(("other", *ASK))] == 1
    assert found["recsys_request_seconds_count", *sorted(("404", "*", "(unknown)"))] == 1
    assert found["recsys_requests_in_flight",] == 0
    assert not [key for key in found if any("ann" in str(part) for part in key)]


def test_what_was_served_and_told_is_counted():
    meter = meter_on(shared_memory())

    def placed(source):
        return Placed(ItemId("i"), 1, source, Reason("why"))

    meter.served([placed(Source.PIN), placed(Source.MODEL), placed(Source.MODEL)])
    meter.served([placed(Source.MODEL), placed(Source.FALLBACK), placed(Source.FALLBACK)])
    meter.told([("accepted", 3), ("repeated", 1), ("refused", 2)])
    meter.shed()
    found = metrics(meter)
    assert {source: found["recsys_items_served_total", source] for source in ("pin", "theme", "model")} == {
        "pin": 1,
        "theme": 0,
        "model": 3,
    }
    assert found["recsys_answers_total",] == 2
    assert found["recsys_answers_with_fallback_total",] == 1
    assert [found["recsys_events_total", fate] for fate in ("accepted", "repeated", "refused")] == [3, 1, 2]
    assert found["recsys_requests_shed_total",] == 1


def test_ages_are_those_of_the_worker_that_is_furthest_behind():
    shared, now = shared_memory(), NOW.timestamp()
    kill = in_a_child(lambda: meter_on(shared).refreshed(7, now - 500, now - 40))
    meter = meter_on(shared)
    meter.refreshed(8, now - 100, now - 1)
    found = metrics(meter)
    assert (found["recsys_workers",], found["recsys_release_number",]) == (2, 7)
    assert (found["recsys_release_age_seconds",], found["recsys_overlay_age_seconds",]) == (500, 40)
    kill()
    found = metrics(meter)
    assert (found["recsys_workers",], found["recsys_release_number",]) == (1, 8)
    assert found["recsys_overlay_age_seconds",] == 1


def test_before_the_first_release_there_is_no_age_to_tell():
    found = metrics(meter_on(shared_memory()))
    assert ("recsys_release_number",) not in found
    assert ("recsys_overlay_age_seconds",) not in found


def test_counters_outlive_a_worker_that_is_killed_and_gauges_do_not():
    shared = shared_memory()

    def work():
        meter = meter_on(shared)
        meter.begin()
        meter.begin()
        meter.end(*ASK, 200, 0.001)

    kill = in_a_child(work)
    meter = meter_on(shared)
    assert metrics(meter)["recsys_requests_in_flight",] == 1
    kill()
    assert metrics(meter)["recsys_requests_in_flight",] == 0
    again = in_a_child(work)
    found = metrics(meter)
    assert found["recsys_request_seconds_count", *sorted(("200", *ASK))] == 2
    assert (found["recsys_requests_in_flight",], found["recsys_workers",]) == (1, 2)
    again()


def test_a_share_belongs_to_one_process_at_a_time():
    shared = Shared(common=1, own=2)

    def work():
        shared.claim()[0] = 5.0
        shared.common[0] = 7.0

    kill = in_a_child(work)
    own = shared.claim()
    assert own[0] == 0.0
    assert shared.common[0] == 7.0
    assert sorted(each[0] for each in shared.living()) == [0.0, 5.0]
    kill()
    assert [each[0] for each in shared.living()] == [0.0]
    assert sum(each[0] for each in shared.all()) == 5.0


def test_more_routes_than_there_is_room_for_are_told_at_the_start():
    with pytest.raises(ValueError, match="MOST_ROUTES"):
        Meter(shared_memory()).know([("GET", f"/{number}") for number in range(MOST_ROUTES)])
