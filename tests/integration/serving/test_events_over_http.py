"""Events as storefronts send them, to real workers on both databases."""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select
from support.crowd import crowd
from support.endpoint import running_endpoint
from support.tiny_shop import PINNED, make_tiny_shop

from recsys.storage.engine import make_engine
from recsys.storage.tables import EventRow

NUMBERS = itertools.count(1)


def an_event(kind="view", item_id="i05", **more):
    who = {} if {"user_id", "session_id"} & set(more) else {"user_id": "bob"}
    return {"event_id": f"e{next(NUMBERS)}", "type": kind, "item_id": item_id, **who, **more}


def post(endpoint, key, *events, body=None):
    body = {"events": list(events)} if body is None else body
    headers = {"Content-Type": "application/json"}
    return endpoint.ask("/v1/events", method="POST", key=key, body=body, headers=headers)


def send(served, *events, body=None):
    return post(served.endpoint, served.tiny.keys.events, *events, body=body)


def fates(reply):
    assert reply.status == 202, reply.body
    return [each["fate"] for each in reply.json["events"]]


def stored(url, *names):
    engine = make_engine(url)
    with engine.connect() as connection:
        wanted = EventRow.event_id.in_(names)
        found = connection.scalar(select(func.count()).select_from(EventRow).where(wanted))
    engine.dispose()
    return found


def test_every_event_has_a_fate_of_its_own(served):
    first, second, odd = an_event(), an_event("purchase", quantity=2, value=7.5), an_event("stare")
    reply = send(served, first, odd, second, first)
    assert fates(reply) == ["accepted", "refused", "accepted", "repeated"]
    assert [each["event_id"] for each in reply.json["events"]] == [
        each["event_id"] for each in (first, odd, second, first)
    ]
    assert reply.json["events"][1]["errors"][0]["field"] == "type"
    assert {name: reply.json[name] for name in ("accepted", "repeated", "refused")} == {
        "accepted": 2,
        "repeated": 1,
        "refused": 1,
    }
    assert fates(send(served, second, an_event())) == ["repeated", "accepted"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_id": ""}, "event_id"),
        ({"event_id": None}, "event_id"),
        ({"event_id": "a\u0007b"}, "event_id"),
        ({"item_id": "x" * 129}, "item_id"),
        ({"item_id": "ö" * 100}, "item_id"),
        ({"type": "undo"}, "type"),
        ({"user_id": None}, "user_id"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": "1969-12-31T00:00:00Z"}, "timestamp"),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "timestamp"),
        ({"recommendation_id": "made-up"}, "recommendation_id"),
        ({"recommendation_id": "x" * 201}, "recommendation_id"),
        ({"position": 0}, "position"),
        ({"position": "first"}, "position"),
        ({"quantity": -1}, "quantity"),
        ({"value": "much"}, "value"),
        ({"reason": "a\u0000b"}, "reason"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_event_that_cannot_be_used_is_refused_by_its_field(served, change, field):
    reply = send(served, {**an_event(), **change}, an_event())
    assert fates(reply) == ["refused", "accepted"]
    assert field in {error["field"] for error in reply.json["events"][0]["errors"]}
    assert all(error["message"] for error in reply.json["events"][0]["errors"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"events": []},
        {"events": {}},
        [],
        {"events": [{}] * 1001},
        {"events": [], "more": 1},
        b"{",
        b"\xff",
    ],
)
def test_a_body_that_is_none_is_refused_whole(served, body):
    assert send(served, body=body).status == 400


@pytest.mark.parametrize("odd", [5, None, [], "event", {"event_id": 5}])
def test_what_is_no_event_is_refused_by_itself(served, odd):
    reply = send(served, odd, an_event())
    assert fates(reply) == ["refused", "accepted"]
    assert reply.json["events"][0]["event_id"] is None


def test_a_thousand_events_come_at_once(served):
    events = [an_event() for _ in range(1000)]
    assert set(fates(send(served, *events))) == {"accepted"}
    assert stored(served.tiny.settings.database_url, *(each["event_id"] for each in events)) == 1000


def test_what_is_acknowledged_is_stored_whoever_answers_first(served):
    shared, answers = [an_event() for _ in range(20)], []
    threads = [
        threading.Thread(target=lambda: answers.append(fates(send(served, *shared)))) for _ in range(4)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(fate for answer in answers for fate in answer) == ["accepted"] * 20 + ["repeated"] * 60


def test_an_event_keeps_the_answer_that_it_follows(served):
    slate = served.endpoint.recommend(user_id="bob").json
    shown = slate["items"][2]
    tied = an_event(
        "click", shown["item_id"], recommendation_id=slate["recommendation_id"], position=shown["position"]
    )
    assert fates(send(served, tied)) == ["accepted"]
    with served.tiny.shop.database.read() as unit:
        row = unit.session.scalars(select(EventRow).where(EventRow.event_id == tied["event_id"])).one()
        assert (row.recommendation_id, row.position) == (slate["recommendation_id"], 3)


def test_a_clock_that_runs_fast_does_not_hold_an_item_back(served):
    ahead = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    who = {"session_id": "fast"}
    send(served, an_event("dislike", PINNED, timestamp=ahead, **who), an_event("undislike", PINNED, **who))
    with served.tiny.shop.database.read() as unit:
        assert ("fast", PINNED) not in unit.shoppers.dislikes("session")


def test_only_the_scope_events_may_send_them(served):
    assert post(served.endpoint, served.tiny.keys.read, an_event()).status == 403
    assert post(served.endpoint, served.tiny.keys.admin, an_event()).status == 202


@pytest.mark.parametrize("who", [{"user_id": "ann"}, {"session_id": "visitor"}])
def test_a_disliked_item_is_out_of_every_answer_within_a_second_and_back_when_undone(served, who):
    with crowd(served.endpoint, **who) as shoppers:
        assert all(PINNED in reply.item_ids for reply in shoppers.watch())
        shoppers.a_second_after(
            lambda: send(served, an_event("dislike", PINNED, **who)),
            lambda reply: PINNED not in reply.item_ids,
        )
        everywhere = served.endpoint.recommend_everywhere(limit=100, **who)
        assert [PINNED in reply.item_ids for reply in everywhere] == [False, False]
        assert PINNED in served.endpoint.recommend(user_id="cleo").item_ids
        shoppers.a_second_after(
            lambda: send(served, an_event("undislike", PINNED, **who)),
            lambda reply: PINNED in reply.item_ids,
        )


def test_a_purchase_is_owned_in_every_answer_within_a_second(served):
    bought = served.endpoint.recommend(user_id="eve").item_ids[0]
    with crowd(served.endpoint, user_id="eve") as shoppers:
        shoppers.a_second_after(
            lambda: send(served, an_event("purchase", bought, user_id="eve", value=3)),
            lambda reply: bought not in reply.item_ids,
        )


def test_a_dislike_survives_a_restart(tmp_path, database_url):
    tiny = make_tiny_shop(tmp_path, database_url)
    for number in range(2):
        with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint:
            if number == 0:
                assert PINNED in endpoint.recommend(session_id="s").item_ids
                reply = post(endpoint, tiny.keys.events, an_event("dislike", PINNED, session_id="s"))
                assert fates(reply) == ["accepted"]
            else:
                assert PINNED not in endpoint.recommend(session_id="s").item_ids
                assert PINNED in endpoint.recommend(session_id="t").item_ids
    tiny.shop.database.close()


def test_when_the_disk_is_full_events_are_refused_whole_and_answers_go_on(tmp_path, sqlite_url):
    tiny = make_tiny_shop(tmp_path, sqlite_url)
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read, workers=1) as endpoint:
        worker = next(line["pid"] for line in endpoint.log_lines() if line.get("path") == "/readyz")
        events = [an_event(reason="x" * 150) for _ in range(1000)]
        before = resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        reply = post(endpoint, tiny.keys.events, *events)
        assert reply.status == 503
        assert int(reply.headers["retry-after"]) > 0
        assert reply.headers["content-type"] == "application/problem+json"
        assert stored(sqlite_url, *(each["event_id"] for each in events)) == 0
        assert endpoint.recommend(user_id="ann").status == 200
        resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
        assert set(fates(post(endpoint, tiny.keys.events, *events))) == {"accepted"}
    tiny.shop.database.close()


def test_while_the_database_is_away_events_are_refused_and_answers_go_on(tmp_path, postgres, postgres_url):
    tiny = make_tiny_shop(tmp_path, postgres_url)
    name = urlsplit(postgres_url).path.strip("/")
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint:
        kept = an_event("dislike", PINNED, user_id="ann")
        assert fates(post(endpoint, tiny.keys.events, kept)) == ["accepted"]
        endpoint.until_every_worker(
            lambda worker: PINNED not in worker.recommend(user_id="ann").item_ids, "the dislike"
        )
        postgres.execute("ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        lost = an_event()
        reply = post(endpoint, tiny.keys.events, lost)
        assert reply.status == 503
        assert int(reply.headers["retry-after"]) > 0
        assert PINNED not in endpoint.recommend(user_id="ann").item_ids
        postgres.execute("ALTER DATABASE {} ALLOW_CONNECTIONS true", name)
        assert fates(post(endpoint, tiny.keys.events, kept, lost)) == ["repeated", "accepted"]
    tiny.shop.database.close()


_BURST = """
import http.client, json, sys
port, key, acknowledged = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "w")
for number in range(100000):
    names = [f"burst-{number}-{each}" for each in range(5)]
    events = [{"event_id": n, "type": "view", "item_id": "i05", "user_id": "bob"} for n in names]
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("POST", "/v1/events", json.dumps({"events": events}),
                           {"X-API-Key": key, "Content-Type": "application/json"})
        if connection.getresponse().status == 202:
            acknowledged.write("\\n".join(names) + "\\n")
            acknowledged.flush()
    except (OSError, http.client.HTTPException):
        if number > 50:
            break
"""


def test_no_acknowledged_event_is_lost_when_the_server_is_killed(tmp_path, database_url):
    tiny, noted = make_tiny_shop(tmp_path, database_url), tmp_path / "acknowledged"
    with running_endpoint(tiny.environment, tmp_path, key=tiny.keys.read) as endpoint:
        arguments = [sys.executable, "-c", _BURST, str(endpoint.port), tiny.keys.events, str(noted)]
        client = subprocess.Popen(arguments)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (noted.exists() and noted.stat().st_size > 5_000):
            time.sleep(0.02)
        pids = {line["pid"] for line in endpoint.log_lines()}
        endpoint.process.kill()
        for pid in pids:
            subprocess.run(["kill", "-9", str(pid)], check=False)
        client.terminate()
        client.wait()
    names = noted.read_text().split()
    assert len(names) > 100
    assert stored(database_url, *names) == len(names)
    tiny.shop.database.close()


def test_no_shoppers_id_is_in_the_log(served):
    send(
        served, an_event(user_id="shopper-with-a-name", event_id="named"), {"user_id": "shopper-with-a-name"}
    )
    text = json.dumps(served.endpoint.log_lines())
    assert "shopper-with-a-name" not in text
    assert any(line.get("path") == "/v1/events" for line in served.endpoint.log_lines())
