"""What Prometheus reads is the sum over all workers, and names nobody."""

from __future__ import annotations

import time

from prometheus_client.parser import text_string_to_metric_families

from recsys.domain.people import OPERATOR
from recsys.services.keys import add_key


def metrics(served):
    reply = served.endpoint.ask("/metrics", key=None)
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.body.decode())
        for sample in family.samples
    }


def asked(found):
    labels = (("method", "GET"), ("route", "/v1/recommendations"), ("status", "200"))
    return found.get(("recsys_request_seconds_count", *labels), 0)


def test_whoever_answers_the_counts_are_those_of_all_workers(served):
    before = metrics(served)
    for _ in range(40):
        served.endpoint.recommend(user_id="ann")
    after = metrics(served)
    assert asked(after) == asked(before) + 40
    assert after["recsys_answers_total",] == before["recsys_answers_total",] + 40
    assert after["recsys_workers",] == 2
    pids = {line["pid"] for line in served.endpoint.log_lines() if line.get("path") == "/v1/recommendations"}
    assert len(pids) == 2


def test_the_release_and_how_fresh_the_workers_are_is_told(served):
    found = metrics(served)
    assert found["recsys_release_number",] == served.tiny.curated_release
    assert found["recsys_release_age_seconds",] > 0
    assert 0 <= found["recsys_overlay_age_seconds",] < 30
    assert found["recsys_refresh_failures_total",] == 0


def test_no_shopper_and_no_key_is_in_the_metrics(served):
    served.endpoint.recommend(user_id="a-shopper-with-a-name")
    served.endpoint.ask("/v1/a-shopper-with-a-name")
    served.endpoint.ask("/v1/recommendations/a-shopper-with-a-name", key="rk_a-shopper-with-a-name")
    text = served.endpoint.ask("/metrics", key=None).body.decode()
    assert "a-shopper-with-a-name" not in text
    assert served.tiny.keys.read not in text


def test_a_rate_limit_holds_over_all_workers(served):
    text, _ = add_key(served.tiny.shop, OPERATOR, "slow", ["events"], rate_limit=5)

    def statuses():
        return [served.endpoint.ask("/v1/events", method="POST", key=text, body={}).status for _ in range(20)]

    deadline, seen = time.monotonic() + 20, statuses()
    while 401 in seen[-20:]:
        assert time.monotonic() < deadline
        seen += statuses()
    # The bucket holds five, and one flows in every twelve seconds; were it one a worker, there would be ten.
    assert 5 <= seen.count(400) <= 7
    assert seen[-10:].count(429) >= 9
